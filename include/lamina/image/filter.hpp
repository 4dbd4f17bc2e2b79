// lamina::image · SPDX-License-Identifier: Apache-2.0
// Linear filters: a Gaussian, any separable kernel, any kernel; and the median.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/median.hpp>
#include <lamina/image/weighted_sum.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/filter.inl>
#include <lamina/simd/foreach_isa.hpp>

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

template <class T>
void check_filter(std::string_view op, view<const T> x, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  require(x.extents() == y.extents(), op, ": x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
}

/// Across in float, then down in float.
template <class T>
void filter_in_float(cpu_context& ctx, view<const T> x, std::span<const float> across, std::span<const float> down,
                     border edges, view<T> y) {
  const auto columns = static_cast<index_t>(across.size()), rows = static_cast<index_t>(down.size());
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const extended_rows<T> extended(x.images(n), edges, columns / 2, columns - 1 - columns / 2);
    tensor<T> source = row_buffer<T>(extended.length());
    tensor<T> result = row_buffer<T>(count);
    std::vector<const T*> at;
    for (index_t i = 0; i < columns; ++i) at.push_back(source.data() + i * C);
    for_each_window<float>(
        begin, end, rows, rows / 2, count,
        [&](index_t h, float* to) {
          extended.write(h, source.data());
          weighted_sum(ctx.isa(), at.data(), across, count, to);
        },
        [&](index_t h, const float* const* window) {
          weighted_sum(ctx.isa(), window, down, count, result.data());
          write_row(result.data(), n, h, y);
        });
  });
}

/// A symmetric kernel of 8-bit weights that sum to 256, both ways over bytes, exactly: the sums across keep all their
/// 16 bits, and rounding comes at the end.
inline void blur_bytes(cpu_context& ctx, view<const std::uint8_t> x, const std::vector<std::uint32_t>& kernel,
                       border edges, view<std::uint8_t> y) {
  const auto side = static_cast<index_t>(kernel.size()), half = side / 2;
  std::vector<std::int16_t> across;
  std::vector<std::int32_t> down;  // in pairs, the last one with a weight of 0
  for (index_t i = 0; i <= half; ++i) across.push_back(static_cast<std::int16_t>(kernel[static_cast<std::size_t>(i)]));
  for (std::size_t i = 0; i < kernel.size(); i += 2)
    down.push_back(static_cast<std::int32_t>(kernel[i] | (i + 1 < kernel.size() ? kernel[i + 1] : 0) << 16));
  const auto with_fixed_half = [half](auto&& body) {
    switch (half) {
      case 1: return body(fixed<1>{});
      case 2: return body(fixed<2>{});
      case 3: return body(fixed<3>{});
      default: return body(half);
    }
  };
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const extended_rows<std::uint8_t> extended(x.images(n), edges, half, half);
    tensor<std::uint8_t> source = row_buffer<std::uint8_t>(extended.length());
    tensor<std::uint8_t> result = row_buffer<std::uint8_t>(count);
    std::vector<const std::int16_t*> window(static_cast<std::size_t>(side + 1));
    for_each_window<std::int16_t>(
        begin, end, side, half, count,
        [&](index_t h, std::int16_t* to) {
          extended.write(h, source.data());
          with_fixed_half([&](auto fixed) {
            LAMINA_DISPATCH(ctx.isa(), blur_across(source.data(), C, across.data(), fixed, count, to));
          });
        },
        [&](index_t h, const std::int16_t* const* found) {
          std::copy_n(found, side, window.begin());
          window.back() = found[0];
          with_fixed_half([&](auto fixed) {
            LAMINA_DISPATCH(ctx.isa(), blur_down(window.data(), down.data(), fixed, count, result.data()));
          });
          write_row(result.data(), n, h, y);
        });
  });
}

/// The same of 16-bit samples, whose weights have 16 bits.
inline void blur_words(cpu_context& ctx, view<const std::uint16_t> x, const std::vector<std::uint32_t>& kernel,
                       border edges, view<std::uint16_t> y) {
  const auto side = static_cast<index_t>(kernel.size());
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const extended_rows<std::uint16_t> extended(x.images(n), edges, side / 2, side / 2);
    tensor<std::uint16_t> source = row_buffer<std::uint16_t>(extended.length());
    tensor<std::uint16_t> result = row_buffer<std::uint16_t>(count);
    for_each_window<std::uint32_t>(
        begin, end, side, side / 2, count,
        [&](index_t h, std::uint32_t* to) {
          extended.write(h, source.data());
          for (index_t e = 0; e < count; ++e) {
            to[e] = 0;
            for (index_t i = 0; i < side; ++i)
              to[e] += kernel[static_cast<std::size_t>(i)] * source[e + i * C];
          }
        },
        [&](index_t h, const std::uint32_t* const* window) {
          for (index_t e = 0; e < count; ++e) {
            std::uint64_t sum = std::uint64_t{1} << 31;
            for (index_t i = 0; i < side; ++i)
              sum += std::uint64_t{kernel[static_cast<std::size_t>(i)]} * window[i][e];
            result[e] = static_cast<std::uint16_t>(sum >> 32);
          }
          write_row(result.data(), n, h, y);
        });
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
  detail::filter_in_float<T>(ctx, x, kernel_across, kernel_down, edges, y);
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
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    detail::blur_bytes(ctx, x, detail::fixed_point_kernel(values, 8), edges, y);
  } else if constexpr (std::is_same_v<T, std::uint16_t>) {
    detail::blur_words(ctx, x, detail::fixed_point_kernel(values, 16), edges, y);
  } else {
    const std::vector<float> kernel(values.begin(), values.end());
    detail::filter_in_float<T>(ctx, x, kernel, kernel, edges, y);
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
  struct point_of_kernel {
    index_t row, column;
  };
  std::vector<point_of_kernel> points;  // those of weight 0 are left out: a motion blur has few others
  std::vector<float> weights;
  for (index_t i = 0; i < rows * columns; ++i)
    if (const float weight = kernel[static_cast<std::size_t>(i)]; weight != 0 || (points.empty() && i == 0)) {
      points.push_back({i / columns, i % columns});
      weights.push_back(weight);
    }
  detail::for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t C = x.extents().c, count = x.extents().w * C;
    const detail::extended_rows<T> extended(x.images(n), edges, columns / 2, columns - 1 - columns / 2);
    tensor<T> source = detail::row_buffer<T>(extended.length()), result = detail::row_buffer<T>(count);
    std::vector<const float*> at(points.size());
    detail::for_each_window<float>(
        begin, end, rows, rows / 2, extended.length(),
        [&](index_t h, float* to) {
          if constexpr (std::is_same_v<T, float>) {
            extended.write(h, to);
          } else {  // made floats once, not once for each weight
            extended.write(h, source.data());
            const T* const row[]{source.data()};
            constexpr float one[]{1};
            detail::weighted_sum(ctx.isa(), row, one, extended.length(), to);
          }
        },
        [&](index_t h, const float* const* window) {
          for (std::size_t i = 0; i < points.size(); ++i) at[i] = window[points[i].row] + points[i].column * C;
          detail::weighted_sum(ctx.isa(), at.data(), weights, count, result.data());
          detail::write_row(result.data(), n, h, y);
        });
  });
}

}  // namespace lamina
