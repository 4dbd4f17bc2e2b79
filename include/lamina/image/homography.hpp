// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/image/map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace lamina {

/// The projective map that takes each of four points to its partner: for a warp, from[i] lies in the picture that is
/// made and to[i] in the one that is read. OpenCV's getPerspectiveTransform.
/// Throws `error` when three of the points lie on a line.
inline projective_map homography(const std::array<point, 4>& from, const std::array<point, 4>& to) {
  // Two rows for each pair: (m0·x + m1·y + m2) = u·(m6·x + m7·y + 1), and the same for v; in the last column u and v.
  std::array<std::array<double, 9>, 8> rows;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto [x, y] = from[i];
    const auto [u, v] = to[i];
    rows[2 * i] = {x, y, 1, 0, 0, 0, -u * x, -u * y, u};
    rows[2 * i + 1] = {0, 0, 0, x, y, 1, -v * x, -v * y, v};
  }
  for (std::size_t k = 0; k < 8; ++k) {  // Gauss and Jordan, with the largest of each column as pivot
    const auto larger = [k](const auto& a, const auto& b) { return std::abs(a[k]) < std::abs(b[k]); };
    std::swap(rows[k], *std::max_element(rows.begin() + static_cast<std::ptrdiff_t>(k), rows.end(), larger));
    require(std::abs(rows[k][k]) > 1e-12, "homography: three of four points lie on a line");
    for (std::size_t i = 0; i < 8; ++i) {
      const double factor = i == k ? 0 : rows[i][k] / rows[k][k];
      for (std::size_t j = k; j < 9; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  std::array<double, 9> m{};
  for (std::size_t k = 0; k < 8; ++k) m[k] = rows[k][8] / rows[k][k];
  m[8] = 1;
  return projective_map(m);
}

}  // namespace lamina
