// lamina::image · SPDX-License-Identifier: Apache-2.0
// Pictures moved, turned, bent: each pixel of the result is looked up where a map says that it comes from.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/map.hpp>
#include <lamina/image/warp_rows.hpp>

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

/// `v` rounded to nearest, ties to even, and kept within ±limit; NaN goes to the lowest.
inline std::int64_t rounded(double v, double limit) {
  return static_cast<std::int64_t>(std::nearbyint(v > -limit ? std::min(v, limit) : -limit));
}

/// The places of an affine warp: what column and row add to them, in 1/1024 of a pixel.
class affine_places {
 public:
  affine_places(const affine_map& map, bool nearest, index_t width)
      : map_(map), shift_(nearest ? bits : bits - place_bits), half_(std::int64_t{1} << (shift_ - 1)) {
    for (index_t w = 0; w < round_up(width, alignment); ++w) {
      across_x_.push_back(scaled(map.m[0] * static_cast<double>(w)));
      across_y_.push_back(scaled(map.m[3] * static_cast<double>(w)));
    }
    // Sums of 32 bits, which the kernel takes, do for any picture of sensible size.
    const auto fits = [](std::int64_t v) { return std::abs(v) < 1 << 30; };
    narrow_ = fits(across_x_.back()) && fits(across_y_.back());
    narrow_x_.assign(across_x_.begin(), across_x_.end());
    narrow_y_.assign(across_y_.begin(), across_y_.end());
  }

  void operator()(isa set, index_t h, index_t w, index_t count, chunk_places& places) const {
    const auto& m = map_.m;
    const std::int64_t down_x = scaled(m[1] * static_cast<double>(h) + m[2]) + half_;
    const std::int64_t down_y = scaled(m[4] * static_cast<double>(h) + m[5]) + half_;
    const auto at = static_cast<std::size_t>(w);
    if (narrow_ && std::max(std::abs(down_x), std::abs(down_y)) < 1 << 30)
      LAMINA_DISPATCH(set, affine_places(narrow_x_.data() + w, narrow_y_.data() + w, static_cast<std::int32_t>(down_x),
                                         static_cast<std::int32_t>(down_y), shift_, count, places.x, places.y));
    const auto kept = [this](std::int64_t sum) {
      return static_cast<std::int32_t>(std::clamp<std::int64_t>(sum >> shift_, -(1 << 30), 1 << 30));
    };
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      places.x[i] = kept(down_x + across_x_[at + i]);
      places.y[i] = kept(down_y + across_y_[at + i]);
    }
  }

 private:
  static constexpr int bits = 10;
  static std::int64_t scaled(double v) { return rounded(v * (1 << bits), 0x1p60); }

  affine_map map_;
  int shift_;
  std::int64_t half_;
  std::vector<std::int64_t> across_x_, across_y_;
  std::vector<std::int32_t> narrow_x_, narrow_y_;
  bool narrow_;
};

/// The map along row h from column `first` on.
inline perspective_row row_of(const projective_map& map, index_t h, index_t first) {
  const auto& m = map.m;
  const auto x = static_cast<double>(first), y = static_cast<double>(h);
  const auto start = [&](std::size_t k) { return m[3 * k] * x + m[3 * k + 1] * y + m[3 * k + 2]; };
  return {{start(0), start(1), start(2)}, {m[0], m[3], m[6]}};
}

/// Places of `count` pixels from (h, w) on, times `scale`. OpenCV walks in blocks, and adds to each block's first
/// place: the same sums, rounded alike.
inline void perspective_places(isa set, const projective_map& map, index_t block, double scale, index_t h, index_t w,
                               index_t count, chunk_places& places) {
  for (index_t begin = 0, end = 0; begin < count; begin = end) {
    const index_t first = (w + begin) / block * block;
    end = std::min(first + block - w, count);
    const perspective_row row = row_of(map, h, first);
    const auto from = static_cast<double>(w + begin - first);
    [&] {
      LAMINA_DISPATCH(set, perspective_places(row, from, end - begin, scale, places.x + begin, places.y + begin));
    }();
  }
}

}  // namespace detail

/// y(h, w) = x at map(w, h). OpenCV's cv::warpAffine with WARP_INVERSE_MAP: the map's products are rounded to 1/1024,
/// their sums to 1/32 of a pixel (whole pixels for nearest), and weights are those of the 32 places between two pixels.
///   x  [N,H,W,C] of std::uint8_t, std::uint16_t or float, not empty
///   y  [N,H',W',C], no element in common with x
/// Writes y, the same bits with any number of workers and every instruction set. Equal to OpenCV 4.6: bytes, and
/// nearest of every type, exactly; 16-bit samples within 1, float within 1e-5 of the value range. OpenCV keeps places
/// in 16 bits; here a picture may be larger. Throws `error` when N or C differ, an extent is 0 or an element of the map
/// is not finite.
template <class T>
void warp_affine(cpu_context& ctx, std::type_identity_t<view<const T>> x, const affine_map& map, const sampling& how,
                 view<T> y) {
  detail::check_warp<T>("warp_affine", x, y);
  for (const double element : map.m)
    require(std::isfinite(element), "warp_affine: the map has an element ", element);
  const detail::affine_places find(map, how.method == interpolation::nearest, y.extents().w);
  detail::warp_rows<T>(ctx, x, how, y,
                       [&](index_t, index_t h, index_t w, index_t count, detail::chunk_places& places) {
                         find(ctx.isa(), h, w, count, places);
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
  const index_t block = std::min(1024 / std::min<index_t>(16, y.extents().h), y.extents().w);
  const double scale = how.method == interpolation::nearest ? 1 : detail::places_per_pixel;
  detail::warp_rows<T>(ctx, x, how, y,
                       [&](index_t, index_t h, index_t w, index_t count, detail::chunk_places& places) {
                         detail::perspective_places(ctx.isa(), map, block, scale, h, w, count, places);
                       });
}

/// y(h, w) = x at (map(h, w, 0), map(h, w, 1)), the source's x and y. OpenCV's cv::remap; places are rounded to 1/32 of
/// a pixel (whole pixels for nearest). A place that is NaN has the border's value, whatever the border; so has one 2²⁵
/// pixels or more beyond the left or upper edge.
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
  detail::warp_rows<T>(ctx, x, how, y,
                       [&](index_t n, index_t h, index_t w, index_t count, detail::chunk_places& places) {
                         const float* from = map.pixel(m.n == 1 ? 0 : n, h, w);
                         float pairs[2 * detail::warp_chunk];
                         if (map.pixel_stride() != 2) {
                           for (index_t i = 0; i < count; ++i)
                             std::copy_n(from + i * map.pixel_stride(), 2, pairs + 2 * i);
                           from = pairs;
                         }
                         LAMINA_DISPATCH(ctx.isa(), remap_places(from, count, scale, places.x, places.y));
                       });
}

}  // namespace lamina
