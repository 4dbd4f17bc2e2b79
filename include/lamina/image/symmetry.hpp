// lamina::image · SPDX-License-Identifier: Apache-2.0
// The eight symmetries of the square, as places: what a prediction can be averaged over.
#pragma once

#include <lamina/image/transform.hpp>

namespace lamina {

/// One of the symmetries of the square, 0 to 7; those below 4 are also the rectangle's. Bit 0: left-right, then
/// bit 1: up-down, then bit 2: rows and columns change places.
struct symmetry {
  int bits = 0;

  constexpr bool transposes() const { return (bits & 4) != 0; }
};

/// How many symmetries a rectangle has: a square all eight, any other the first four.
constexpr int symmetry_count(index_t height, index_t width) { return height == width ? 8 : 4; }

/// x seen through s. Shares x's elements.
template <class T>
view<T> symmetric(view<T> x, symmetry s) {
  if (s.bits & 1) x = flip_left_right(x);
  if (s.bits & 2) x = flip_up_down(x);
  return s.transposes() ? transpose(x) : x;
}

/// Undoes `symmetric`: from_symmetric(symmetric(x, s), s) is x. Shares x's elements.
template <class T>
view<T> from_symmetric(view<T> x, symmetry s) {
  if (s.transposes()) x = transpose(x);
  if (s.bits & 2) x = flip_up_down(x);
  return s.bits & 1 ? flip_left_right(x) : x;
}

}  // namespace lamina
