// lamina::image · SPDX-License-Identifier: Apache-2.0
// Masks from grey pictures: a threshold, and Otsu's way to find one.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace lamina {

/// Which values belong to a mask.
enum class threshold_side {
  above,   // x > t: cv::THRESH_BINARY
  at_most  // x ≤ t, such as a lesion that is darker than the skin: cv::THRESH_BINARY_INV
};

/// y = 255 where x lies on that side of t, else 0; NaN lies on neither.
///   x  [N,H,W,C] of std::uint8_t, std::uint16_t or float
///   y  [N,H,W,C]
/// Writes y. Throws `error` when the shapes differ.
template <class T>
void threshold(cpu_context& ctx, view<T> x, std::type_identity_t<std::remove_const_t<T>> t, threshold_side side,
               view<std::uint8_t> y) {
  require(x.extents() == y.extents(), "threshold: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  const index_t W = x.extents().w, C = x.extents().c;
  const auto mark = [&](auto belongs) {
    detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
      for (index_t h = begin; h < end; ++h) {
        const T* from = x.pixel(n, h, 0);
        std::uint8_t* to = y.pixel(n, h, 0);
        for (index_t w = 0; w < W; ++w, from += x.pixel_stride(), to += y.pixel_stride())
          for (index_t c = 0; c < C; ++c) to[c] = belongs(from[c]) ? 255 : 0;
      }
    });
  };
  if (side == threshold_side::above)
    mark([t](T v) { return v > t; });
  else
    mark([t](T v) { return v <= t; });
}

/// The t that parts x into values ≤ t and values > t with the greatest variance between the two, the first of several:
/// OpenCV's THRESH_OTSU, the same number. 0 where all values are equal. Otsu: A threshold selection method from
/// gray-level histograms, 1979.
///   x  [N,H,W,C], not empty; all of it gives one t
/// Throws `error` when x is empty.
inline std::uint8_t otsu_threshold(view<const std::uint8_t> x) {
  require(x.size() > 0, "otsu_threshold: x ", x.extents(), " is empty");
  const auto [N, H, W, C] = x.extents();
  std::array<std::int64_t, 256> histogram{};
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) ++histogram[x(n, h, w, c)];
  // OpenCV's order of rounding, on which it depends which of several equal values comes first.
  const double share_of_one = 1 / static_cast<double>(x.size());
  constexpr double least_share = std::numeric_limits<float>::epsilon();
  double mean = 0;
  for (std::size_t v = 0; v < 256; ++v) mean += static_cast<double>(v) * static_cast<double>(histogram[v]);
  mean *= share_of_one;
  double below = 0, mean_below = 0, greatest = 0;  // share and mean of the values up to v
  std::uint8_t found = 0;
  for (std::size_t v = 0; v < 256; ++v) {
    const double share = static_cast<double>(histogram[v]) * share_of_one;
    mean_below *= below;
    below += share;
    const double above = 1 - below;
    if (std::min(below, above) < least_share || std::max(below, above) > 1 - least_share) continue;
    mean_below = (mean_below + static_cast<double>(v) * share) / below;
    const double mean_above = (mean - below * mean_below) / above;
    const double variance = below * above * (mean_below - mean_above) * (mean_below - mean_above);
    if (variance > greatest) {
      greatest = variance;
      found = static_cast<std::uint8_t>(v);
    }
  }
  return found;
}

}  // namespace lamina
