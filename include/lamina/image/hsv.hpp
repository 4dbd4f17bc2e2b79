// lamina::image · SPDX-License-Identifier: Apache-2.0
// Colours by hue, saturation and value: one, and whole pictures.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/integer.hpp>
#include <lamina/simd/triples.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace lamina {

/// Hue in degrees from 0 (red) to 360, saturation from 0 to 1, value on the scale of the colour that it was made of.
struct hsv {
  float hue = 0, saturation = 0, value = 0;
};

/// The hexcone model (Smith: Color Gamut Transform Pairs. SIGGRAPH 1978, doi:10.1145/800248.807361), as OpenCV's
/// COLOR_RGB2HSV has it for floats.
inline hsv rgb_to_hsv(std::array<float, 3> rgb) {
  constexpr float tiny = std::numeric_limits<float>::epsilon();
  const auto [r, g, b] = rgb;
  const float value = std::max({r, g, b}), chroma = value - std::min({r, g, b});
  const float difference = value == r ? g - b : value == g ? b - r : r - g;
  const float primary = value == r ? 0.0f : value == g ? 120.0f : 240.0f;
  const float hue = portable::rounded_product(difference, 60 / (chroma + tiny)) + primary;
  return {hue < 0 ? hue + 360 : hue, chroma / (std::abs(value) + tiny), value};
}

/// The inverse, for hues from 0 to 360.
inline std::array<float, 3> hsv_to_rgb(const hsv& x) {
  const float sixths = x.hue / 60, chroma = x.value * x.saturation;
  // Each of red, green and blue loses the chroma over two sixths of the circle, with a slope before and behind.
  const auto channel = [&](float first) {
    const float turned = first + sixths, k = turned >= 6 ? turned - 6 : turned;
    return x.value - portable::rounded_product(chroma, std::clamp(std::min(k, 4 - k), 0.0f, 1.0f));
  };
  return {channel(5), channel(3), channel(1)};
}

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/hsv.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// Calls kernel(from, pixels, to) for runs of pixels of three channels that together cover x and y.
template <class T, class Kernel>
void for_each_colour_run(cpu_context& ctx, std::string_view op, view<const T> x, view<T> y, Kernel&& kernel) {
  require(x.extents() == y.extents() && x.extents().c == 3, op, ": x ", x.extents(), " and y ", y.extents(),
          " are not of one shape [N,H,W,3]");
  if (rows_are_dense(x, y))
    return for_each_dense_run(ctx, op, x, y, [&](const T* from, T* to, index_t count) { kernel(from, count / 3, to); });
  for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    const extended_rows<T> rows(x.images(n), border::replicate, 0, 0);
    tensor<T> row = row_buffer<T>(rows.length());
    for (index_t h = begin; h < end; ++h) {
      rows.write(h, row.data());
      kernel(row.data(), x.extents().w, row.data());
      write_row(row.data(), n, h, y);
    }
  });
}

}  // namespace detail

/// y = the hue, saturation and value of x's pixels. OpenCV's cv::cvtColor of floats by COLOR_RGB2HSV.
///   x  [N,H,W,3], red, green and blue
///   y  [N,H,W,3], hue from 0 to 360 degrees, saturation from 0 to 1, value on x's scale; it may be x
/// Writes y, what `rgb_to_hsv` of each pixel gives to the bit. Throws `error` on other shapes.
inline void rgb_to_hsv(cpu_context& ctx, view<const float> x, view<float> y) {
  detail::for_each_colour_run(ctx, "rgb_to_hsv", x, y, [&](const float* from, index_t pixels, float* to) {
    LAMINA_DISPATCH(ctx.isa(), rgb_to_hsv(from, pixels, to));
  });
}

/// The inverse: OpenCV's cv::cvtColor of floats by COLOR_HSV2RGB, for hues from 0 to 360. Shapes and errors as of
/// `rgb_to_hsv`.
inline void hsv_to_rgb(cpu_context& ctx, view<const float> x, view<float> y) {
  detail::for_each_colour_run(ctx, "hsv_to_rgb", x, y, [&](const float* from, index_t pixels, float* to) {
    LAMINA_DISPATCH(ctx.isa(), hsv_to_rgb(from, pixels, to));
  });
}

/// y = x with hues turned by change.hue degrees, from −360 to 360, and the other two added to saturation and value,
/// which stay between 0 and 1. Everything between is in float.
///   x      [N,H,W,3] of std::uint8_t or float, red, green and blue
///   white  of x's scale; a value of 1 stands for it
///   y      [N,H,W,3]; it may be x
/// Writes y, bytes rounded half up. Throws `error` on other shapes.
template <class T>
void change_hsv(cpu_context& ctx, std::type_identity_t<view<const T>> x, const hsv& change, float white, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, float>);
  detail::for_each_colour_run(ctx, "change_hsv", x, y, [&](const T* from, index_t pixels, T* to) {
    LAMINA_DISPATCH(ctx.isa(), change_hsv(from, pixels, change, white, to));
  });
}

}  // namespace lamina
