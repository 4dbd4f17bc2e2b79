// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/letterbox.hpp>

namespace lamina::augment {

/// To a size with the aspect kept: enlarged or shrunk until it fits, in the middle, the rest filled with border_value,
/// of the mask with 0. lamina::letterboxed and a placement; `letterbox_placement` undoes it.
struct letterbox {
  static constexpr std::string_view name = "AugLetterbox";
  static constexpr bool deterministic = true;

  image_size size;
  float border_value = 0;
  interpolation interp = interpolation::linear;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("size", self.size, required);
    field("border_value", self.border_value, optional);
    field("interp", self.interp, shown);
    field("gt_interp", self.gt_interp, shown);
  }
  void operator()(canvas& c, random_stream&) const {
    const letterbox_placement placement(c.size(), size);
    c.resize(placement.inside, interp, gt_interp);
    const affine_map shifted{{1, 0, -static_cast<double>(placement.left), 0, 1, -static_cast<double>(placement.top)}};
    const auto whole_pixels = [](float value) { return sampling{interpolation::nearest, border::constant, value}; };
    if (placement.inside != size) c.warp(shifted, size, whole_pixels(border_value), whole_pixels(0));
  }
};

}  // namespace lamina::augment
