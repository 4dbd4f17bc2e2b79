// lamina::image · SPDX-License-Identifier: Apache-2.0
// Element types, channels, and the way between bytes and what a network sees.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/convert.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// `value` as a To: integers are rounded to nearest (ties to even) and saturate, NaN becomes 0.
template <class To, class From>
To saturate_cast(From value) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (!(value > static_cast<From>(std::numeric_limits<To>::min())))
      return std::isnan(value) ? To{0} : std::numeric_limits<To>::min();
    if (value >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(std::nearbyint(value));
  } else if constexpr (std::is_integral_v<To>) {
    if (std::cmp_less(value, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (std::cmp_greater(value, std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

namespace detail {

/// y(n,h,w,c) = f(x(n,h,w,c), c) for every element.
template <class From, class To, class F>
void map_elements(std::string_view op, view<const From> x, view<To> y, F&& f) {
  require(x.extents() == y.extents(), op, ": x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const From* from = x.pixel(n, h, w);
        To* to = y.pixel(n, h, w);
        for (index_t c = 0; c < C; ++c) to[c] = f(from[c], c);
      }
}

inline void check_statistics(std::string_view op, index_t channels, std::span<const float> mean,
                             std::span<const float> deviation) {
  const auto count = static_cast<std::size_t>(channels);
  require(mean.size() == count && deviation.size() == count, op, ": ", mean.size(), " means and ", deviation.size(),
          " deviations for ", channels, " channels");
  for (const float d : deviation) require(d > 0, op, ": deviation ", d, " is not positive");
}

}  // namespace detail

namespace detail {

/// The types whose values are floats, too, and have vector code.
template <class T>
inline constexpr bool fits_in_float =
    std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>;

}  // namespace detail

/// y = x, each element by `saturate_cast`: rounded to nearest, ties to even, and saturated where y's type is narrower.
/// Equal to OpenCV's cv::Mat::convertTo but for floats from 2³¹ on, which become y's highest value, and NaN, which
/// becomes 0: OpenCV makes y's lowest value of both.
///   x, y  [N,H,W,C]
/// Writes y. Throws `error` when the shapes differ.
template <class From, class To>
void convert(cpu_context& ctx, view<const From> x, view<To> y) {
  if constexpr (detail::fits_in_float<From> && detail::fits_in_float<To>)
    if (detail::rows_are_dense(x, y))
      return detail::for_each_dense_run(ctx, "convert", x, y, [&](const From* from, To* to, index_t count) {
        LAMINA_DISPATCH(ctx.isa(), convert(from, count, to));
      });
  detail::map_elements("convert", x, y, [](From v, index_t) { return saturate_cast<To>(v); });
}
/// The same on the calling thread, with a context of its own.
template <class From, class To>
void convert(view<const From> x, view<To> y) {
  cpu_context here;
  convert(here, x, y);
}

/// A tensor of x's elements as To, made by `convert`: convert_to<std::uint8_t>(probabilities).
///   x  [N,H,W,C]
template <class To, class From>
tensor<To> convert_to(view<From> x) {
  tensor<To> y(x.extents(), uninitialized);
  convert(as_const(x), y.view());
  return y;
}
template <class To, class From>
tensor<To> convert_to(const tensor<From>& x) {
  return convert_to<To>(x.view());
}

/// y = scale · x; the default takes bytes to [0, 1].
///   x, y  [N,H,W,C]
/// Writes y. Throws `error` when the shapes differ.
inline void to_float(cpu_context& ctx, view<const std::uint8_t> x, view<float> y, float scale = 1.0f / 255) {
  if (!detail::rows_are_dense(x, y))
    return detail::map_elements("to_float", x, y,
                                [scale](std::uint8_t v, index_t) { return scale * static_cast<float>(v); });
  detail::for_each_dense_run(ctx, "to_float", x, y, [&](const std::uint8_t* from, float* to, index_t count) {
    LAMINA_DISPATCH(ctx.isa(), to_float(from, count, scale, to));
  });
}
/// The same on the calling thread, with a context of its own.
inline void to_float(view<const std::uint8_t> x, view<float> y, float scale = 1.0f / 255) {
  cpu_context here;
  to_float(here, x, y, scale);
}

/// y = (x − mean) / deviation, channel by channel.
///   x, y             [N,H,W,C]; y may be x
///   mean, deviation  C values each, in x's units
/// Writes y. Throws `error` when the shapes or counts differ or a deviation is not positive.
inline void normalize(cpu_context& ctx, view<const float> x, std::span<const float> mean,
                      std::span<const float> deviation, view<float> y) {
  const index_t C = x.extents().c;
  detail::check_statistics("normalize", C, mean, deviation);
  if (!detail::rows_are_dense(x, y))
    return detail::map_elements("normalize", x, y, [&](float v, index_t c) {
      const auto i = static_cast<std::size_t>(c);
      return (v - mean[i]) / deviation[i];
    });
  constexpr index_t widest_vector = 16;
  const index_t period = widest_vector * C;
  std::vector<float> means, deviations;
  for (index_t i = 0; i < widest_vector; ++i) {
    means.insert(means.end(), mean.begin(), mean.end());
    deviations.insert(deviations.end(), deviation.begin(), deviation.end());
  }
  detail::for_each_dense_run(ctx, "normalize", x, y, [&](const float* from, float* to, index_t count) {
    LAMINA_DISPATCH(ctx.isa(), normalize(from, count, means.data(), deviations.data(), period, to));
  });
}
/// The same on the calling thread, with a context of its own.
inline void normalize(view<const float> x, std::span<const float> mean, std::span<const float> deviation,
                      view<float> y) {
  cpu_context here;
  normalize(here, x, mean, deviation, y);
}

/// y = (x · deviation + mean) · scale, rounded and saturated: the bytes that `to_float(1/scale)` and `normalize` saw.
///   x, y             [N,H,W,C]
///   mean, deviation  C values each
/// Writes y. Throws `error` when the shapes or counts differ or a deviation is not positive.
inline void denormalize(view<const float> x, std::span<const float> mean, std::span<const float> deviation,
                        view<std::uint8_t> y, float scale = 255) {
  detail::check_statistics("denormalize", x.extents().c, mean, deviation);
  detail::map_elements("denormalize", x, y, [&](float v, index_t c) {
    const auto i = static_cast<std::size_t>(c);
    return saturate_cast<std::uint8_t>((v * deviation[i] + mean[i]) * scale);
  });
}

/// y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded half up.
///   x  [N,H,W,C], C ≥ 3, integers of 8 or 16 bits
///   y  [N,H,W,1]
/// Writes y. Throws `error` on other shapes.
template <class T>
  requires std::is_integral_v<T>
void rgb_to_grey(std::type_identity_t<view<const T>> x, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  require(C >= 3 && y.extents() == shape{N, H, W, 1}, "rgb_to_grey: x ", x.extents(), " and y ", y.extents(),
          " are not [N,H,W,3] and [N,H,W,1]");
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const T* p = x.pixel(n, h, w);
        y(n, h, w, 0) = static_cast<T>((p[0] * 4899u + p[1] * 9617u + p[2] * 1868u + 8192u) >> 14);  // 14-bit weights
      }
}

/// The same picture with `channels` channels: grey is repeated, colour is weighed to grey, alpha is dropped.
///   x         [N,H,W,C], C = 1, 3 or 4
///   channels  1, 3, or 0 to leave them as they are
/// Throws `error` on any other count.
template <class T>
tensor<T> with_channels(tensor<T> x, index_t channels) {
  const auto [N, H, W, C] = x.extents();
  if (channels == 0 || channels == C) return x;
  require((channels == 1 || channels == 3) && (C == 1 || C == 3 || C == 4), "with_channels: ", channels,
          " channels wanted of ", x.extents());
  tensor<T> y({N, H, W, channels}, uninitialized);
  if (channels == 1) {
    rgb_to_grey(x.view(), y.view());
  } else {
    const index_t step = C == 1 ? 0 : 1;
    const T* from = x.data();
    for (T* to = y.data(); to != y.data() + y.size(); to += 3, from += C)
      for (index_t c = 0; c < 3; ++c) to[c] = from[c * step];
  }
  return y;
}

}  // namespace lamina
