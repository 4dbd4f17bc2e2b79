// lamina::image · SPDX-License-Identifier: Apache-2.0
// What lies beyond a picture's edge, for everything that looks there.
#pragma once

#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace lamina {

/// Of a row a b c d, what follows is …
enum class border {
  constant,    // one value everywhere
  replicate,   // d d d: the last pixel again
  reflect,     // d c b: a mirror on the edge
  wrap,        // a b c: the other end
  reflect_101  // c b a: a mirror in the middle of the last pixel
};

inline constexpr std::array all_borders{border::constant, border::replicate, border::reflect, border::wrap,
                                        border::reflect_101};

inline std::string_view name(border kind) {
  constexpr std::string_view names[] = {"constant", "replicate", "reflect", "wrap", "reflect_101"};
  return names[static_cast<int>(kind)];
}

/// The border of that name, "reflect101" too; nothing where there is none.
inline std::optional<border> border_named(std::string_view text) {
  if (text == "reflect101") return border::reflect_101;
  for (const border kind : all_borders)
    if (name(kind) == text) return kind;
  return std::nullopt;
}

/// The position in [0, size) that stands for position p, which may lie anywhere; −1 where a constant stands for it.
/// OpenCV's cv::borderInterpolate. `size` ≥ 1.
constexpr index_t border_position(border kind, index_t p, index_t size) {
  if (p >= 0 && p < size) return p;
  if (kind == border::constant) return -1;
  if (kind == border::replicate) return std::clamp<index_t>(p, 0, size - 1);
  if (size == 1) return 0;
  if (p <= -size || p >= 2 * size - 1) {  // far away: the picture and its mirror image repeat themselves
    const index_t period = kind == border::wrap ? size : kind == border::reflect ? 2 * size : 2 * size - 2;
    p = (p % period + period) % period;
    if (p < size) return p;
  }
  switch (kind) {
    case border::wrap: return p < 0 ? p + size : p - size;
    case border::reflect: return p < 0 ? -1 - p : 2 * size - 1 - p;
    default: return p < 0 ? -p : 2 * size - 2 - p;
  }
}

}  // namespace lamina
