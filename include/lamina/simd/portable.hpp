// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/scalar.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

/// Four floats in the compiler's own vector type: SSE2 on x86-64, NEON on AArch64, plain code elsewhere.
namespace lamina::portable {

template <class T>
struct vec;

template <>
struct vec<float> {
  using native = float __attribute__((vector_size(16)));
  using native_mask = int __attribute__((vector_size(16)));
  static constexpr index_t lanes = 4;
  static constexpr int registers = 16;
  static constexpr int sums = 12;  // that a kernel keeps in registers, beside what it multiplies

  /// Lanes chosen by a comparison.
  struct mask {
    native_mask bits;
  };

  native value;

  static vec zero() { return {native{}}; }
  static vec set(float x) { return {native{x, x, x, x}}; }
  static vec load(const float* p) {
    vec v;
    std::memcpy(&v.value, p, sizeof(native));
    return v;
  }
  static vec load(const bfloat16* p) {
    return {
        native{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]), static_cast<float>(p[3])}};
  }
  /// The first `count` lanes; the others are zero and their memory isn't touched.
  template <class T>
  static vec load_first(const T* p, index_t count) {
    vec v = zero();
    for (index_t i = 0; i < count; ++i) v.value[i] = static_cast<float>(p[i]);
    return v;
  }
  void store(float* p) const { std::memcpy(p, &value, sizeof(native)); }
  void store(bfloat16* p) const {
    for (index_t i = 0; i < lanes; ++i) p[i] = bfloat16(value[i]);
  }
  template <class T>
  void store_first(T* p, index_t count) const {
    for (index_t i = 0; i < count; ++i) p[i] = static_cast<T>(value[i]);
  }
};

using vf = vec<float>;

inline vf operator+(vf a, vf b) { return {a.value + b.value}; }
inline vf operator-(vf a, vf b) { return {a.value - b.value}; }
inline vf operator*(vf a, vf b) { return {a.value * b.value}; }
inline vf operator/(vf a, vf b) { return {a.value / b.value}; }
/// a·b, rounded before anything is added: the empty asm keeps the compiler from fusing it with a sum, so that sums of
/// products have the same bits with every instruction set.
template <class T>
inline T kept_apart(T product) {
#if defined(__x86_64__)
  asm("" : "+x"(product));
#elif defined(__aarch64__)
  asm("" : "+w"(product));
#else
  asm("" : "+m"(product));
#endif
  return product;
}
inline vf rounded_product(vf a, vf b) { return {kept_apart(a.value * b.value)}; }
inline vf rounded_product(float a, vf b) { return rounded_product(vf::set(a), b); }
inline float rounded_product(float a, float b) { return kept_apart(a * b); }
/// a·b + c, rounded once where the instruction set can.
inline vf fma(vf a, vf b, vf c) { return {a.value * b.value + c.value}; }
inline vf::mask greater(vf a, vf b) { return {a.value > b.value}; }
/// Lane by lane: where the mask is set a, else b.
inline vf select(vf::mask m, vf a, vf b) { return {m.bits ? a.value : b.value}; }
/// a > b ? a : b, lane by lane; so b where a is NaN.
inline vf max(vf a, vf b) { return select(greater(a, b), a, b); }
inline vf min(vf a, vf b) { return select(greater(b, a), a, b); }
inline vf sqrt(vf a) {
  for (index_t i = 0; i < vf::lanes; ++i) a.value[i] = std::sqrt(a.value[i]);
  return a;
}
/// (a, b) becomes (a0 b0 a1 b1, a2 b2 a3 b3).
inline void zip(vf& a, vf& b) {
  const vf::native x = a.value, y = b.value;
  a.value = vf::native{x[0], y[0], x[1], y[1]};
  b.value = vf::native{x[2], y[2], x[3], y[3]};
}
/// Bit i tells lane i.
inline unsigned to_bits(vf::mask m) {
  unsigned bits = 0;
  for (index_t i = 0; i < vf::lanes; ++i) bits |= static_cast<unsigned>(m.bits[i] & 1) << i;
  return bits;
}
inline vf::mask from_bits(unsigned bits) {
  vf::mask m{};
  for (index_t i = 0; i < vf::lanes; ++i) m.bits[i] = (bits >> i & 1u) != 0 ? -1 : 0;
  return m;
}

#include <lamina/simd/common.inl>

}  // namespace lamina::portable
