// lamina::image · SPDX-License-Identifier: Apache-2.0
// Erosion, dilation, opening and closing of masks and grey pictures, equal to OpenCV's cv::erode, cv::dilate and
// cv::morphologyEx.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/morphology.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

enum class element_shape {
  rectangle,
  cross,   // the row and the column through the anchor
  ellipse  // inscribed in the rectangle, as OpenCV draws it
};

/// The neighbours that erosion and dilation look at: a shape in height × width pixels about the anchor (height / 2,
/// width / 2). cv::getStructuringElement's.
struct structuring_element {
  element_shape shape = element_shape::rectangle;
  index_t height = 3, width = 3;

  /// The ellipse of 2·radius + 1 pixels each way.
  static structuring_element disk(index_t radius) {
    return {element_shape::ellipse, 2 * radius + 1, 2 * radius + 1};
  }
};

namespace detail {

/// A part of a structuring element, in its rows and columns.
struct element_part {
  index_t top, left, height, width;
};

/// Rectangles that together cover the element and nothing else: extremes over a rectangle need few passes.
inline std::vector<element_part> rectangles_of(const structuring_element& e) {
  const index_t H = e.height, W = e.width;
  if (e.shape == element_shape::rectangle || (H == 1 && W == 1)) return {{0, 0, H, W}};
  if (e.shape == element_shape::cross) return {{H / 2, 0, 1, W}, {0, W / 2, H, 1}};
  std::vector<element_part> parts;
  const index_t ry = H / 2, rx = W / 2;
  const double per_square = ry > 0 ? 1 / static_cast<double>(ry * ry) : 0;
  index_t widest = -1;  // of the rows further from the middle
  for (index_t dy = ry; dy >= 0; --dy) {
    const double share = std::sqrt(static_cast<double>(ry * ry - dy * dy) * per_square);
    const auto dx = static_cast<index_t>(std::nearbyint(static_cast<double>(rx) * share));
    if (dx == widest) continue;
    widest = dx;
    const index_t bottom = std::min(ry + dy + 1, H), right = std::min(rx + dx + 1, W);  // even sides lack the last one
    parts.push_back({ry - dy, rx - dx, bottom - (ry - dy), right - (rx - dx)});
  }
  return parts;
}

/// Extremes of `length` elements that lie `step` apart, beginning with each: each pass doubles how many are covered.
/// Returns where they are, y or, for one element, x; `count`, of x, becomes that of the results.
template <bool Lesser>
const std::uint8_t* running_extremes(isa set, const std::uint8_t* x, index_t length, index_t step, index_t& count,
                                     std::uint8_t* y) {
  for (index_t covered = 1; covered < length;) {
    const index_t more = std::min(covered, length - covered);
    count -= more * step;
    [&] { LAMINA_DISPATCH(set, extremes_of_bytes<Lesser>(x, x + more * step, count, y)); }();
    covered += more;
    x = y;
  }
  return x;
}

/// What lies outside the picture is 255 for the lesser and 0 for the greater, and so never wins.
template <bool Lesser>
void extremes_under(cpu_context& ctx, const char* op, view<const std::uint8_t> x, const structuring_element& element,
                    view<std::uint8_t> y) {
  require(x.extents() == y.extents(), op, ": x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
  require(element.height >= 1 && element.width >= 1, op, ": the structuring element has ", element.height, "×",
          element.width, " pixels, at least 1×1 is needed");
  const std::vector<element_part> parts = rectangles_of(element);
  const index_t above = element.height / 2, before = element.width / 2, C = x.extents().c;
  const index_t rows_per_piece = std::max(index_t{64}, element.height);  // rows above and below are read anew by each
  for_each_rows(ctx, x.extents(), rows_per_piece, [&](index_t n, index_t begin, index_t end) {
    const extended_rows<std::uint8_t> extended(x.images(n), border::constant, before, element.width - 1 - before,
                                               Lesser ? 255 : 0);
    const index_t length = extended.length(), rows = end - begin;
    // A row more, because a part that doesn't begin with the element's first column reads as far into it.
    const auto room = [&] { return row_buffer<std::uint8_t>((rows + element.height) * length); };
    tensor<std::uint8_t> source = room(), result = room(), work = parts.size() > 1 ? room() : tensor<std::uint8_t>();
    for (index_t r = 0; r < rows + element.height - 1; ++r)
      extended.write(begin - above + r, source.data() + r * length);
    const std::uint8_t* found = nullptr;
    for (const element_part& part : parts) {
      std::uint8_t* to = found == nullptr ? result.data() : work.data();
      index_t count = (rows + part.height - 1) * length;
      const std::uint8_t* made = source.data() + part.top * length + part.left * C;
      made = running_extremes<Lesser>(ctx.isa(), made, part.width, C, count, to);
      made = running_extremes<Lesser>(ctx.isa(), made, part.height, length, count, to);
      if (found != nullptr) {
        [&] { LAMINA_DISPATCH(ctx.isa(), extremes_of_bytes<Lesser>(found, made, rows * length, result.data())); }();
        made = result.data();
      }
      found = made;
    }
    for (index_t r = 0; r < rows; ++r) write_row(found + r * length, n, begin + r, y);
  });
}

}  // namespace detail

/// y = the least value under the element laid with its anchor on each pixel, channel by channel; what lies outside the
/// picture never is the least. cv::erode, exactly. A mask shrinks. Several iterations are several calls; of a rectangle,
/// k iterations are one of side k·(side − 1) + 1.
///   x  [N,H,W,C]
///   y  [N,H,W,C], no element in common with x
/// Writes y. Throws `error` when the shapes differ or a side of the element is less than 1.
inline void erode(cpu_context& ctx, view<const std::uint8_t> x, const structuring_element& element,
                  view<std::uint8_t> y) {
  detail::extremes_under<true>(ctx, "erode", x, element, y);
}

/// y = the greatest value under the element, else as `erode`. cv::dilate, exactly. A mask grows.
inline void dilate(cpu_context& ctx, view<const std::uint8_t> x, const structuring_element& element,
                   view<std::uint8_t> y) {
  detail::extremes_under<false>(ctx, "dilate", x, element, y);
}

/// An erosion, then a dilation: what the element does not fit into vanishes. cv::MORPH_OPEN. As `erode`, but y may be x.
inline void opening(cpu_context& ctx, view<const std::uint8_t> x, const structuring_element& element,
                    view<std::uint8_t> y) {
  tensor<std::uint8_t> eroded(x.extents(), uninitialized);
  detail::extremes_under<true>(ctx, "opening", x, element, eroded.view());
  detail::extremes_under<false>(ctx, "opening", eroded, element, y);
}

/// A dilation, then an erosion: gaps that the element does not fit into are closed, also gaps to the picture's edge.
/// cv::MORPH_CLOSE. As `opening`.
inline void closing(cpu_context& ctx, view<const std::uint8_t> x, const structuring_element& element,
                    view<std::uint8_t> y) {
  tensor<std::uint8_t> dilated(x.extents(), uninitialized);
  detail::extremes_under<false>(ctx, "closing", x, element, dilated.view());
  detail::extremes_under<true>(ctx, "closing", dilated, element, y);
}

}  // namespace lamina
