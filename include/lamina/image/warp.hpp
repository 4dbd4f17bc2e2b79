// lamina::image · SPDX-License-Identifier: Apache-2.0
// Pictures moved, turned, bent: each pixel of the result is looked up where a map says that it comes from.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/map.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/sample.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina {

namespace detail {

template <class T>
void check_warp(std::string_view op, view<const T> x, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  const shape &from = x.extents(), &to = y.extents();
  require(from.n == to.n && from.c == to.c && from.size() > 0 && to.size() > 0, op, ": x ", from, " and y ", to,
          " must agree in N and C and not be empty (NHWC)");
}

/// `v` rounded to nearest, ties to even, and kept within what coordinates need; NaN goes to the lowest.
inline std::int64_t rounded(double v) {
  constexpr double limit = 1 << 30;
  return static_cast<std::int64_t>(std::nearbyint(v > -limit ? std::min(v, limit) : -limit));
}

/// y = the picture at the places that locate(n, h, w) tells: a pair of coordinates in pixels for nearest, else in 1/32
/// of a pixel.
template <class T, class Locate>
void warp(cpu_context& ctx, view<const T> x, const sampling& how, view<T> y, Locate&& locate) {
  const sampler<T> look_up(x, how);
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < y.extents().w; ++w) {
        const auto [at_x, at_y] = locate(n, h, w);
        look_up(n, at_x, at_y, y.pixel(n, h, w));
      }
  });
}

struct location {
  index_t x, y;
};

}  // namespace detail

/// y(h, w) = x at map(w, h). OpenCV's cv::warpAffine with WARP_INVERSE_MAP: the map's products are rounded to 1/1024,
/// their sums to 1/32 of a pixel (whole pixels for nearest), and weights are those of the 32 places between two pixels.
///   x  [N,H,W,C] of std::uint8_t, std::uint16_t or float, not empty
///   y  [N,H',W',C], no element in common with x
/// Writes y, the same bits with any number of workers and every instruction set. Equal to OpenCV 4.6: bytes, and
/// nearest of every type, exactly; 16-bit samples within 1, float within 1e-5 of the value range. OpenCV keeps places in
/// 16 bits; here a picture may be larger. Throws `error` when N or C differ, an extent is 0 or an element of the map is
/// not finite.
template <class T>
void warp_affine(cpu_context& ctx, std::type_identity_t<view<const T>> x, const affine_map& map, const sampling& how,
                 view<T> y) {
  detail::check_warp<T>("warp_affine", x, y);
  for (const double element : map.m)
    require(std::isfinite(element), "warp_affine: the map has an element ", element);
  constexpr int bits = 10;
  const bool nearest = how.method == interpolation::nearest;
  const int shift = nearest ? bits : bits - detail::place_bits;
  const std::int64_t half = std::int64_t{1} << (shift - 1);
  const auto& m = map.m;
  std::vector<std::int64_t> across_x, across_y;
  for (index_t w = 0; w < y.extents().w; ++w) {
    across_x.push_back(detail::rounded(m[0] * static_cast<double>(w) * (1 << bits)));
    across_y.push_back(detail::rounded(m[3] * static_cast<double>(w) * (1 << bits)));
  }
  detail::warp<T>(ctx, x, how, y, [&](index_t, index_t h, index_t w) {
    const auto row = static_cast<double>(h);
    const std::int64_t down_x = detail::rounded((m[1] * row + m[2]) * (1 << bits)) + half;
    const std::int64_t down_y = detail::rounded((m[4] * row + m[5]) * (1 << bits)) + half;
    return detail::location{(down_x + across_x[static_cast<std::size_t>(w)]) >> shift,
                            (down_y + across_y[static_cast<std::size_t>(w)]) >> shift};
  });
}

/// y(h, w) = x at map(w, h). OpenCV's cv::warpPerspective with WARP_INVERSE_MAP; places are rounded to 1/32 of a pixel
/// (whole pixels for nearest). Shapes, result and errors as of `warp_affine`.
template <class T>
void warp_perspective(cpu_context& ctx, std::type_identity_t<view<const T>> x, const projective_map& map,
                      const sampling& how, view<T> y) {
  detail::check_warp<T>("warp_perspective", x, y);
  for (const double element : map.m)
    require(std::isfinite(element), "warp_perspective: the map has an element ", element);
  const double scale = how.method == interpolation::nearest ? 1 : detail::places_per_pixel;
  // OpenCV walks in blocks, and adds to each block's first place: the same sums, rounded alike.
  const index_t block = std::min(1024 / std::min<index_t>(16, y.extents().h), y.extents().w);
  const auto& m = map.m;
  detail::warp<T>(ctx, x, how, y, [&](index_t, index_t h, index_t w) {
    const auto row = static_cast<double>(h), first = static_cast<double>(w / block * block);
    const auto within = static_cast<double>(w % block);
    const double depth = (m[6] * first + m[7] * row + m[8]) + m[6] * within;
    const double over = depth != 0 ? scale / depth : 0;
    return detail::location{detail::rounded(((m[0] * first + m[1] * row + m[2]) + m[0] * within) * over),
                            detail::rounded(((m[3] * first + m[4] * row + m[5]) + m[3] * within) * over)};
  });
}

/// y(h, w) = x at (map(h, w, 0), map(h, w, 1)), the source's x and y. OpenCV's cv::remap; places are rounded to 1/32 of
/// a pixel (whole pixels for nearest). A place that is NaN counts as far outside.
///   map  [1,H',W',2], or [N,H',W',2] with one for each image
/// Otherwise as `warp_affine`.
template <class T>
void remap(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> map, const sampling& how,
           view<T> y) {
  detail::check_warp<T>("remap", x, y);
  const shape &m = map.extents(), &to = y.extents();
  require((m.n == 1 || m.n == to.n) && m.h == to.h && m.w == to.w && m.c == 2, "remap: map ", m, " for y ", to,
          " is not [1 or N,H',W',2]");
  const float scale = how.method == interpolation::nearest ? 1 : detail::places_per_pixel;
  detail::warp<T>(ctx, x, how, y, [&](index_t n, index_t h, index_t w) {
    const float* at = map.pixel(m.n == 1 ? 0 : n, h, w);
    return detail::location{detail::rounded(at[0] * scale), detail::rounded(at[1] * scale)};
  });
}

}  // namespace lamina
