// lamina::image · SPDX-License-Identifier: Apache-2.0
// Resizing, equal to OpenCV's cv::resize.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/resize_area.hpp>
#include <lamina/image/resize_separable.hpp>
#include <lamina/image/transform.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace lamina {

namespace detail {

/// The pixels of C elements at these columns, given as offsets; the first `quick` of them may be moved as `move` ≥ C.
template <class T, class Move>
void pick_pixels(const T* row, const index_t* columns, index_t quick, index_t pixels, index_t C, Move move, T* to) {
  for (index_t w = 0; w < quick; ++w, to += C)
    std::memcpy(to, row + columns[w], static_cast<std::size_t>(move) * sizeof(T));
  for (index_t w = quick; w < pixels; ++w, to += C) std::copy_n(row + columns[w], C, to);
}

template <class T>
void resize_nearest(cpu_context& ctx, view<const T> x, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  const auto positions = [](index_t source, index_t destination) {
    const double scale = 1 / (static_cast<double>(destination) / static_cast<double>(source));
    std::vector<index_t> p(static_cast<std::size_t>(destination));
    for (std::size_t d = 0; d < p.size(); ++d)
      p[d] = std::min(static_cast<index_t>(std::floor(static_cast<double>(d) * scale)), source - 1);
    return p;
  };
  const auto rows = positions(H, y.extents().h);
  auto columns = positions(W, y.extents().w);
  // Of three channels four elements move at once, as far as there is a fourth one: up to the last column.
  const bool more_follow = C == 3 && x.pixel_stride() >= C;
  const index_t move = more_follow ? 4 : C;
  const index_t quick =
      more_follow ? std::lower_bound(columns.begin(), columns.end(), W - 1) - columns.begin() : y.extents().w;
  for (index_t& column : columns) column *= x.pixel_stride();
  for_each_rows(ctx, y.extents(), [&, C = C](index_t n, index_t begin, index_t end) {
    tensor<T> result = row_buffer<T>(y.extents().w * C);
    with_fixed_channels(move, [&](auto elements) {
      for (index_t h = begin; h < end; ++h) {
        const index_t row = rows[static_cast<std::size_t>(h)];
        if (h == begin || row != rows[static_cast<std::size_t>(h - 1)])
          pick_pixels(x.pixel(n, row, 0), columns.data(), quick, y.extents().w, C, elements, result.data());
        write_row(result.data(), n, h, y);
      }
    });
  });
}

}  // namespace detail

/// Resamples x to the height and width of y; the aspect is not kept. Pixel centres map onto each other, source =
/// (destination + 0.5) · scale − 0.5, edges are repeated; nearest reads floor(destination · scale). linear, cubic and
/// lanczos4 look at 2, 4 and 8 source pixels along each axis even where the picture shrinks, so only area keeps what
/// lies between.
///   x  [N,H,W,C] of std::uint8_t, std::uint16_t or float, not empty
///   y  [N,H',W',C]
/// Writes y, the same bits with any number of workers and every instruction set. Equal to OpenCV 4.6's cv::resize:
/// nearest, and bytes by linear, exactly; other integers within 1, float within 1e-5 of the value range. Throws `error`
/// when N or C differ or an extent is 0.
template <class T>
void resize(cpu_context& ctx, std::type_identity_t<view<const T>> x, interpolation method, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  const shape &from = x.extents(), &to = y.extents();
  require(from.n == to.n && from.c == to.c && from.size() > 0 && to.size() > 0, "resize: x ", from, " and y ", to,
          " must agree in N and C and not be empty (NHWC)");
  if (from == to) return copy_pixels(ctx, x, y);
  if (method == interpolation::nearest) return detail::resize_nearest<T>(ctx, x, y);
  if (method == interpolation::area && from.h >= to.h && from.w >= to.w) {
    // The mean of four bytes has OpenCV's rounding, half up, by linear interpolation, which is the same there.
    const bool half = from.h == 2 * to.h && from.w == 2 * to.w;
    if (!std::is_same_v<T, std::uint8_t> || !half) return detail::resize_area<T>(ctx, x, y);
    method = interpolation::linear;
  }
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (method == interpolation::cubic || method == interpolation::lanczos4)
      detail::resize_separable<detail::resize_bytes_widely>(ctx, x, method, y);
    else
      detail::resize_separable<detail::resize_bytes_linearly>(ctx, x, method, y);
  } else {
    detail::resize_separable<detail::resize_in_float<T>>(ctx, x, method, y);
  }
}
/// The same on the calling thread, with a context of its own.
template <class T>
void resize(std::type_identity_t<view<const T>> x, interpolation method, view<T> y) {
  cpu_context here;
  resize(here, x, method, y);
}

/// x resampled to height × width.
///
///     const auto small = resized(photo.view(), interpolation::area, 256, 256);
template <class T>
tensor<std::remove_const_t<T>> resized(cpu_context& ctx, view<T> x, interpolation method, index_t height,
                                       index_t width) {
  require(height > 0 && width > 0, "resized: ", height, "×", width, " pixels wanted of ", x.extents());
  tensor<std::remove_const_t<T>> y({x.extents().n, height, width, x.extents().c}, uninitialized);
  resize(ctx, x, method, y.view());
  return y;
}
template <class T>
tensor<std::remove_const_t<T>> resized(view<T> x, interpolation method, index_t height, index_t width) {
  cpu_context here;
  return resized(here, x, method, height, width);
}

}  // namespace lamina
