// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/region.hpp>

LAMINA_BEGIN_REGION("avx2,fma")
/// Eight floats in a ymm register.
namespace lamina::avx2 {

template <class T>
struct vec;

template <>
struct vec<float> {
  using native = __m256;
  static constexpr index_t lanes = 8;
  static constexpr int registers = 16, sums = 12;

  struct mask {
    __m256 bits;
  };

  native value;

  static vec zero() { return {_mm256_setzero_ps()}; }
  static vec set(float x) { return {_mm256_set1_ps(x)}; }
  static vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static vec load(const bfloat16* p) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16))};
  }
  static vec load_first(const float* p, index_t count) { return {_mm256_maskload_ps(p, first(count))}; }
  static vec load_first(const bfloat16* p, index_t count) {
    bfloat16 copy[lanes] = {};
    for (index_t i = 0; i < count; ++i) copy[i] = p[i];
    return load(copy);
  }
  void store(float* p) const { _mm256_storeu_ps(p, value); }
  void store(bfloat16* p) const {
    // round to nearest even: add half a unit less one, plus the kept bit; NaN keeps its quiet bit
    const __m256i bits = _mm256_castps_si256(value);
    const __m256i kept = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(kept, _mm256_set1_epi32(0x7fff)));
    const __m256i nan = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
    const __m256i upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, nan, is_nan), 16);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(upper, upper), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
  }
  void store_first(float* p, index_t count) const { _mm256_maskstore_ps(p, first(count), value); }
  void store_first(bfloat16* p, index_t count) const {
    bfloat16 copy[lanes];
    store(copy);
    for (index_t i = 0; i < count; ++i) p[i] = copy[i];
  }

 private:
  static __m256i first(index_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  }
};

using vf = vec<float>;

inline vf operator+(vf a, vf b) { return {_mm256_add_ps(a.value, b.value)}; }
inline vf operator-(vf a, vf b) { return {_mm256_sub_ps(a.value, b.value)}; }
inline vf operator*(vf a, vf b) { return {_mm256_mul_ps(a.value, b.value)}; }
inline vf operator/(vf a, vf b) { return {_mm256_div_ps(a.value, b.value)}; }
inline vf rounded_product(vf a, vf b) {
  __m256 product = _mm256_mul_ps(a.value, b.value);
  asm("" : "+x"(product));
  return {product};
}
inline vf fma(vf a, vf b, vf c) { return {_mm256_fmadd_ps(a.value, b.value, c.value)}; }
inline vf max(vf a, vf b) { return {_mm256_max_ps(a.value, b.value)}; }
inline vf min(vf a, vf b) { return {_mm256_min_ps(a.value, b.value)}; }
inline vf sqrt(vf a) { return {_mm256_sqrt_ps(a.value)}; }
inline vf::mask greater(vf a, vf b) { return {_mm256_cmp_ps(a.value, b.value, _CMP_GT_OQ)}; }
inline vf select(vf::mask m, vf a, vf b) { return {_mm256_blendv_ps(b.value, a.value, m.bits)}; }
/// (a, b) becomes (a0 b0 a1 b1 a2 b2 a3 b3, a4 b4 … a7 b7).
inline void zip(vf& a, vf& b) {
  const __m256 even = _mm256_unpacklo_ps(a.value, b.value), odd = _mm256_unpackhi_ps(a.value, b.value);
  a.value = _mm256_permute2f128_ps(even, odd, 0x20);
  b.value = _mm256_permute2f128_ps(even, odd, 0x31);
}
inline unsigned to_bits(vf::mask m) { return static_cast<unsigned>(_mm256_movemask_ps(m.bits)); }
inline vf::mask from_bits(unsigned bits) {
  const __m256i lane_bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i set = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lane_bit);
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane_bit))};
}

#include <lamina/simd/common.inl>

}  // namespace lamina::avx2
LAMINA_END_REGION
