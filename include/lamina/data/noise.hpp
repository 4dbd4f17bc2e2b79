// lamina::data · SPDX-License-Identifier: Apache-2.0
// Smooth random fields of the plane, as pure functions of a key and a point: what made-up pictures are painted with.
#pragma once

#include <lamina/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace lamina {

/// Gradient noise (Perlin 1985, with the fifth-order fade of 2002): smooth, about −1 … 1, mean 0, features one unit
/// wide.
class gradient_noise {
 public:
  explicit gradient_noise(random_stream& stream) : key_(stream()) {}

  float operator()(float x, float y) const {
    const float fx = std::floor(x), fy = std::floor(y);
    const auto ix = static_cast<std::int32_t>(fx), iy = static_cast<std::int32_t>(fy);
    const float u = x - fx, v = y - fy;
    const float a = slope(ix, iy, u, v), b = slope(ix + 1, iy, u - 1, v);
    const float c = slope(ix, iy + 1, u, v - 1), d = slope(ix + 1, iy + 1, u - 1, v - 1);
    const float su = fade(u), sv = fade(v);
    const float top = a + su * (b - a), bottom = c + su * (d - c);
    return 1.5f * (top + sv * (bottom - top));
  }

  /// Σ 2⁻ᵏ · noise at 2ᵏ times the frequency. Octaves finer than `finest` (cycles a unit) are left out, so that a
  /// picture of few pixels shows the same field without aliasing.
  float octaves(float x, float y, int count, float finest) const {
    float sum = 0, amplitude = 1, frequency = 1;
    for (int k = 0; k < count && frequency <= finest; ++k, amplitude *= 0.5f, frequency *= 2) {
      const float shift = 17.3f * static_cast<float>(k);  // so that the octaves' lattices do not share their zeros
      sum += amplitude * (*this)(x * frequency + shift, y * frequency - shift);
    }
    return sum;
  }

  /// Distance to the nearest of one random point in each unit cell (Worley 1996): dots and meshes.
  float cells(float x, float y) const {
    const auto ix = static_cast<std::int32_t>(std::floor(x)), iy = static_cast<std::int32_t>(std::floor(y));
    float nearest = 4;
    for (std::int32_t j = iy - 1; j <= iy + 1; ++j)
      for (std::int32_t i = ix - 1; i <= ix + 1; ++i) {
        const std::uint32_t bits = hash(i, j);
        const float dx = static_cast<float>(i) + static_cast<float>(bits & 0xffff) * 0x1p-16f - x;
        const float dy = static_cast<float>(j) + static_cast<float>(bits >> 16) * 0x1p-16f - y;
        nearest = std::min(nearest, dx * dx + dy * dy);
      }
    return std::sqrt(nearest);
  }

  /// White noise of a lattice point: triangular on −1 … 1.
  float grain(index_t x, index_t y) const {
    const std::uint32_t bits = hash(static_cast<std::int32_t>(x), static_cast<std::int32_t>(y));
    return (static_cast<float>(bits & 0xffff) - static_cast<float>(bits >> 16)) * 0x1p-16f;
  }

 private:
  static float fade(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }
  /// Two rounds of multiply and xor-shift (the constants of Wellons's lowbias32) over lattice point and key.
  std::uint32_t hash(std::int32_t x, std::int32_t y) const {
    std::uint32_t h = key_ + static_cast<std::uint32_t>(x) * 0x9E3779B9u + static_cast<std::uint32_t>(y) * 0x85EBCA6Bu;
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    return h ^ (h >> 16);
  }
  /// The gradient at a lattice point, one of eight directions, times the offset from it.
  float slope(std::int32_t ix, std::int32_t iy, float dx, float dy) const {
    const std::uint32_t direction = hash(ix, iy) >> 29;
    constexpr float diagonal = 0.70710678f;
    switch (direction) {
      case 0: return dx;
      case 1: return -dx;
      case 2: return dy;
      case 3: return -dy;
      case 4: return (dx + dy) * diagonal;
      case 5: return (dx - dy) * diagonal;
      case 6: return (dy - dx) * diagonal;
      default: return (-dx - dy) * diagonal;
    }
  }

  std::uint32_t key_;
};

}  // namespace lamina
