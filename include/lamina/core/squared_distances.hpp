// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// How far every pixel of a grid lies from the nearest of some of them: what a picture's distance transform and the
// metrics of surfaces share.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string_view>
#include <vector>

namespace lamina {

/// What lies between the centres of neighbouring rows and of neighbouring columns, in a unit of the caller's, such as
/// millimetres.
struct pixel_spacing {
  double row = 1, column = 1;

  friend std::ostream& operator<<(std::ostream& out, const pixel_spacing& s) {
    return out << s.row << "×" << s.column;
  }
};

namespace detail {

inline void require_spacing(std::string_view op, pixel_spacing s) {
  require(std::isfinite(s.row) && std::isfinite(s.column) && s.row > 0 && s.column > 0, op, ": a spacing of ", s,
          " is not positive and finite");
}

/// Along each column, the rows between each pixel and the nearest site, [1,H,W,1]; `none` where a column has no site.
template <class IsSite>
tensor<std::int32_t> rows_to_site(cpu_context& ctx, index_t H, index_t W, std::int32_t none, IsSite&& site) {
  tensor<std::int32_t> rows({1, H, W, 1}, uninitialized);
  parallel_for(ctx.workers(), W, 256, [&](index_t begin, index_t end) {
    for (index_t h = 0; h < H; ++h)
      for (index_t w = begin; w < end; ++w) {
        const std::int32_t above = h == 0 ? none : rows[(h - 1) * W + w];
        rows[h * W + w] = site(h, w) ? 0 : std::min(above + 1, none);
      }
    for (index_t h = H - 2; h >= 0; --h)
      for (index_t w = begin; w < end; ++w)
        rows[h * W + w] = std::min(rows[h * W + w], rows[(h + 1) * W + w] + 1);
  });
  return rows;
}

/// The lower envelope of the parabolas f(q) + (w − q)² at whole w: which of them is lowest where.
class lower_envelope {
 public:
  explicit lower_envelope(index_t W) : W_(W), half_inverse_(static_cast<std::size_t>(W + 1)) {
    for (std::size_t d = 1; d < half_inverse_.size(); ++d) half_inverse_[d] = 0.5 / static_cast<double>(d);
    parabolas_.reserve(half_inverse_.size());
  }
  void clear() { parabolas_.clear(); }
  /// Adds the parabola of column q, which lies right of all before it.
  void add(index_t q, double f) {
    const auto place = static_cast<double>(q);
    const double height = f + place * place;
    index_t start = 0;  // the first w at which it is below the one before
    while (!parabolas_.empty()) {
      const parabola& last = parabolas_.back();
      const double meet = (height - last.height) * half_inverse_[static_cast<std::size_t>(q - last.column)];
      // Where they meet at a whole w, either may be taken, so that rounding can do no harm.
      start = meet < 0 ? 0 : meet >= static_cast<double>(W_) ? W_ : static_cast<index_t>(meet) + 1;
      if (start > last.start) break;
      parabolas_.pop_back();
      start = 0;
    }
    if (start < W_) parabolas_.push_back({q, start, height});
  }
  /// Calls use(q, begin, end): parabola q is the lowest for w in [begin, end). Nothing where there are no parabolas.
  template <class Use>
  void for_each(Use&& use) const {
    for (std::size_t k = 0; k < parabolas_.size(); ++k)
      use(parabolas_[k].column, parabolas_[k].start, k + 1 < parabolas_.size() ? parabolas_[k + 1].start : W_);
  }

 private:
  struct parabola {
    index_t column, start;
    double height;  // f(q) + q²
  };
  index_t W_;
  std::vector<double> half_inverse_;  // 1 / 2d
  std::vector<parabola> parabolas_;
};

/// Calls use(h, distances) for every row of an H × W grid, rows in any order and several at once: the squared Euclidean
/// distance of each of its W pixels to the nearest pixel with site(h, w), infinity where there is none. Exact with a
/// spacing of 1, else within rounding. First along columns, then along rows by the lower envelope of parabolas:
/// Felzenszwalb, Huttenlocher: Distance transforms of sampled functions, 2012.
template <class IsSite, class Use>
void for_each_row_of_squared_distances(cpu_context& ctx, index_t H, index_t W, pixel_spacing spacing, IsSite&& site,
                                       Use&& use) {
  const auto none = static_cast<std::int32_t>(H + 1);
  const tensor<std::int32_t> rows = rows_to_site(ctx, H, W, none, site);
  std::vector<double> across(static_cast<std::size_t>(W)), down(static_cast<std::size_t>(H));  // squares of distances
  const auto square = [](index_t steps, double unit) {
    const double distance = static_cast<double>(steps) * unit;
    return distance * distance;
  };
  for (index_t d = 0; d < W; ++d) across[static_cast<std::size_t>(d)] = square(d, spacing.column);
  for (index_t d = 0; d < H; ++d) down[static_cast<std::size_t>(d)] = square(d, spacing.row);
  const double in_columns = 1 / (spacing.column * spacing.column);
  parallel_for(ctx.workers(), H, 64, [&](index_t begin, index_t end) {
    lower_envelope envelope(W);
    std::vector<double> distances(static_cast<std::size_t>(W));
    for (index_t h = begin; h < end; ++h) {
      const std::int32_t* to_site = rows.data() + h * W;
      envelope.clear();
      for (index_t q = 0; q < W; ++q)
        if (to_site[q] < none) envelope.add(q, down[static_cast<std::size_t>(to_site[q])] * in_columns);
      std::fill(distances.begin(), distances.end(), std::numeric_limits<double>::infinity());
      envelope.for_each([&](index_t q, index_t first, index_t last) {
        const double vertically = down[static_cast<std::size_t>(to_site[q])];
        for (index_t w = first; w < last; ++w)
          distances[static_cast<std::size_t>(w)] = across[static_cast<std::size_t>(std::abs(w - q))] + vertically;
      });
      use(h, distances.data());
    }
  });
}

}  // namespace detail

}  // namespace lamina
