// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/portable.hpp>
#include <lamina/simd/region.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

/// Integers in the compiler's own vector type, 16 bytes. A *block* is 16 bytes of a vector: here there is one, in the
/// wider sets two and four, and what is said to happen in blocks happens in each of them alone.
namespace lamina::portable {

template <>
struct vec<std::int32_t> {
  using native = std::int32_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 4;

  native value;

  static vec set(std::int32_t x) { return {native{x, x, x, x}}; }
  static vec load(const std::int32_t* p) {
    vec v;
    std::memcpy(&v.value, p, sizeof(native));
    return v;
  }
  void store(std::int32_t* p) const { std::memcpy(p, &value, sizeof(native)); }
};
template <>
struct vec<std::int16_t> {
  using native = std::int16_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 8;

  native value;

  static vec set(std::int16_t x) { return {native{x, x, x, x, x, x, x, x}}; }
  static vec load(const std::int16_t* p) {
    vec v;
    std::memcpy(&v.value, p, sizeof(native));
    return v;
  }
  /// Bytes at p, made 16 bits wide.
  static vec load(const std::uint8_t* p) {
    vec v;
    for (index_t i = 0; i < lanes; ++i) v.value[i] = p[i];
    return v;
  }
  void store(std::int16_t* p) const { std::memcpy(p, &value, sizeof(native)); }
};
template <>
struct vec<std::uint8_t> {
  using native = std::uint8_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 16, blocks = 1;

  native value;

