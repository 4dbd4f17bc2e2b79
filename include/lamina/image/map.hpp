// lamina::image · SPDX-License-Identifier: Apache-2.0
// Maps of the plane, from a pixel of the picture that is made to the place in the picture that it comes from.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/image/point.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>

namespace lamina {

/// source = (m0·x + m1·y + m2, m3·x + m4·y + m5) for pixel (x, y) of the destination: what OpenCV calls
/// WARP_INVERSE_MAP. Centres of pixels have whole coordinates.
struct affine_map {
  std::array<double, 6> m{1, 0, 0, 0, 1, 0};

  constexpr point operator()(point p) const {
    return {m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5]};
  }

  /// The map that does in one warp what a warp with this one and a second with `next` do: p ↦ (*this)(next(p)).
  constexpr affine_map then(const affine_map& next) const {
    const auto& n = next.m;
    return {{m[0] * n[0] + m[1] * n[3], m[0] * n[1] + m[1] * n[4], m[0] * n[2] + m[1] * n[5] + m[2],
             m[3] * n[0] + m[4] * n[3], m[3] * n[1] + m[4] * n[4], m[3] * n[2] + m[4] * n[5] + m[5]}};
  }

  /// The map that undoes this one, computed in OpenCV's order. Throws `error` where there is none.
  affine_map inverse() const {
    const double determinant = m[0] * m[4] - m[1] * m[3], d = 1 / determinant;
    require(determinant != 0 && std::isfinite(d), "affine_map::inverse: the determinant of [", m[0], ' ', m[1], "; ",
            m[3], ' ', m[4], "] is ", determinant);
    affine_map back{{m[4] * d, m[1] * -d, 0, m[3] * -d, m[0] * d, 0}};
    back.m[2] = -back.m[0] * m[2] - back.m[1] * m[5];
    back.m[5] = -back.m[3] * m[2] - back.m[4] * m[5];
    return back;
  }

  friend constexpr bool operator==(const affine_map&, const affine_map&) = default;
};

/// What turns a picture by `degrees` clockwise, as seen on the screen, about `center`, and enlarges it by `scale` ≠ 0:
/// the inverse of OpenCV's getRotationMatrix2D of −degrees. Throws `error` when the scale is 0.
inline affine_map rotation_map(point center, double degrees, double scale = 1) {
  const double angle = -degrees * (std::numbers::pi / 180);
  const double a = std::cos(angle) * scale, b = std::sin(angle) * scale;
  const affine_map forward{{a, b, (1 - a) * center.x - b * center.y, -b, a, b * center.x + (1 - a) * center.y}};
  return forward.inverse();
}

/// source = ((m0·x + m1·y + m2) / w, (m3·x + m4·y + m5) / w) with w = m6·x + m7·y + m8, for pixel (x, y) of the
/// destination; (0, 0) where w = 0.
struct projective_map {
  std::array<double, 9> m{1, 0, 0, 0, 1, 0, 0, 0, 1};

  projective_map() = default;
  constexpr explicit projective_map(const std::array<double, 9>& elements) : m(elements) {}
  constexpr projective_map(const affine_map& a)
      : m{a.m[0], a.m[1], a.m[2], a.m[3], a.m[4], a.m[5], 0, 0, 1} {}

  constexpr point operator()(point p) const {
    const double w = m[6] * p.x + m[7] * p.y + m[8], over = w != 0 ? 1 / w : 0;
    return {(m[0] * p.x + m[1] * p.y + m[2]) * over, (m[3] * p.x + m[4] * p.y + m[5]) * over};
  }

  /// As affine_map::then.
  constexpr projective_map then(const projective_map& next) const {
    projective_map both;
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        both.m[3 * i + j] = m[3 * i] * next.m[j] + m[3 * i + 1] * next.m[3 + j] + m[3 * i + 2] * next.m[6 + j];
    return both;
  }
  /// The same map in its simpler form where it is affine.
  constexpr std::optional<affine_map> affine() const {
    if (m[6] != 0 || m[7] != 0 || m[8] != 1) return std::nullopt;
    return affine_map{{m[0], m[1], m[2], m[3], m[4], m[5]}};
  }
};

}  // namespace lamina
