// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/region.hpp>

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
/// Sixteen floats in a zmm register.
namespace lamina::avx512 {

template <class T>
struct vec;

template <>
struct vec<float> {
  using native = __m512;
  static constexpr index_t lanes = 16;
  static constexpr int registers = 32, sums = 24;

  struct mask {
    __mmask16 bits;
  };

  native value;

  static vec zero() { return {_mm512_setzero_ps()}; }
  static vec set(float x) { return {_mm512_set1_ps(x)}; }
  static vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static vec load(const bfloat16* p) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {widen(half)};
  }
  static vec load_first(const float* p, index_t count) { return {_mm512_maskz_loadu_ps(first(count), p)}; }
  static vec load_first(const bfloat16* p, index_t count) {
    return {widen(_mm256_maskz_loadu_epi16(first(count), p))};
  }
  void store(float* p) const { _mm512_storeu_ps(p, value); }
  void store(bfloat16* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow()); }
  void store_first(float* p, index_t count) const { _mm512_mask_storeu_ps(p, first(count), value); }
  void store_first(bfloat16* p, index_t count) const { _mm256_mask_storeu_epi16(p, first(count), narrow()); }

 private:
  // the zero-masked forms, because g++ 12 warns of an uninitialised source inside the plain ones
  static constexpr __mmask16 all = 0xffff;
  static __mmask16 first(index_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
  static __m512 widen(__m256i half) {
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(all, _mm512_maskz_cvtepu16_epi32(all, half), 16));
  }
  /// Round to nearest even in integers, as the scalar type does: `vcvtneps2bf16` would flush denormals.
  __m256i narrow() const {
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i kept = _mm512_and_si512(_mm512_maskz_srli_epi32(all, bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(kept, _mm512_set1_epi32(0x7fff)));
    const __m512i nan = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    const __m512i upper = _mm512_maskz_srli_epi32(all, _mm512_mask_blend_epi32(is_nan, rounded, nan), 16);
    return _mm512_maskz_cvtepi32_epi16(all, upper);
  }
};

using vf = vec<float>;

inline vf operator+(vf a, vf b) { return {_mm512_add_ps(a.value, b.value)}; }
inline vf operator-(vf a, vf b) { return {_mm512_sub_ps(a.value, b.value)}; }
inline vf operator*(vf a, vf b) { return {_mm512_mul_ps(a.value, b.value)}; }
inline vf operator/(vf a, vf b) { return {_mm512_div_ps(a.value, b.value)}; }
inline vf rounded_product(vf a, vf b) {
  __m512 product = _mm512_mul_ps(a.value, b.value);
  asm("" : "+v"(product));
  return {product};
}
inline vf fma(vf a, vf b, vf c) { return {_mm512_fmadd_ps(a.value, b.value, c.value)}; }
inline vf max(vf a, vf b) { return {_mm512_maskz_max_ps(0xffff, a.value, b.value)}; }
inline vf min(vf a, vf b) { return {_mm512_maskz_min_ps(0xffff, a.value, b.value)}; }
inline vf sqrt(vf a) { return {_mm512_maskz_sqrt_ps(0xffff, a.value)}; }
inline vf::mask greater(vf a, vf b) { return {_mm512_cmp_ps_mask(a.value, b.value, _CMP_GT_OQ)}; }
inline vf select(vf::mask m, vf a, vf b) { return {_mm512_mask_blend_ps(m.bits, b.value, a.value)}; }
/// (a, b) becomes (a0 b0 a1 b1 … a7 b7, a8 b8 … a15 b15).
inline void zip(vf& a, vf& b) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const __m512 first = _mm512_permutex2var_ps(a.value, low, b.value);
  b.value = _mm512_permutex2var_ps(a.value, high, b.value);
  a.value = first;
}
inline unsigned to_bits(vf::mask m) { return m.bits; }
inline vf::mask from_bits(unsigned bits) { return {static_cast<__mmask16>(bits)}; }

#include <lamina/simd/common.inl>

}  // namespace lamina::avx512
LAMINA_END_REGION