  static vec load(const std::uint8_t* p) {
    vec v;
    std::memcpy(&v.value, p, sizeof(native));
    return v;
  }
  void store(std::uint8_t* p) const { std::memcpy(p, &value, sizeof(native)); }
};

using vi = vec<std::int32_t>;
using vs = vec<std::int16_t>;
using vb = vec<std::uint8_t>;

inline vi operator+(vi a, vi b) { return {a.value + b.value}; }
inline vi operator-(vi a, vi b) { return {a.value - b.value}; }
/// The lower halves of the products.
inline vi operator*(vi a, vi b) { return {a.value * b.value}; }
inline vi operator&(vi a, vi b) { return {a.value & b.value}; }
inline vi operator|(vi a, vi b) { return {a.value | b.value}; }
inline vi shift_left(vi a, int bits) { return {a.value << bits}; }
inline vi shift_right(vi a, int bits) { return {a.value >> bits}; }
inline vi max(vi a, vi b) { return {a.value > b.value ? a.value : b.value}; }
inline vi min(vi a, vi b) { return {a.value < b.value ? a.value : b.value}; }
inline vf::mask equal(vi a, vi b) { return {a.value == b.value}; }
inline vi select(vf::mask m, vi a, vi b) { return {m.bits ? a.value : b.value}; }
inline vf to_float(vi a) { return {__builtin_convertvector(a.value, vf::native)}; }
/// To nearest, ties to even. |a| < 2³¹.
inline vi round_to_int(vf a) {
  vi v;
#if defined(__x86_64__)
  v.value = (vi::native)_mm_cvtps_epi32(a.value);  // SSE2, which every x86-64 has
#else
  for (index_t i = 0; i < vi::lanes; ++i) v.value[i] = static_cast<std::int32_t>(std::nearbyintf(a.value[i]));
#endif
  return v;
}

/// One number, as round_to_int rounds a vector's.
inline std::int32_t round_to_int(double a) {
#if defined(__x86_64__)
  return _mm_cvtsd_si32(_mm_set_sd(a));
#else
  return static_cast<std::int32_t>(std::nearbyint(a));
#endif
}

/// The lanes' worth of numbers at p, as floats.
inline vf load_floats(const float* p) { return vf::load(p); }
template <class T>
inline vf load_floats(const T* p) {
  T narrow __attribute__((vector_size(4 * sizeof(T))));
  std::memcpy(&narrow, p, sizeof(narrow));
  return {__builtin_convertvector(narrow, vf::native)};
}
/// Rounded to nearest, ties to even, and saturated where T is an integer; NaN becomes 0 there.
inline void store_floats(vf a, float* p) { a.store(p); }
template <class T>
inline void store_floats(vf a, T* p) {
  const vi rounded = round_to_int(min(max(a, vf::zero()), vf::set(std::numeric_limits<T>::max())));
  for (index_t i = 0; i < vf::lanes; ++i) p[i] = static_cast<T>(rounded.value[i]);
}
/// p[0], p[2], p[4], … in `even`, the others in `odd`.
inline void load_pairs(const float* p, vf& even, vf& odd) {
  for (index_t i = 0; i < vf::lanes; ++i) {
    even.value[i] = p[2 * i];
    odd.value[i] = p[2 * i + 1];
  }
}
#include <lamina/simd/integer_common.inl>

/// The same bits as twice as many lanes.
inline vs as_words(vi a) { return {(vs::native)a.value}; }
inline vs operator+(vs a, vs b) { return {a.value + b.value}; }
inline vs operator-(vs a, vs b) { return {a.value - b.value}; }
/// The lower halves of the products.
inline vs operator*(vs a, vs b) { return {a.value * b.value}; }
inline vs shift_right(vs a, int bits) { return {a.value >> bits}; }
/// The upper halves of the signed products.
inline vs multiply_high(vs a, vs b) {
  vs v;
  for (index_t i = 0; i < vs::lanes; ++i) v.value[i] = static_cast<std::int16_t>((a.value[i] * b.value[i]) >> 16);
  return v;
}
/// a0·b0 + a1·b1, a2·b2 + a3·b3, …
inline vi multiply_add_pairs(vs a, vs b) {
  vi v;
  for (index_t i = 0; i < vi::lanes; ++i)
    v.value[i] = a.value[2 * i] * b.value[2 * i] + a.value[2 * i + 1] * b.value[2 * i + 1];
  return v;
}
/// a0, b0, a1, b1, …: the lower and the upper halves of the blocks.
inline vs interleave_low(vs a, vs b) {
  return {vs::native{a.value[0], b.value[0], a.value[1], b.value[1], a.value[2], b.value[2], a.value[3], b.value[3]}};
}
inline vs interleave_high(vs a, vs b) {
  return {vs::native{a.value[4], b.value[4], a.value[5], b.value[5], a.value[6], b.value[6], a.value[7], b.value[7]}};
}
/// In blocks: the lanes of a, then those of b, saturated.
inline vs narrow_in_blocks(vi a, vi b) {
  const auto narrow = [](std::int32_t x) { return static_cast<std::int16_t>(std::clamp(x, -32768, 32767)); };
  vs v;
  for (index_t i = 0; i < vi::lanes; ++i) {
    v.value[i] = narrow(a.value[i]);
    v.value[i + vi::lanes] = narrow(b.value[i]);
  }
  return v;
}
/// The lanes saturated to bytes, in their order.
inline void store_bytes(vs a, std::uint8_t* p) {
  for (index_t i = 0; i < vs::lanes; ++i) p[i] = static_cast<std::uint8_t>(std::clamp<int>(a.value[i], 0, 255));
}
inline void store_bytes(vi a, std::uint8_t* p) {
  for (index_t i = 0; i < vi::lanes; ++i) p[i] = static_cast<std::uint8_t>(std::clamp(a.value[i], 0, 255));
}

inline vb min(vb a, vb b) { return {a.value < b.value ? a.value : b.value}; }
inline vb max(vb a, vb b) { return {a.value > b.value ? a.value : b.value}; }
/// In blocks: lane i is that lane of v which the pattern's byte i names; zero where it is 128 or more.
inline vb shuffle_in_blocks(vb v, vb pattern) {
  vb shuffled;
  for (index_t i = 0; i < vb::lanes; ++i)
    shuffled.value[i] = pattern.value[i] >= 128 ? std::uint8_t{0} : v.value[pattern.value[i] & 15];
  return shuffled;
}
/// Moves one block: to[i] = from[pattern[i]], where the pattern is below 16.
inline void shuffle_block(const std::uint8_t* from, const std::uint8_t* pattern, std::uint8_t* to) {
  for (index_t i = 0; i < 16; ++i) to[i] = from[pattern[i]];
}
/// The same 16 bytes in every block.
inline vb repeat_block(const std::uint8_t* p) { return vb::load(p); }
/// The lower and the upper halves of the blocks, made 16 bits wide.
inline vs widen_low(vb v) {
  vs w;
  for (index_t i = 0; i < vs::lanes; ++i) w.value[i] = v.value[i];
  return w;
}
inline vs widen_high(vb v) {
  vs w;
  for (index_t i = 0; i < vs::lanes; ++i) w.value[i] = v.value[i + vs::lanes];
  return w;
}
/// a0·b0 + a1·b1, a2·b2 + a3·b3, … of bytes a and signed bytes b; no sum may exceed 16 bits.
inline vs multiply_add_bytes(vb a, vi b) {
  std::int8_t weights[16];
  std::memcpy(weights, &b, 16);
  vs v;
  for (index_t i = 0; i < vs::lanes; ++i)
    v.value[i] =
        static_cast<std::int16_t>(a.value[2 * i] * weights[2 * i] + a.value[2 * i + 1] * weights[2 * i + 1]);
  return v;
}
/// Blocks from p + offsets[0], p + offsets[1], …
inline vb load_blocks(const std::uint8_t* p, const index_t* offsets) { return vb::load(p + offsets[0]); }
/// Block i: 8 bytes at first + offsets[i], 8 at second + offsets[i].
inline vb load_half_blocks(const std::uint8_t* first, const std::uint8_t* second, const std::int32_t* offsets) {
  vb v;
  std::memcpy(&v.value, first + offsets[0], 8);
  std::memcpy(reinterpret_cast<std::uint8_t*>(&v.value) + 8, second + offsets[0], 8);
  return v;
}
/// Block i: 8 bytes at p + offsets[2i], 8 at p + offsets[2i + 1].
inline vb load_half_blocks(const std::uint8_t* p, const std::int32_t* offsets) {
  vb v;
  std::memcpy(&v.value, p + offsets[0], 8);
  std::memcpy(reinterpret_cast<std::uint8_t*>(&v.value) + 8, p + offsets[1], 8);
  return v;
}
/// Block i: four times p[i].
inline vi spread(const std::int32_t* p) { return vi::set(p[0]); }
/// Block i: twice the four numbers from p + 4i on.
inline vs spread(const std::int16_t* p) { return {vs::native{p[0], p[1], p[2], p[3], p[0], p[1], p[2], p[3]}}; }
/// In blocks: a0 + a1, a2 + a3, b0 + b1, b2 + b3.
inline vi add_neighbours(vi a, vi b) {
  return {vi::native{a.value[0] + a.value[1], a.value[2] + a.value[3], b.value[0] + b.value[1],
                     b.value[2] + b.value[3]}};
}
/// Four bytes: the sum of the blocks over 2^bits, rounded half up and saturated.
inline void store_sum_of_blocks(vi a, int bits, std::uint8_t* p) {
  const vi quotient = shift_right(a + vi::set(1 << (bits - 1)), bits);
  for (index_t i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(std::clamp(quotient.value[i], 0, 255));
}
/// Block i's first Channels lanes as bytes, 0 … 255, at p + i·Channels. May write up to 4 bytes more.
template <index_t Channels>
inline void store_block_pixels(vi a, std::uint8_t* p) {
  for (index_t i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(a.value[i]);
}

/// A function of bytes by its 256 values.
class byte_table {
 public:
  explicit byte_table(const std::uint8_t* values) : values_(values) {}
  vb operator[](vb index) const {
    std::uint8_t bytes[vb::lanes];
    index.store(bytes);
    for (std::uint8_t& byte : bytes) byte = values_[byte];
    return vb::load(bytes);
  }

 private:
  const std::uint8_t* values_;
};

}  // namespace lamina::portable
