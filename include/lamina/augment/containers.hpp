// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/augmentation.hpp>

#include <initializer_list>
#include <limits>
#include <vector>

namespace lamina::augment {

/// All children, in order.
struct sequential {
  static constexpr std::string_view name = "SequentialAugmentationContainer";

  std::vector<augmentation> children;

  sequential() = default;
  sequential(std::initializer_list<augmentation> steps) : children(steps) {}
  explicit sequential(std::vector<augmentation> steps) : children(std::move(steps)) {}

  template <class Self, class Field>
  static void fields(Self&, Field&&) {}

  void operator()(canvas& c, const node_place& at) const {
    std::uint32_t position = at.position + 1;
    for (const augmentation& child : children) {
      child.apply(c, {at.sample, position});
      position += child.nodes();
    }
  }
};

/// With probability p one child, each with the same chance; else nothing.
///
///     one_of{.p = .5f, .children = {brightness{{-30, 30}}, gamma_contrast{{.7, 1.4}}}}
struct one_of {
  static constexpr std::string_view name = "OneOfAugmentationContainer";

  float p = std::numeric_limits<float>::quiet_NaN();  // must be given
  std::vector<augmentation> children{};

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, required, probability);
  }
  void check() const { require(!children.empty(), name, " has no child to choose"); }

  void operator()(canvas& c, const node_place& at) const {
    random_stream random = at.stream();
    const bool applied = random.uniform() <= p;
    const std::uint32_t chosen = random.below(static_cast<std::uint32_t>(children.size()));
    if (!applied) return;
    std::uint32_t position = at.position + 1;
    for (std::uint32_t i = 0; i < chosen; ++i) position += children[i].nodes();
    children[chosen].apply(c, {at.sample, position});
  }
};

}  // namespace lamina::augment
