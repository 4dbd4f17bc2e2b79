// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <algorithm>
#include <cmath>

namespace lamina::augment {

/// Where a picture lies in a frame of another aspect: enlarged or shrunk until it just fits, in the middle.
struct letterbox_placement {
  image_size picture, frame;
  image_size inside{};        // the picture's size in the frame
  index_t left = 0, top = 0;  // its upper left corner there

  letterbox_placement(image_size of_picture, image_size of_frame) : picture(of_picture), frame(of_frame) {
    const auto ratio = [](index_t to, index_t from) { return static_cast<double>(to) / static_cast<double>(from); };
    const double scale = std::min(ratio(frame.width, picture.width), ratio(frame.height, picture.height));
    const auto scaled = [scale](index_t extent, index_t most) {
      return std::clamp<index_t>(std::lround(scale * static_cast<double>(extent)), 1, most);
    };
    inside = {scaled(picture.width, frame.width), scaled(picture.height, frame.height)};
    left = (frame.width - inside.width) / 2;
    top = (frame.height - inside.height) / 2;
  }

  /// The part of a frame that shows the picture, a place inside x.
  ///   x  [N,frame.height,frame.width,C]; throws `error` on another size
  template <class T>
  view<T> part(view<T> x) const {
    require(x.extents().h == frame.height && x.extents().w == frame.width, "letterbox_placement: x ", x.extents(),
            " is not a frame of ", frame);
    return pixel_move{pixel_move::kind::crop, left, top, inside}(x);
  }
  /// What was made in the frame, such as a predicted mask, at the picture's own size.
  ///   x  [N,frame.height,frame.width,C]
  /// Returns [N,picture.height,picture.width,C]. Throws `error` on another size.
  template <class T>
  tensor<std::remove_const_t<T>> undo(view<T> x, interpolation method = interpolation::nearest) const {
    return resized(part(x), method, picture.height, picture.width);
  }
};

/// To a size with the aspect kept: enlarged or shrunk until it fits, in the middle, the rest filled with border_value,
/// of the mask with 0. `letterbox_placement` tells where, and undoes it.
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
