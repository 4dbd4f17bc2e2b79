// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/median.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// Medians of a row of windows: `rows` are side rows, extended; the result has `count` elements.
inline void median_of_columns(isa set, const std::uint8_t* const* rows, index_t side, index_t channels, index_t count,
                              tensor<std::uint8_t>& scratch, std::uint8_t* y) {
  const index_t extended = count + (side - 1) * channels;
  const index_t stride = round_up(extended, index_t{alignment}) + index_t{alignment};
  if (scratch.empty()) scratch = row_buffer<std::uint8_t>(side * stride);
  std::uint8_t* sorted[5];
  for (index_t i = 0; i < side; ++i) sorted[i] = scratch.data() + i * stride;
  if (side == 3) {
    [&] { LAMINA_DISPATCH(set, sort_columns_of_3(rows, extended, sorted)); }();
    LAMINA_DISPATCH(set, median_of_3_columns(sorted, channels, count, y));
  }
  [&] { LAMINA_DISPATCH(set, sort_columns_of_5(rows, extended, sorted)); }();
  LAMINA_DISPATCH(set, median_of_5_columns(sorted, channels, count, y));
}

/// The same of any side by a histogram that moves along the row. Huang, Yang, Tang: A fast two-dimensional median
/// filtering algorithm, 1979.
inline void median_by_histogram(const std::uint8_t* const* rows, index_t side, index_t channels, index_t count,
                                std::uint8_t* y) {
  const index_t half = side * side / 2;
  for (index_t c = 0; c < channels; ++c) {
    std::array<index_t, 256> histogram{};
    const auto add = [&](index_t column, index_t change, std::size_t median) {
      index_t below = 0;  // how many more are less than the median
      for (index_t r = 0; r < side; ++r) {
        const std::uint8_t v = rows[r][column * channels + c];
        histogram[v] += change;
        below += v < median ? change : 0;
      }
      return below;
    };
    for (index_t column = 0; column < side - 1; ++column) add(column, 1, 0);
    std::size_t median = 0;
    index_t below = 0;  // values in the window that are less
    for (index_t w = 0; w * channels < count; ++w) {
      below += add(w + side - 1, 1, median);
      while (below > half) below -= histogram[--median];
      while (below + histogram[median] <= half) below += histogram[median++];
      y[w * channels + c] = static_cast<std::uint8_t>(median);
      below += add(w, -1, median);
    }
  }
}

/// The same of other types.
template <class T>
void median_by_selection(const T* const* rows, index_t side, index_t channels, index_t count, T* y) {
  std::vector<T> window(static_cast<std::size_t>(side * side));
  const auto middle = window.begin() + side * side / 2;
  for (index_t e = 0; e < count; ++e) {
    auto place = window.begin();
    for (index_t i = 0; i < side; ++i)
      for (index_t j = 0; j < side; ++j) *place++ = rows[i][e + j * channels];
    std::nth_element(window.begin(), middle, window.end());
    y[e] = *middle;
  }
}

}  // namespace detail

/// y = the median of the side × side values around each pixel, channel by channel; edges are replicated. OpenCV's
/// cv::medianBlur, exactly.
///   x     [N,H,W,C] of std::uint8_t, std::uint16_t or float
///   side  odd, at least 1
///   y     [N,H,W,C], no element in common with x
/// Writes y. Throws `error` when the shapes differ or the side is even or not positive.
template <class T>
void median_blur(cpu_context& ctx, std::type_identity_t<view<const T>> x, index_t side, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  require(x.extents() == y.extents(), "median_blur: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  require(side >= 1 && side % 2 == 1, "median_blur: side ", side, " is not odd and positive");
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const detail::extended_rows<T> extended(x.images(n), border::replicate, side / 2, side / 2);
    tensor<T> row = detail::row_buffer<T>(count), scratch;
    detail::for_each_window<T>(
        begin, end, side, side / 2, extended.length(), [&](index_t h, T* to) { extended.write(h, to); },
        [&](index_t h, const T* const* window) {
          if constexpr (!std::is_same_v<T, std::uint8_t>)
            detail::median_by_selection(window, side, C, count, row.data());
          else if (side == 3 || side == 5)
            detail::median_of_columns(ctx.isa(), window, side, C, count, scratch, row.data());
          else
            detail::median_by_histogram(window, side, C, count, row.data());
          detail::write_row(row.data(), n, h, y);
        });
  });
}

}  // namespace lamina
