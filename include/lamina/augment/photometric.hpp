// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Functions of a single value. Each becomes a table of 256 entries, or a part of one.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <cmath>

namespace lamina::augment {

/// y = 255 · (v / 255)^γ; where floats were made of the bytes, with what 255 has become in its place.
struct gamma_contrast {
  static constexpr std::string_view name = "AugGammaContrast";

  range gamma;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("gamma", self.gamma, required, not_negative);
  }
  void operator()(canvas& c, random_stream& random) const {
    const double exponent = gamma.draw(random), white = c.white();
    c.map_pixels([=](float v) { return static_cast<float>(white * std::pow(std::max(0.0, v / white), exponent)); });
  }
};

/// y = v + β.
struct brightness {
  static constexpr std::string_view name = "AugBrightness";

  range beta;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("beta", self.beta, required);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float added = beta.draw(random);
    c.map_pixels([=](float v) { return v + added; });
  }
};

}  // namespace lamina::augment
