// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/augment/sampling_fields.hpp>
#include <lamina/image/homography.hpp>

#include <cmath>
#include <numbers>

namespace lamina::augment {

/// Turned, enlarged, sheared and shifted in one warp, about the picture's middle. The size stays.
///
///     affine{.angle = {-180, 180}, .scale = {0.8f, 1.25f}, .shear = {-5, 5}, .translate = {-0.05f, 0.05f}}
struct affine {
  static constexpr std::string_view name = "AugAffine";

  range angle{0, 0};      // degrees, clockwise on the screen
  range scale{1, 1};      // above 1 enlarges
  range shear{0, 0};      // degrees that vertical lines are tilted by, towards the right
  range translate{0, 0};  // along x in widths and along y in heights of the picture, drawn for each
  interpolation interp = interpolation::linear;
  border border_type = border::constant;
  float border_value = 0;                            // of the image
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("angle", self.angle, optional);
    field("scale", self.scale, optional, positive);
    field("shear", self.shear, optional, {-80, 80});
    field("translate", self.translate, optional);
    sampling_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    constexpr double radian = std::numbers::pi / 180;
    const image_size size = c.size();
    const double turn = angle.draw(random) * radian, factor = scale.draw(random);
    const double tilt = std::tan(shear.draw(random) * radian);
    const double shift_x = translate.draw(random) * static_cast<double>(size.width);
    const double shift_y = translate.draw(random) * static_cast<double>(size.height);
    const double x = static_cast<double>(size.width - 1) / 2, y = static_cast<double>(size.height - 1) / 2;
    // Where a pixel goes: scaled, sheared, turned about (x, y), shifted.
    const double cos = factor * std::cos(turn), sin = factor * std::sin(turn);
    const double a = cos, b = -cos * tilt - sin, d = sin, e = -sin * tilt + cos;
    const affine_map forward{{a, b, x + shift_x - a * x - b * y, d, e, y + shift_y - d * x - e * y}};
    c.warp(forward.inverse(), size, image_sampling(*this), mask_sampling(*this));
  }
};

/// Seen from another side: each of the picture's corners is looked up at a place that is shifted along x and y by up to
/// a share s of width and height, s drawn from `scale`, each uniform on (−s, s). The size stays.
struct perspective {
  static constexpr std::string_view name = "AugPerspective";

  range scale;
  interpolation interp = interpolation::linear;
  border border_type = border::constant;
  float border_value = 0;                            // of the image
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("scale", self.scale, required, {0, 0.24});  // beyond, corners could meet
    sampling_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float most = scale.draw(random);
    const image_size size = c.size();
    const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
    const std::array<point, 4> corners{{{0, 0}, {width, 0}, {width, height}, {0, height}}};
    std::array<point, 4> shifted = corners;
    for (point& p : shifted) {
      p.x += random.uniform(-most, most) * width;
      p.y += random.uniform(-most, most) * height;
    }
    c.warp(homography(corners, shifted), size, image_sampling(*this), mask_sampling(*this));
  }
};

}  // namespace lamina::augment
