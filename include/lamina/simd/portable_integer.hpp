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
    std::uint8_t narrow __attribute__((vector_size(8)));
    std::memcpy(&narrow, p, sizeof(narrow));
    return {__builtin_convertvector(narrow, native)};
  }
  void store(std::int16_t* p) const { std::memcpy(p, &value, sizeof(native)); }
};
template <>
struct vec<std::uint16_t> {
  using native = std::uint16_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 8;

  native value;

  static vec load(const std::uint16_t* p) {
    vec v;
    std::memcpy(&v.value, p, sizeof(native));
    return v;
  }
  void store(std::uint16_t* p) const { std::memcpy(p, &value, sizeof(native)); }
};
template <>
struct vec<std::uint8_t> {
  using native = std::uint8_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 16;

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
using vw = vec<std::uint16_t>;
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

/// Towards 0. |a| < 2³¹.
inline vi truncate_to_int(vf a) { return {__builtin_convertvector(a.value, vi::native)}; }

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
/// Sums, differences and products wrap, as those of the other instruction sets do.
using wrapping = std::uint16_t __attribute__((vector_size(16)));
inline vs operator+(vs a, vs b) { return {(vs::native)((wrapping)a.value + (wrapping)b.value)}; }
inline vs operator-(vs a, vs b) { return {(vs::native)((wrapping)a.value - (wrapping)b.value)}; }
/// The lower halves of the products.
inline vs operator*(vs a, vs b) { return {(vs::native)((wrapping)a.value * (wrapping)b.value)}; }
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
  return {__builtin_shufflevector(a.value, b.value, 0, 8, 1, 9, 2, 10, 3, 11)};
}
inline vs interleave_high(vs a, vs b) {
  return {__builtin_shufflevector(a.value, b.value, 4, 12, 5, 13, 6, 14, 7, 15)};
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

inline vw min(vw a, vw b) { return {a.value < b.value ? a.value : b.value}; }
inline vw max(vw a, vw b) { return {a.value > b.value ? a.value : b.value}; }
inline vb min(vb a, vb b) { return {a.value < b.value ? a.value : b.value}; }
inline vb max(vb a, vb b) { return {a.value > b.value ? a.value : b.value}; }
/// The top bits of the lanes, that of lane i at bit i.
inline std::uint64_t top_bits(vb a) {
#if defined(__x86_64__)
  return static_cast<std::uint32_t>(_mm_movemask_epi8((__m128i)a.value));  // SSE2
#else
  std::uint64_t bits = 0;
  for (index_t i = 0; i < vb::lanes; ++i) bits |= std::uint64_t{a.value[i] >= 128} << i;
  return bits;
#endif
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
