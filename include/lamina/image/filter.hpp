// lamina::image · SPDX-License-Identifier: Apache-2.0
// Linear filters: a Gaussian, any separable kernel, any kernel; and the median.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/median.hpp>
#include <lamina/image/rows.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace lamina {

namespace detail {

/// The Gaussian's values at the centres of `side` pixels, made to sum to 1. σ ≤ 0: the kernels that OpenCV keeps for
/// small sides, and σ = 0.15 · side + 0.35 for larger ones.
inline std::vector<double> gaussian_values(index_t side, double sigma) {
  require(side >= 1 && side % 2 == 1, "gaussian_kernel: side ", side, " is not odd and positive");
  require(std::isfinite(sigma), "gaussian_kernel: sigma is ", sigma);
  if (sigma <= 0) {
    switch (side) {
      case 1: return {1};
      case 3: return {0.25, 0.5, 0.25};
      case 5: return {0.0625, 0.25, 0.375, 0.25, 0.0625};
      case 7: return {0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125};
      case 9: return {4 / 256.0, 13 / 256.0, 30 / 256.0, 51 / 256.0, 60 / 256.0, 51 / 256.0, 30 / 256.0, 13 / 256.0,
                      4 / 256.0};
      default: sigma = 0.15 * static_cast<double>(side) + 0.35;
    }
  }
  std::vector<double> values;
  double sum = 0;
  for (index_t i = 0; i < side; ++i) {
    const auto twice = static_cast<double>(2 * i - (side - 1));  // of the distance
    values.push_back(std::exp(twice * twice * (-0.125 / (sigma * sigma))));
    sum += values.back();
  }
  for (double& v : values) v /= sum;
  return values;
}

/// Weights in 1/2^bits that sum to exactly 1: what rounding takes from one is given to the next, and the middle one
/// gets the rest.
inline std::vector<std::uint32_t> fixed_point_kernel(const std::vector<double>& values, int bits) {
  const std::size_t side = values.size();
  std::vector<std::uint32_t> kernel(side);
  double carried = 0;
  auto left = std::uint32_t{1} << bits;
  for (std::size_t i = 0; i < side / 2; ++i) {
    const double wanted = values[i] * static_cast<double>(1 << bits) + carried, given = std::nearbyint(wanted);
    carried = wanted - given;
    kernel[i] = kernel[side - 1 - i] = static_cast<std::uint32_t>(given);
    left -= 2 * kernel[i];
  }
  kernel[side / 2] = left;
  return kernel;
}

/// How a separable filter computes: a row's sums across, then theirs down.
struct filter_in_float {
  using weight = float;
  using row_sum = float;
  using sum = float;
  template <class T>
  static T finish(sum s) {
    return saturate_cast<T>(s);
  }
};
template <int Bits, class RowSum, class Sum>
struct filter_in_fixed_point {
  using weight = std::uint32_t;
  using row_sum = RowSum;  // [Bits of fraction]: the picture's values times 2^Bits just fit
  using sum = Sum;
  template <class T>
  static T finish(sum s) {
    return static_cast<T>((s + (sum{1} << (2 * Bits - 1))) >> (2 * Bits));
  }
};

template <class T>
void check_filter(std::string_view op, view<const T> x, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  require(x.extents() == y.extents(), op, ": x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
}

template <class Arithmetic, class T>
void filter_separable(cpu_context& ctx, view<const T> x, std::span<const typename Arithmetic::weight> across,
                      std::span<const typename Arithmetic::weight> down, border edges, view<T> y) {
  using row_sum = typename Arithmetic::row_sum;
  using sum = typename Arithmetic::sum;
  const auto [N, H, W, C] = x.extents();
  const auto columns = static_cast<index_t>(across.size()), rows = static_cast<index_t>(down.size());
  for_each_rows(ctx, y.extents(), [&, H = H, W = W, C = C](index_t n, index_t begin, index_t end) {
    std::vector<row_sum> filtered(static_cast<std::size_t>((end - begin + rows - 1) * W * C));
    row_sum* to = filtered.data();
    for (index_t h = begin - rows / 2; h < end - rows / 2 + rows - 1; ++h) {
      const index_t row = border_position(edges, h, H);
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          sum s = 0;
          for (index_t i = 0; i < columns; ++i) {
            const index_t column = border_position(edges, w - columns / 2 + i, W);
            if (row >= 0 && column >= 0)
              s += across[static_cast<std::size_t>(i)] * static_cast<sum>(x(n, row, column, c));
          }
          *to++ = static_cast<row_sum>(s);
        }
    }
    const row_sum* from = filtered.data();
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c, ++from) {
          sum s = 0;
          for (index_t i = 0; i < rows; ++i)
            s += down[static_cast<std::size_t>(i)] * static_cast<sum>(from[i * W * C]);
          y(n, h, w, c) = Arithmetic::template finish<T>(s);
        }
  });
}

}  // namespace detail

