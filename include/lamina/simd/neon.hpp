// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/region.hpp>

/// Four floats in a register of NEON, which every AArch64 processor has, fused multiply-adds included.
///
/// FEAT_BF16 is not used. Its conversion to bfloat16 gives the same bits as store() below, but as a later extension it
/// would want a region and a choice at run time, for a store that waits for memory; its products round otherwise.
namespace lamina::neon {

template <class T>
struct vec;

template <>
struct vec<float> {
  using native = float32x4_t;
  static constexpr index_t lanes = 4;
  static constexpr int registers = 32;
  /// Of 24, g++ spills some: no operand comes from memory, and it loads up to all factors of a step ahead.
  static constexpr int sums = 16;

  struct mask {
    uint32x4_t bits;
  };

  native value;

  static vec zero() { return {vdupq_n_f32(0)}; }
  static vec set(float x) { return {vdupq_n_f32(x)}; }
  static vec load(const float* p) { return {vld1q_f32(p)}; }
  static vec load(const bfloat16* p) {
    return {vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(&p->bits)), 16))};
  }
  template <class T>
  static vec load_first(const T* p, index_t count) {
    T copy[lanes] = {};
    for (index_t i = 0; i < count; ++i) copy[i] = p[i];
    return load(copy);
  }
  void store(float* p) const { vst1q_f32(p, value); }
  void store(bfloat16* p) const {
    // round to nearest even: add half a unit less one, plus the kept bit; NaN keeps its quiet bit
    const uint32x4_t bits = vreinterpretq_u32_f32(value);
    const uint32x4_t kept = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(kept, vdupq_n_u32(0x7fff)));
    const uint32x4_t nan = vorrq_u32(bits, vdupq_n_u32(0x400000));
    const uint32x4_t is_number = vceqq_f32(value, value);
    vst1_u16(&p->bits, vshrn_n_u32(vbslq_u32(is_number, rounded, nan), 16));
  }
  template <class T>
  void store_first(T* p, index_t count) const {
    T copy[lanes];
    store(copy);
    for (index_t i = 0; i < count; ++i) p[i] = copy[i];
  }
};

using vf = vec<float>;

inline vf operator+(vf a, vf b) { return {vaddq_f32(a.value, b.value)}; }
inline vf operator-(vf a, vf b) { return {vsubq_f32(a.value, b.value)}; }
inline vf operator*(vf a, vf b) { return {vmulq_f32(a.value, b.value)}; }
inline vf operator/(vf a, vf b) { return {vdivq_f32(a.value, b.value)}; }
inline vf rounded_product(vf a, vf b) {
  float32x4_t product = vmulq_f32(a.value, b.value);
  asm("" : "+w"(product));
  return {product};
}
inline vf fma(vf a, vf b, vf c) { return {vfmaq_f32(c.value, a.value, b.value)}; }
inline vf::mask greater(vf a, vf b) { return {vcgtq_f32(a.value, b.value)}; }
inline vf select(vf::mask m, vf a, vf b) { return {vbslq_f32(m.bits, a.value, b.value)}; }
// by comparison, as fmax and fmin treat NaN and the two zeros otherwise
inline vf max(vf a, vf b) { return select(greater(a, b), a, b); }
inline vf min(vf a, vf b) { return select(greater(b, a), a, b); }
inline vf sqrt(vf a) { return {vsqrtq_f32(a.value)}; }
/// (a, b) becomes (a0 b0 a1 b1, a2 b2 a3 b3).
inline void zip(vf& a, vf& b) {
  const float32x4_t first = vzip1q_f32(a.value, b.value);
  b.value = vzip2q_f32(a.value, b.value);
  a.value = first;
}
inline unsigned to_bits(vf::mask m) {
  const uint32x4_t lane_bit{1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(m.bits, lane_bit));
}
inline vf::mask from_bits(unsigned bits) {
  const uint32x4_t lane_bit{1, 2, 4, 8};
  return {vtstq_u32(vdupq_n_u32(bits), lane_bit)};
}

#include <lamina/simd/common.inl>

}  // namespace lamina::neon
