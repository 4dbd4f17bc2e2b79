// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Doubles in a register, `vd`, once per instruction set: what places far from a picture's corner need.
#pragma once

#include <lamina/simd/vec.hpp>

#include <cstdint>

namespace lamina::portable {

template <>
struct vec<double> {
  using native = double __attribute__((vector_size(16)));
  static constexpr index_t lanes = 2;

  native value;

  static vec set(double x) { return {native{x, x}}; }
  /// 0, 1, 2, …
  static vec numbers() { return {native{0, 1}}; }
};
using vd = vec<double>;

inline vd operator+(vd a, vd b) { return {a.value + b.value}; }
/// As of floats: rounded before anything is added.
inline vd rounded_product(vd a, vd b) { return {kept_apart(a.value * b.value)}; }
/// a / b, or 0 where b is 0.
inline vd quotient_or_zero(vd a, vd b) { return {b.value != vd::native{} ? a.value / b.value : vd::native{}}; }
/// a > b ? a : b, lane by lane; so b where a is NaN.
inline vd max(vd a, vd b) { return {a.value > b.value ? a.value : b.value}; }
inline vd min(vd a, vd b) { return {a.value < b.value ? a.value : b.value}; }
/// Rounded to nearest, ties to even; |a| < 2³¹.
inline void store_rounded(vd a, std::int32_t* p) {
#if defined(__x86_64__)
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_cvtpd_epi32((__m128d)a.value));
#else
  for (index_t i = 0; i < vd::lanes; ++i) p[i] = static_cast<std::int32_t>(std::nearbyint(a.value[i]));
#endif
}

}  // namespace lamina::portable

#if defined(__aarch64__)
namespace lamina::neon {

template <>
struct vec<double> {
  using native = float64x2_t;
  static constexpr index_t lanes = 2;

  native value;

  static vec set(double x) { return {vdupq_n_f64(x)}; }
  static vec numbers() { return {float64x2_t{0, 1}}; }
};
using vd = vec<double>;

inline vd operator+(vd a, vd b) { return {vaddq_f64(a.value, b.value)}; }
inline vd rounded_product(vd a, vd b) {
  float64x2_t product = vmulq_f64(a.value, b.value);
  asm("" : "+w"(product));
  return {product};
}
inline vd quotient_or_zero(vd a, vd b) {
  const uint64x2_t quotient = vreinterpretq_u64_f64(vdivq_f64(a.value, b.value));
  return {vreinterpretq_f64_u64(vbicq_u64(quotient, vceqzq_f64(b.value)))};
}
inline vd max(vd a, vd b) { return {vbslq_f64(vcgtq_f64(a.value, b.value), a.value, b.value)}; }
inline vd min(vd a, vd b) { return {vbslq_f64(vcltq_f64(a.value, b.value), a.value, b.value)}; }
inline void store_rounded(vd a, std::int32_t* p) { vst1_s32(p, vmovn_s64(vcvtnq_s64_f64(a.value))); }

}  // namespace lamina::neon
#elif defined(__x86_64__)
LAMINA_BEGIN_REGION("avx2,fma")
namespace lamina::avx2 {

template <>
struct vec<double> {
  using native = __m256d;
  static constexpr index_t lanes = 4;

  native value;

  static vec set(double x) { return {_mm256_set1_pd(x)}; }
  static vec numbers() { return {_mm256_setr_pd(0, 1, 2, 3)}; }
};
using vd = vec<double>;

inline vd operator+(vd a, vd b) { return {_mm256_add_pd(a.value, b.value)}; }
inline vd rounded_product(vd a, vd b) {
  __m256d product = _mm256_mul_pd(a.value, b.value);
  asm("" : "+x"(product));
  return {product};
}
inline vd quotient_or_zero(vd a, vd b) {
  const __m256d not_zero = _mm256_cmp_pd(b.value, _mm256_setzero_pd(), _CMP_NEQ_UQ);
  return {_mm256_and_pd(_mm256_div_pd(a.value, b.value), not_zero)};
}
inline vd max(vd a, vd b) { return {_mm256_max_pd(a.value, b.value)}; }
inline vd min(vd a, vd b) { return {_mm256_min_pd(a.value, b.value)}; }
inline void store_rounded(vd a, std::int32_t* p) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtpd_epi32(a.value));
}

}  // namespace lamina::avx2
LAMINA_END_REGION

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace lamina::avx512 {

template <>
struct vec<double> {
  using native = __m512d;
  static constexpr index_t lanes = 8;

  native value;

  static vec set(double x) { return {_mm512_set1_pd(x)}; }
  static vec numbers() { return {_mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7)}; }
};
using vd = vec<double>;

// the zero-masked forms, because g++ 12 warns of an uninitialised source inside the plain ones
inline vd operator+(vd a, vd b) { return {_mm512_add_pd(a.value, b.value)}; }
inline vd rounded_product(vd a, vd b) {
  __m512d product = _mm512_mul_pd(a.value, b.value);
  asm("" : "+v"(product));
  return {product};
}
inline vd quotient_or_zero(vd a, vd b) {
  const __mmask8 not_zero = _mm512_cmp_pd_mask(b.value, _mm512_setzero_pd(), _CMP_NEQ_UQ);
  return {_mm512_maskz_div_pd(not_zero, a.value, b.value)};
}
inline vd max(vd a, vd b) { return {_mm512_maskz_max_pd(0xff, a.value, b.value)}; }
inline vd min(vd a, vd b) { return {_mm512_maskz_min_pd(0xff, a.value, b.value)}; }
inline void store_rounded(vd a, std::int32_t* p) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtpd_epi32(0xff, a.value));
}

}  // namespace lamina::avx512
LAMINA_END_REGION
#endif
