// lamina::augment · SPDX-License-Identifier: Apache-2.0
// What moves whole pixels and makes none: a view of the same pixels does it, without a copy.
#pragma once

#include <lamina/augment/range.hpp>
#include <lamina/image/map.hpp>
#include <lamina/image/transform.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

namespace lamina::augment {

/// A mirroring, a transposition or a cut.
struct pixel_move {
  enum class kind { mirror, flip, transpose, crop } what = kind::mirror;
  index_t left = 0, top = 0;  // of a crop: its upper left pixel
  image_size size{};          // of a crop

  image_size size_after(image_size before) const {
    switch (what) {
      case kind::transpose: return {before.height, before.width};
      case kind::crop: return size;
      default: return before;
    }
  }
  /// From a pixel of the result to the pixel that it was.
  affine_map map(image_size before) const {
    const auto last = [](index_t extent) { return static_cast<double>(extent - 1); };
    switch (what) {
      case kind::mirror: return {{-1, 0, last(before.width), 0, 1, 0}};
      case kind::flip: return {{1, 0, 0, 0, -1, last(before.height)}};
      case kind::transpose: return {{0, 1, 0, 1, 0, 0}};
      default: return {{1, 0, static_cast<double>(left), 0, 1, static_cast<double>(top)}};
    }
  }
  /// The view that shows x moved.
  template <class T>
  view<T> operator()(view<T> x) const {
    switch (what) {
      case kind::mirror: return flip_left_right(x);
      case kind::flip: return flip_up_down(x);
      case kind::transpose: return lamina::transpose(x);
      default:
        return {x.pixel(0, top, left), {x.extents().n, size.height, size.width, x.extents().c}, x.image_stride(),
                x.row_stride(), x.pixel_stride()};
    }
  }
};

/// The elements of a map that only moves whole pixels, of a result of `size`; nothing of any other map.
inline std::optional<std::array<index_t, 6>> whole_elements(const affine_map& map, image_size size) {
  constexpr double tolerance = 1e-9;  // of a pixel at the far corner: rounding, not intent
  std::array<index_t, 6> m;
  for (std::size_t i = 0; i < 6; ++i) {
    const double whole = std::nearbyint(map.m[i]), far = static_cast<double>(std::max(size.width, size.height));
    if (!(std::abs(map.m[i] - whole) * (i % 3 == 2 ? 1 : far) < tolerance) || std::abs(whole) > 1e9)
      return std::nullopt;
    m[i] = static_cast<index_t>(whole);
  }
  const bool straight = m[1] == 0 && m[3] == 0 && std::abs(m[0]) == 1 && std::abs(m[4]) == 1;
  const bool transposed = m[0] == 0 && m[4] == 0 && std::abs(m[1]) == 1 && std::abs(m[3]) == 1;
  return straight || transposed ? std::optional(m) : std::nullopt;
}

/// The view of x that shows what a warp by `map` to `size` would make, where the map only moves whole pixels and all of
/// them lie inside x; nothing elsewhere.
template <class T>
std::optional<view<T>> moved(view<T> x, const affine_map& map, image_size size) {
  const auto elements = whole_elements(map, size);
  if (!elements) return std::nullopt;
  const auto& m = *elements;
  const auto inside = [&](index_t w, index_t h) {
    const index_t column = m[0] * w + m[1] * h + m[2], row = m[3] * w + m[4] * h + m[5];
    return column >= 0 && column < x.extents().w && row >= 0 && row < x.extents().h;
  };
  if (!inside(0, 0) || !inside(size.width - 1, size.height - 1)) return std::nullopt;
  return view<T>{x.pixel(0, m[5], m[2]), {x.extents().n, size.height, size.width, x.extents().c}, x.image_stride(),
                 m[4] * x.row_stride() + m[1] * x.pixel_stride(), m[3] * x.row_stride() + m[0] * x.pixel_stride()};
}

}  // namespace lamina::augment
