// lamina::image · SPDX-License-Identifier: Apache-2.0
// Pictures in a frame of another aspect.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/image_size.hpp>
#include <lamina/image/resize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace lamina {

/// Where a picture lies in a frame of another aspect: enlarged or shrunk until it just fits, in the middle.
struct letterbox_placement {
  image_size picture, frame;
  image_size inside{};        // the picture's size in the frame
  index_t left = 0, top = 0;  // its upper left corner there

  /// Throws `error` when an extent is not positive.
  letterbox_placement(image_size of_picture, image_size of_frame) : picture(of_picture), frame(of_frame) {
    require(std::min({picture.width, picture.height, frame.width, frame.height}) > 0, "letterbox_placement: ", picture,
            " pixels in a frame of ", frame, "; expected positive extents");
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
    const shape& e = x.extents();
    require(e.h == frame.height && e.w == frame.width, "letterbox_placement: x ", e, " is not a frame of ", frame);
    return {x.pixel(0, top, left), {e.n, inside.height, inside.width, e.c}, x.image_stride(), x.row_stride(),
            x.pixel_stride()};
  }
  /// What was made in the frame, such as a predicted mask, at the picture's own size.
  ///   x  [N,frame.height,frame.width,C]
  /// Returns [N,picture.height,picture.width,C]. Throws `error` on another size.
  template <class T>
  tensor<std::remove_const_t<T>> undo(view<T> x, interpolation method = interpolation::nearest) const {
    return resized(part(x), method, picture.height, picture.width);
  }
};

/// x in such a frame, resized by `method`; what lies around it has one value.
///   x  [N,H,W,C], not empty
/// Returns [N,frame.height,frame.width,C]. Throws `error` when an extent is not positive.
inline tensor<std::uint8_t> letterboxed(cpu_context& ctx, view<const std::uint8_t> x, image_size frame,
                                        interpolation method, float around = 0) {
  const auto [N, H, W, C] = x.extents();
  const letterbox_placement placement({W, H}, frame);
  tensor<std::uint8_t> y({N, frame.height, frame.width, C}, uninitialized);
  y.fill(saturate_cast<std::uint8_t>(around));
  resize(ctx, x, method, placement.part(y.view()));
  return y;
}

}  // namespace lamina
