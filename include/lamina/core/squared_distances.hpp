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

/// The lower envelope of the parabolas f(q) + (w − q)² at whole w in [0, W): which of them is lowest where.
class lower_envelope {
 public:
  explicit lower_envelope(index_t W)
      : W_(W), parabolas_(static_cast<std::size_t>(W)), half_inverse_(static_cast<std::size_t>(W)) {
    for (std::size_t d = 1; d < half_inverse_.size(); ++d) half_inverse_[d] = 0.5 / static_cast<double>(d);
  }

  /// Calls use(q, begin, end) from left to right: the parabola of q is the lowest for w in [begin, end). f(q) is
  /// infinite where there is no parabola; nothing is called where there are none.
  template <class F, class Use>
  void for_each_lowest(F&& f, Use&& use) {
    parabola* const kept = parabolas_.data();
    const double* half_inverse = half_inverse_.data();
    const auto columns = static_cast<double>(W_);
    index_t count = 0;
    for (index_t q = 0; q < W_; ++q) {
      const double lowest = f(q);
      if (lowest == std::numeric_limits<double>::infinity()) continue;
      const double height = lowest + static_cast<double>(q) * static_cast<double>(q);
      double start = 0;  // where q's gets below the one before; where both are equal, either may be taken
      for (; count > 0; --count) {
        const parabola& last = kept[count - 1];
        start = (height - last.height) * half_inverse[q - last.column];
        if (start > last.start) break;
        start = 0;
      }
      if (start < columns) kept[count++] = {q, start, height};
    }
    for (index_t k = 0; k < count; ++k)
      use(kept[k].column, first_whole(kept[k].start), k + 1 < count ? first_whole(kept[k + 1].start) : W_);
  }

 private:
  struct parabola {
    index_t column;
    double start, height;  // f(q) + q²
  };
  static index_t first_whole(double x) { return x > 0 ? static_cast<index_t>(x) + 1 : 0; }

  index_t W_;
  std::vector<parabola> parabolas_;
  std::vector<double> half_inverse_;  // 1 / 2d
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
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto squares = [](index_t count, double unit) {
    std::vector<double> of_steps(static_cast<std::size_t>(count));
    for (std::size_t d = 0; d < of_steps.size(); ++d) {
      const double distance = static_cast<double>(d) * unit;
      of_steps[d] = distance * distance;
    }
    return of_steps;
  };
  const std::vector<double> across = squares(W, spacing.column);
  std::vector<double> down = squares(H + 2, spacing.row);
  down.back() = infinite;  // of a column without a site
  const double in_columns = 1 / (spacing.column * spacing.column);
  parallel_for(ctx.workers(), H, 64, [&](index_t begin, index_t end) {
    lower_envelope envelope(W);
    std::vector<double> distances(static_cast<std::size_t>(W), infinite);  // left so where no column has a site
    for (index_t h = begin; h < end; ++h) {
      const std::int32_t* to_site = rows.data() + h * W;
      const auto vertically = [&](index_t q) { return down[static_cast<std::size_t>(to_site[q])]; };
      // Sites between sites are the nearest to themselves only, so that they can be left out, and get their 0 below.
      const auto lowest = [&](index_t q) {
        const bool within = q > 0 && q < W - 1 && (to_site[q - 1] | to_site[q] | to_site[q + 1]) == 0;
        return within ? infinite : vertically(q) * in_columns;
      };
      envelope.for_each_lowest(lowest, [&](index_t q, index_t first, index_t last) {
        const double f = vertically(q);
        for (index_t w = first; w < last; ++w)
          distances[static_cast<std::size_t>(w)] = across[static_cast<std::size_t>(std::abs(w - q))] + f;
      });
      for (index_t w = 0; w < W; ++w)
        if (to_site[w] == 0) distances[static_cast<std::size_t>(w)] = 0;
      use(h, distances.data());
    }
  });
}

}  // namespace detail

}  // namespace lamina
