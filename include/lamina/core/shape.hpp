// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/scalar.hpp>

#include <ostream>

namespace lamina {

/// The four extents of a tensor: images, rows, columns, channels (NHWC). A filter bank reads them as O, kernel rows,
/// kernel columns, I (OHWI); a vector of C values is [1,1,1,C].
///
///     const auto [N, H, W, C] = x.extents();
struct shape {
  index_t n = 1, h = 1, w = 1, c = 1;

  /// Number of elements.
  LAMINA_HOST_DEVICE constexpr index_t size() const { return n * h * w * c; }
  /// Number of pixels: what is left when channels are taken away.
  LAMINA_HOST_DEVICE constexpr index_t pixels() const { return n * h * w; }

  friend constexpr bool operator==(const shape&, const shape&) = default;
  friend std::ostream& operator<<(std::ostream& out, const shape& s) {
    return out << '[' << s.n << ',' << s.h << ',' << s.w << ',' << s.c << ']';
  }
};

/// The extents of a vector of `count` values: [1,1,1,count].
constexpr shape vector_shape(index_t count) { return {1, 1, 1, count}; }

}  // namespace lamina
