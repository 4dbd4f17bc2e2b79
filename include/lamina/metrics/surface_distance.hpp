// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// How far the outlines of two masks lie from each other. Two figures share the name HD95, so each has one of its own.
#pragma once

#include <lamina/core/squared_distances.hpp>
#include <lamina/metrics/overlap.hpp>
#include <lamina/metrics/quantile.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace lamina {

/// From each pixel of one mask's surface the distance to the nearest pixel of the other's, each list in the order of
/// the pixels, row by row. Where only one of the masks is empty, the distances of the other are infinite.
struct surface_distances {
  std::vector<double> from_prediction, from_truth;
};

namespace detail {

/// The pixels of a mask with a neighbour above, below, left or right that is not of it or lies beyond the picture.
class mask_surface {
 public:
  template <class T>
  mask_surface(view<T> mask, float threshold) : W_(mask.extents().w), on_({1, mask.extents().h, W_, 1}) {
    const index_t H = mask.extents().h;
    const auto inside = [&](index_t h, index_t w) {
      return h >= 0 && h < H && w >= 0 && w < W_ && static_cast<float>(mask(0, h, w, 0)) >= threshold;
    };
    for (index_t h = 0; h < H; ++h) {
      row_begin_.push_back(pixels());
      for (index_t w = 0; w < W_; ++w) {
        if (!inside(h, w)) continue;
        if (inside(h - 1, w) && inside(h + 1, w) && inside(h, w - 1) && inside(h, w + 1)) continue;
        on_[h * W_ + w] = 1;
        columns_.push_back(w);
      }
    }
    row_begin_.push_back(pixels());
  }

  index_t pixels() const { return static_cast<index_t>(columns_.size()); }
  bool has(index_t h, index_t w) const { return on_[h * W_ + w] != 0; }
  /// The columns of its pixels in row h are numbers [row_begin(h), row_begin(h + 1)) of all.
  index_t row_begin(index_t h) const { return row_begin_[static_cast<std::size_t>(h)]; }
  index_t column(index_t pixel) const { return columns_[static_cast<std::size_t>(pixel)]; }

  /// From each of its pixels to the nearest of another mask's.
  std::vector<double> distances_to(cpu_context& ctx, const mask_surface& other, pixel_spacing spacing) const {
    std::vector<double> distances(columns_.size());
    if (distances.empty()) return distances;
    for_each_row_of_squared_distances(
        ctx, on_.extents().h, W_, spacing, [&](index_t h, index_t w) { return other.has(h, w); },
        [&](index_t h, const double* squares) {
          for (index_t i = row_begin(h); i < row_begin(h + 1); ++i)
            distances[static_cast<std::size_t>(i)] = std::sqrt(squares[column(i)]);
        });
    return distances;
  }

 private:
  index_t W_;
  tensor<std::uint8_t> on_;
  std::vector<index_t> columns_, row_begin_;
};

/// `sorted_quantile` of values in any order; 0 of none.
inline double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, share);
}

inline double greatest(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

inline std::vector<double> pooled(const surface_distances& d) {
  std::vector<double> all = d.from_prediction;
  all.insert(all.end(), d.from_truth.begin(), d.from_truth.end());
  return all;
}

}  // namespace detail

/// The distances between the surfaces of two masks. A surface is what an erosion by the cross of 3 × 3 pixels takes
/// from the mask, so that it also follows the picture's edge; distances are Euclidean, between centres of pixels.
///   prediction, truth  [1,H,W,1], any arithmetic types; inside where at least the threshold
///   spacing            of rows and columns; its unit is that of the distances
/// Throws `error` when the shapes differ or are others, or the spacing is not positive.
template <class P, class T>
surface_distances measure_surfaces(cpu_context& ctx, view<P> prediction, view<T> truth, pixel_spacing spacing = {},
                                   overlap_thresholds thresholds = {}) {
  static_assert(std::is_arithmetic_v<std::remove_const_t<P>> && std::is_arithmetic_v<std::remove_const_t<T>>);
  const shape& x = prediction.extents();
  require(x == truth.extents() && x.n == 1 && x.c == 1, "measure_surfaces: prediction ", x, " and truth ",
          truth.extents(), " are not both the same [1,H,W,1]");
  detail::require_spacing("measure_surfaces", spacing);
  const detail::mask_surface a(prediction, thresholds.prediction), b(truth, thresholds.truth);
  return {a.distances_to(ctx, b, spacing), b.distances_to(ctx, a, spacing)};
}

// All figures are 0 where both masks are empty, and infinity where only one is.

/// The average symmetric surface distance: the mean of the distances of both directions together. MedPy's assd.
inline double assd(const surface_distances& d) {
  const std::vector<double> all = detail::pooled(d);
  double sum = 0;
  for (const double distance : all) sum += distance;
  return all.empty() ? 0 : sum / static_cast<double>(all.size());
}
/// The 95th percentile of the distances of both directions together. MedPy's hd95.
inline double hd95_pooled(const surface_distances& d) { return detail::quantile(detail::pooled(d), 0.95); }
/// The larger of the 95th percentiles of the two directions. MONAI's compute_hausdorff_distance with percentile = 95.
inline double hd95_directed(const surface_distances& d) {
  return std::max(detail::quantile(d.from_prediction, 0.95), detail::quantile(d.from_truth, 0.95));
}
/// The Hausdorff distance: the greatest of all. MedPy's hd.
inline double hausdorff_distance(const surface_distances& d) {
  return std::max(detail::greatest(d.from_prediction), detail::greatest(d.from_truth));
}

}  // namespace lamina
