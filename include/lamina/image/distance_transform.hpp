// lamina::image · SPDX-License-Identifier: Apache-2.0
// The exact Euclidean distance from each pixel of a mask to what lies outside it.
#pragma once

#include <lamina/core/squared_distances.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace lamina {

namespace detail {

/// Calls use(n, h, distances) with the squared distances of each row to the nearest pixel outside the mask.
template <class T, class Use>
void for_each_row_of_mask_distances(cpu_context& ctx, std::string_view op, view<const std::uint8_t> mask,
                                    pixel_spacing spacing, view<T> y, Use&& use) {
  require(mask.extents() == y.extents() && mask.extents().c == 1, op, ": mask ", mask.extents(), " and y ",
          y.extents(), " are not both the same [N,H,W,1]");
  require_spacing(op, spacing);
  const auto [N, H, W, C] = mask.extents();
  for (index_t n = 0; n < N; ++n)
    for_each_row_of_squared_distances(
        ctx, H, W, spacing, [&, n](index_t h, index_t w) { return mask(n, h, w, 0) < 128; },
        [&, n](index_t h, const double* distances) { use(n, h, distances); });
}

}  // namespace detail

/// y = the distance from each pixel to the nearest one outside the mask, 0 there; between centres of pixels, in the
/// spacing's unit. Infinity everywhere where nothing is outside; what lies beyond the picture does not count.
///   mask     [N,H,W,1]; ≥ 128 is inside
///   spacing  of rows and columns, positive
///   y        [N,H,W,1] of float or double
/// Writes y. Equal to scipy.ndimage.distance_transform_edt and to cv::distanceTransform (DIST_L2, DIST_MASK_PRECISE)
/// within their rounding. Throws `error` when a shape or the spacing is wrong.
template <class T>
void distance_transform(cpu_context& ctx, view<const std::uint8_t> mask, pixel_spacing spacing, view<T> y) {
  static_assert(std::is_floating_point_v<T>);
  const index_t W = y.extents().w;
  detail::for_each_row_of_mask_distances(ctx, "distance_transform", mask, spacing, y,
                                         [&](index_t n, index_t h, const double* distances) {
                                           for (index_t w = 0; w < W; ++w)
                                             y(n, h, w, 0) = std::sqrt(static_cast<T>(distances[w]));
                                         });
}

/// y = the squared distance in pixels, exact; the greatest std::int64_t where nothing is outside. Else as
/// `distance_transform`.
///   y  [N,H,W,1]
inline void squared_distance_transform(cpu_context& ctx, view<const std::uint8_t> mask, view<std::int64_t> y) {
  const index_t W = y.extents().w;
  detail::for_each_row_of_mask_distances(
      ctx, "squared_distance_transform", mask, {}, y, [&](index_t n, index_t h, const double* distances) {
        for (index_t w = 0; w < W; ++w)
          y(n, h, w, 0) = std::isfinite(distances[w]) ? static_cast<std::int64_t>(distances[w])
                                                      : std::numeric_limits<std::int64_t>::max();
      });
}

}  // namespace lamina
