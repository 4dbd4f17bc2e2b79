// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Element types. Activations are stored in float or bfloat16; arithmetic is float, in the references double.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#define LAMINA_HOST_DEVICE __host__ __device__
#else
/// Marks what both host and CUDA device code may call; empty for other compilers.
#define LAMINA_HOST_DEVICE
#endif

namespace lamina {

/// Extents, strides, counts and positions.
using index_t = std::ptrdiff_t;

/// The upper half of a float: 8 bits of exponent, 7 of mantissa. A storage type, so it only converts.
/// Same bits as `Eigen::bfloat16` and `__nv_bfloat16`, whose headers are too costly to include everywhere.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  /// Rounds to nearest, ties to even; NaN stays a NaN.
  LAMINA_HOST_DEVICE explicit bfloat16(float value) {
    const auto all = std::bit_cast<std::uint32_t>(value);
    const bool nan = (all & 0x7fffffffu) > 0x7f800000u;
    const std::uint32_t rounding = 0x7fffu + ((all >> 16) & 1u);
    bits = static_cast<std::uint16_t>(nan ? (all >> 16) | 0x40u : (all + rounding) >> 16);
  }
  LAMINA_HOST_DEVICE explicit bfloat16(double value) : bfloat16(static_cast<float>(value)) {}
  LAMINA_HOST_DEVICE explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  LAMINA_HOST_DEVICE explicit operator double() const { return static_cast<float>(*this); }
};

}  // namespace lamina
