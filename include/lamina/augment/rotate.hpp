// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <optional>

namespace lamina::augment {

/// Turned about a point, clockwise on the screen for positive angles, and enlarged. The size stays; what comes from
/// outside is 0.
///
///     rotate{{-180, 180}}
struct rotate {
  static constexpr std::string_view name = "AugRotate";

  range angle;                                   // degrees
  std::optional<std::array<float, 2>> center{};  // x, y in pixels; absent: (W/2, H/2)
  float scale = 1;
  interpolation interp = interpolation::linear;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("angle", self.angle, required);
    field("center", self.center, optional);
    field("scale", self.scale, optional, positive);
    field("interp", self.interp, optional);
    field("gt_interp", self.gt_interp, optional);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float degrees = angle.draw(random);
    const image_size size = c.size();
    const point about = center ? point{(*center)[0], (*center)[1]}
                               : point{static_cast<double>(size.width) / 2, static_cast<double>(size.height) / 2};
    c.warp(rotation_map(about, degrees, scale), size, {.method = interp}, {.method = gt_interp});
  }
};

}  // namespace lamina::augment
