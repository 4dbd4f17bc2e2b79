// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Flips, each with probability p: done if u ≤ p for a u that is uniform on [0, 1).
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

namespace lamina::augment {

/// Left becomes right.
struct mirror {
  static constexpr std::string_view name = "AugMirror";

  float p = 0.5f;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, shown, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    if (random.uniform() <= p) c.apply({pixel_move::kind::mirror});
  }
};

/// Up becomes down.
struct flip {
  static constexpr std::string_view name = "AugFlip";

  float p = 0.5f;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, shown, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    if (random.uniform() <= p) c.apply({pixel_move::kind::flip});
  }
};

/// Rows become columns.
struct transpose {
  static constexpr std::string_view name = "AugTranspose";

  float p = 0.5f;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, shown, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    if (random.uniform() <= p) c.apply({pixel_move::kind::transpose});
  }
};

}  // namespace lamina::augment
