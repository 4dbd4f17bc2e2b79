// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/simd/counts.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/median.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/median_histograms.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// Medians of Side × Side values, two rows of windows at a time.
template <index_t Side, class T>
void median_by_networks(cpu_context& ctx, view<const T> x, view<T> y) {
  for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const extended_rows<T> extended(x.images(n), border::replicate, Side / 2, Side / 2);
    const index_t stride = round_up(extended.length(), index_t{alignment}) + index_t{alignment};
    T* lists[4 * (Side - 1)];
    tensor<T> scratch = row_buffer<T>(std::ssize(lists) * stride);
    for (index_t i = 0; i < std::ssize(lists); ++i) lists[i] = scratch.data() + i * stride;
    tensor<T> first = row_buffer<T>(count), second = row_buffer<T>(count);
    for_each_window<T>(
        begin, end, Side + 1, Side / 2, extended.length(), [&](index_t h, T* to) { extended.write(h, to); },
        [&](index_t h, const T* const* rows) {
          if ((h - begin) % 2 == 1) return;  // made with the row before
          [&] {
            LAMINA_DISPATCH(ctx.isa(), median_of_two_rows<Side>(rows, C, count, lists, first.data(), second.data()));
          }();
          write_row(first.data(), n, h, y);
          if (h + 1 < end) write_row(second.data(), n, h + 1, y);
        });
  });
}

/// The histograms of a row of columns of bytes, for each channel.
class column_histograms {
 public:
  column_histograms(isa set, index_t columns, index_t channels)
      : set_(set), columns_(columns), channels_(channels), coarse_(vector_shape(16 * columns * channels)),
        fine_(vector_shape(256 * columns * channels)) {}
  void add(const std::uint8_t* row) {
    for (index_t c = 0; c < channels_; ++c)
      [&] { LAMINA_DISPATCH(set_, add_to_columns(row + c, channels_, columns_, coarse(c), fine(c))); }();
  }
  void replace(const std::uint8_t* old_row, const std::uint8_t* row) {
    for (index_t c = 0; c < channels_; ++c)
      [&] {
        LAMINA_DISPATCH(set_, replace_in_columns(old_row + c, row + c, channels_, columns_, coarse(c), fine(c)));
      }();
  }
  void medians(index_t side, std::uint8_t* y) {
    for (index_t c = 0; c < channels_; ++c)
      [&] { LAMINA_DISPATCH(set_, median_of_histograms(coarse(c), fine(c), columns_, side, channels_, y + c)); }();
  }

 private:
  std::uint8_t* coarse(index_t c) { return coarse_.data() + 16 * columns_ * c; }
  std::uint8_t* fine(index_t c) { return fine_.data() + 256 * columns_ * c; }

  isa set_;
  index_t columns_, channels_;
  tensor<std::uint8_t> coarse_, fine_;
};

/// Medians of bytes of any side up to 255, whose 65025 values 16 bits can count.
inline void median_by_column_histograms(cpu_context& ctx, view<const std::uint8_t> x, index_t side,
                                        view<std::uint8_t> y) {
  const index_t rows_per_piece = std::max(index_t{64}, side);  // each piece begins with `side` rows that it only adds
  for_each_rows(ctx, x.extents(), rows_per_piece, [&](index_t n, index_t begin, index_t end) {
    const index_t W = x.extents().w, C = x.extents().c;
    const extended_rows<std::uint8_t> extended(x.images(n), border::replicate, side / 2, side / 2);
    column_histograms histograms(ctx.isa(), W + side - 1, C);
    tensor<std::uint8_t> row(vector_shape(W * C));
    for_each_window<std::uint8_t>(
        begin, end, side + 1, side / 2 + 1, extended.length(),  // with the row that only the last window had
        [&](index_t h, std::uint8_t* to) { extended.write(h, to); },
        [&](index_t h, const std::uint8_t* const* window) {
          if (h > begin)
            histograms.replace(window[0], window[side]);
          else
            for (index_t i = 1; i <= side; ++i) histograms.add(window[i]);
          histograms.medians(side, row.data());
          write_row(row.data(), n, h, y);
        });
  });
}

/// Medians of a row of windows of any side by a histogram that moves along the row. Huang, Yang, Tang: A fast
/// two-dimensional median filtering algorithm, 1979.
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
///   x     [N,H,W,C] of std::uint8_t, std::uint16_t or float; where a window holds NaN, any value may result
///   side  odd, at least 1
///   y     [N,H,W,C], no element in common with x
/// Writes y. Throws `error` when the shapes differ or the side is even or not positive.
template <class T>
void median_blur(cpu_context& ctx, std::type_identity_t<view<const T>> x, index_t side, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  require(x.extents() == y.extents(), "median_blur: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  require(side >= 1 && side % 2 == 1, "median_blur: side ", side, " is not odd and positive");
  if (side == 3) return detail::median_by_networks<3, T>(ctx, x, y);
  if (side == 5) return detail::median_by_networks<5, T>(ctx, x, y);
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (side == 7) return detail::median_by_networks<7, T>(ctx, x, y);
    if (side == 9) return detail::median_by_networks<9, T>(ctx, x, y);
    if (side <= 255) return detail::median_by_column_histograms(ctx, x, side, y);
  }
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const detail::extended_rows<T> extended(x.images(n), border::replicate, side / 2, side / 2);
    tensor<T> row = detail::row_buffer<T>(count);
    detail::for_each_window<T>(
        begin, end, side, side / 2, extended.length(), [&](index_t h, T* to) { extended.write(h, to); },
        [&](index_t h, const T* const* window) {
          if constexpr (std::is_same_v<T, std::uint8_t>)
            detail::median_by_histogram(window, side, C, count, row.data());
          else
            detail::median_by_selection(window, side, C, count, row.data());
          detail::write_row(row.data(), n, h, y);
        });
  });
}

}  // namespace lamina