/// The weights exp(−(i − (side−1)/2)² / 2σ²), made to sum to 1. σ ≤ 0 chooses one by the side, as OpenCV does.
///   side  odd, at least 1
/// Throws `error` on another side or when σ is not finite.
inline std::vector<float> gaussian_kernel(index_t side, double sigma) {
  const std::vector<double> values = detail::gaussian_values(side, sigma);
  return {values.begin(), values.end()};
}

/// y = Σ kernel_down[i] · kernel_across[j] · x(h + i − rows/2, w + j − columns/2): correlation with a kernel that is a
/// product. Beyond the edge lies what `edges` says; a constant is 0.
///   x                           [N,H,W,C] of std::uint8_t, std::uint16_t or float
///   kernel_across, kernel_down  at least one weight each
///   y                           [N,H,W,C], no element in common with x
/// Writes y, integers rounded to nearest and saturated. Computed in float, within 1 of OpenCV 4.6's cv::sepFilter2D,
/// which for bytes rounds the weights of smooth symmetric kernels to 1/256, and then errs by what that does to the sum.
/// Throws `error` when the shapes differ or a kernel is empty.
template <class T>
void filter_separable(cpu_context& ctx, std::type_identity_t<view<const T>> x, std::span<const float> kernel_across,
                      std::span<const float> kernel_down, border edges, view<T> y) {
  detail::check_filter<T>("filter_separable", x, y);
  require(!kernel_across.empty() && !kernel_down.empty(), "filter_separable: kernels of ", kernel_across.size(),
          " weights across and ", kernel_down.size(), " down");
  detail::filter_separable<detail::filter_in_float, T>(ctx, x, kernel_across, kernel_down, edges, y);
}

/// y = x blurred by a Gaussian of side × side weights. OpenCV's cv::GaussianBlur: bytes are weighed with 8 bits and
/// 16-bit samples with 16 bits a weight, exactly as there; float within 1e-5 of the value range.
///   x      [N,H,W,C] of std::uint8_t, std::uint16_t or float
///   side   odd, at least 1
///   sigma  in pixels; ≤ 0: chosen by the side
///   y      [N,H,W,C], no element in common with x
/// Writes y. Throws `error` when the shapes differ, the side is even or not positive, or sigma is not finite.
template <class T>
void gaussian_blur(cpu_context& ctx, std::type_identity_t<view<const T>> x, index_t side, double sigma, border edges,
                   view<T> y) {
  detail::check_filter<T>("gaussian_blur", x, y);
  const std::vector<double> values = detail::gaussian_values(side, sigma);
  if constexpr (std::is_same_v<T, float>) {
    const std::vector<float> kernel(values.begin(), values.end());
    detail::filter_separable<detail::filter_in_float, T>(ctx, x, kernel, kernel, edges, y);
  } else {
    constexpr int bits = 8 * sizeof(T);
    using arithmetic = std::conditional_t<bits == 8, detail::filter_in_fixed_point<8, std::uint16_t, std::uint32_t>,
                                          detail::filter_in_fixed_point<16, std::uint32_t, std::uint64_t>>;
    const auto kernel = detail::fixed_point_kernel(values, bits);
    detail::filter_separable<arithmetic, T>(ctx, x, kernel, kernel, edges, y);
  }
}

/// y = Σ kernel[i][j] · x(h + i − rows/2, w + j − columns/2): correlation. Beyond the edge lies what `edges` says;
/// a constant is 0.
///   x              [N,H,W,C] of std::uint8_t, std::uint16_t or float
///   kernel         rows · columns weights, row by row
///   y              [N,H,W,C], no element in common with x
/// Writes y, integers rounded to nearest and saturated: within 1 of OpenCV 4.6's cv::filter2D. Throws `error` when the
/// shapes differ or the kernel is empty or has another number of weights.
template <class T>
void filter2d(cpu_context& ctx, std::type_identity_t<view<const T>> x, std::span<const float> kernel, index_t rows,
              index_t columns, border edges, view<T> y) {
  detail::check_filter<T>("filter2d", x, y);
  require(rows >= 1 && columns >= 1 && static_cast<index_t>(kernel.size()) == rows * columns, "filter2d: ",
          kernel.size(), " weights for a kernel of ", rows, "×", columns);
  const auto [N, H, W, C] = x.extents();
  detail::for_each_rows(ctx, y.extents(), [&, H = H, W = W, C = C](index_t n, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          float sum = 0;
          for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < columns; ++j) {
              const index_t row = border_position(edges, h - rows / 2 + i, H);
              const index_t column = border_position(edges, w - columns / 2 + j, W);
              if (row >= 0 && column >= 0)
                sum += kernel[static_cast<std::size_t>(i * columns + j)] * static_cast<float>(x(n, row, column, c));
            }
          y(n, h, w, c) = saturate_cast<T>(sum);
        }
  });
}

}  // namespace lamina
