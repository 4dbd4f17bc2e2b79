// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/augment/place.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina::augment {

class augmentation;

/// Changes a picture, by numbers from the stream alone; called by several threads at once.
template <class A>
concept step = requires(const A& op, canvas& c, random_stream& random) {
  op(c, random);
};

/// Holds further augmentations and decides which of them change the picture.
template <class A>
concept container = requires(const A& op, canvas& c, const node_place& at) {
  op(c, at);
  std::as_const(op.children).begin();
};

/// Any augmentation or container: those of this library, and any type of yours with the right call,
///
///     struct invert {
///       void operator()(augment::canvas& c, random_stream&) const {
///         c.map_pixels([](float v) { return 255 - v; });
///       }
///     };
///     const augment::recipe r(augment::sequential{augment::mirror{}, invert{}});
///
/// A function that it gives to `map_pixels` captures by value: it may be called after the step.
/// Immutable, and cheap to copy.
class augmentation {
 public:
  /// Throws `error` when a parameter is out of its limits.
  template <class A>
    requires(!std::same_as<A, augmentation> && (step<A> || container<A>))
  augmentation(A op) {
    if constexpr (described<A>) check_parameters(op);
    self_ = std::make_shared<const model<A>>(std::move(op));
  }

  void apply(canvas& c, const node_place& at) const { self_->apply(c, at); }

  /// How many numbers it takes in the walk through a recipe: its own and those of all its descendants.
  std::uint32_t nodes() const { return self_->nodes; }
  /// Of a container; nullptr for others.
  const std::vector<augmentation>* children() const { return self_->children(); }
  /// Name and parameters; nothing for a type that doesn't describe itself.
  std::optional<std::string> line() const { return self_->line(); }
  /// Whether it makes of the same picture always the same bytes: `static constexpr bool deterministic = true`.
  bool deterministic() const { return self_->deterministic(); }
  /// The object itself when it is an A, else nullptr.
  template <class A>
  const A* as() const {
    const auto* own = dynamic_cast<const model<A>*>(self_.get());
    return own == nullptr ? nullptr : &own->op;
  }

 private:
  struct base {
    virtual ~base() = default;
    virtual void apply(canvas& c, const node_place& at) const = 0;
    virtual const std::vector<augmentation>* children() const = 0;
    virtual std::optional<std::string> line() const = 0;
    virtual bool deterministic() const = 0;
    std::uint32_t nodes = 1;
  };
  template <class A>
  struct model final : base {
    A op;

    explicit model(A given) : op(std::move(given)) {
      if constexpr (container<A>)
        for (const augmentation& child : op.children) base::nodes += child.nodes();
    }
    void apply(canvas& c, const node_place& at) const override {
      if constexpr (container<A>) {
        op(c, at);
      } else {
        random_stream random = at.stream();
        op(c, random);
      }
    }
    const std::vector<augmentation>* children() const override {
      if constexpr (container<A>)
        return &op.children;
      else
        return nullptr;
    }
    std::optional<std::string> line() const override {
      if constexpr (described<A>)
        return line_of(op);
      else
        return std::nullopt;
    }
    bool deterministic() const override {
      if constexpr (requires { A::deterministic; })
        return A::deterministic;
      else
        return false;
    }
  };

  std::shared_ptr<const base> self_;
};

}  // namespace lamina::augment
