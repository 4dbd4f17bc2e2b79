// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// 32-bit words in a register, once per instruction set: what random numbers are made of. As many blocks of four words
// as there are lanes are made together, block block_numbers()[l] in lane l of four registers.
#pragma once

#include <lamina/simd/vec.hpp>

namespace lamina::portable {

template <>
struct vec<std::uint32_t> {
  using native = std::uint32_t __attribute__((vector_size(16)));
  static constexpr index_t lanes = 4;

  native value;

  static vec set(std::uint32_t x) { return {native{x, x, x, x}}; }
};
using vu = vec<std::uint32_t>;

inline vu operator+(vu a, vu b) { return {a.value + b.value}; }
inline vu operator^(vu a, vu b) { return {a.value ^ b.value}; }

/// The 64-bit products of the lanes, in halves.
struct wide_product {
  vu high, low;
};
inline wide_product multiply_wide(vu a, vu b) {
  wide_product p{};
  for (index_t i = 0; i < vu::lanes; ++i) {
    const std::uint64_t product = std::uint64_t{a.value[i]} * b.value[i];
    p.high.value[i] = static_cast<std::uint32_t>(product >> 32);
    p.low.value[i] = static_cast<std::uint32_t>(product);
  }
  return p;
}
inline vu block_numbers() { return {vu::native{0, 1, 2, 3}}; }
/// Writes the blocks one behind another, each with its words a, b, c, d.
inline void store_blocks(vu a, vu b, vu c, vu d, std::uint32_t* to) {
  for (index_t i = 0; i < vu::lanes; ++i, to += 4) {
    to[0] = a.value[i];
    to[1] = b.value[i];
    to[2] = c.value[i];
    to[3] = d.value[i];
  }
}
/// As many words as numbers uniform on [0, 1), as random_stream::uniform makes them.
inline vf to_uniforms(const std::uint32_t* words) {
  vf v{};
  for (index_t i = 0; i < vf::lanes; ++i) v.value[i] = static_cast<float>(words[i] >> 8) * 0x1p-24f;
  return v;
}

}  // namespace lamina::portable

#if defined(__aarch64__)
namespace lamina::neon {

template <>
struct vec<std::uint32_t> {
  using native = uint32x4_t;
  static constexpr index_t lanes = 4;

  native value;

  static vec set(std::uint32_t x) { return {vdupq_n_u32(x)}; }
};
using vu = vec<std::uint32_t>;

inline vu operator+(vu a, vu b) { return {vaddq_u32(a.value, b.value)}; }
inline vu operator^(vu a, vu b) { return {veorq_u32(a.value, b.value)}; }

struct wide_product {
  vu high, low;
};
inline wide_product multiply_wide(vu a, vu b) {
  const uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a.value), vget_low_u32(b.value)));
  const uint32x4_t last = vreinterpretq_u32_u64(vmull_high_u32(a.value, b.value));
  return {{vuzp2q_u32(first, last)}, {vuzp1q_u32(first, last)}};
}
inline vu block_numbers() { return {uint32x4_t{0, 1, 2, 3}}; }
inline void store_blocks(vu a, vu b, vu c, vu d, std::uint32_t* to) {
  vst4q_u32(to, {{a.value, b.value, c.value, d.value}});
}
inline vf to_uniforms(const std::uint32_t* words) {
  return vf{vcvtq_f32_u32(vshrq_n_u32(vld1q_u32(words), 8))} * vf::set(0x1p-24f);
}

}  // namespace lamina::neon
#elif defined(__x86_64__)
LAMINA_BEGIN_REGION("avx2,fma")
namespace lamina::avx2 {

template <>
struct vec<std::uint32_t> {
  using native = __m256i;
  static constexpr index_t lanes = 8;

  native value;

  static vec set(std::uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
};
using vu = vec<std::uint32_t>;

inline vu operator+(vu a, vu b) { return {_mm256_add_epi32(a.value, b.value)}; }
inline vu operator^(vu a, vu b) { return {_mm256_xor_si256(a.value, b.value)}; }

struct wide_product {
  vu high, low;
};
inline wide_product multiply_wide(vu a, vu b) {
  const __m256i even = _mm256_mul_epu32(a.value, b.value);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a.value, 32), _mm256_srli_epi64(b.value, 32));
  return {{_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa)},
          {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)}};
}
/// Such that the unpacking below, which works on both halves of a register alike, gives them in order.
inline vu block_numbers() { return {_mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7)}; }
inline void store_blocks(vu a, vu b, vu c, vu d, std::uint32_t* to) {
  const __m256i ab_low = _mm256_unpacklo_epi32(a.value, b.value), ab_high = _mm256_unpackhi_epi32(a.value, b.value);
  const __m256i cd_low = _mm256_unpacklo_epi32(c.value, d.value), cd_high = _mm256_unpackhi_epi32(c.value, d.value);
  __m256i* const place = reinterpret_cast<__m256i*>(to);
  _mm256_storeu_si256(place + 0, _mm256_unpacklo_epi64(ab_low, cd_low));
  _mm256_storeu_si256(place + 1, _mm256_unpackhi_epi64(ab_low, cd_low));
  _mm256_storeu_si256(place + 2, _mm256_unpacklo_epi64(ab_high, cd_high));
  _mm256_storeu_si256(place + 3, _mm256_unpackhi_epi64(ab_high, cd_high));
}
inline vf to_uniforms(const std::uint32_t* words) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
  return vf{_mm256_cvtepi32_ps(_mm256_srli_epi32(bits, 8))} * vf::set(0x1p-24f);
}

}  // namespace lamina::avx2
LAMINA_END_REGION

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace lamina::avx512 {

template <>
struct vec<std::uint32_t> {
  using native = __m512i;
  static constexpr index_t lanes = 16;

  native value;

  static vec set(std::uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
};
using vu = vec<std::uint32_t>;

inline vu operator+(vu a, vu b) { return {_mm512_add_epi32(a.value, b.value)}; }
inline vu operator^(vu a, vu b) { return {_mm512_xor_si512(a.value, b.value)}; }

struct wide_product {
  vu high, low;
};
// the zero-masked forms, because g++ 12 warns of an uninitialised source inside the plain ones
inline wide_product multiply_wide(vu a, vu b) {
  constexpr __mmask8 all = 0xff;
  const __m512i a_odd = _mm512_maskz_srli_epi64(all, a.value, 32), b_odd = _mm512_maskz_srli_epi64(all, b.value, 32);
  const __m512i even = _mm512_maskz_mul_epu32(all, a.value, b.value), odd = _mm512_maskz_mul_epu32(all, a_odd, b_odd);
  return {{_mm512_mask_blend_epi32(0xaaaa, _mm512_maskz_srli_epi64(all, even, 32), odd)},
          {_mm512_mask_blend_epi32(0xaaaa, even, _mm512_maskz_slli_epi64(all, odd, 32))}};
}
inline vu block_numbers() { return {_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)}; }
inline void store_blocks(vu a, vu b, vu c, vu d, std::uint32_t* to) {
  constexpr __mmask16 all = 0xffff;
  constexpr __mmask8 pairs = 0xff;
  const __m512i ab_low = _mm512_maskz_unpacklo_epi32(all, a.value, b.value);
  const __m512i ab_high = _mm512_maskz_unpackhi_epi32(all, a.value, b.value);
  const __m512i cd_low = _mm512_maskz_unpacklo_epi32(all, c.value, d.value);
  const __m512i cd_high = _mm512_maskz_unpackhi_epi32(all, c.value, d.value);
  _mm512_storeu_si512(to + 0, _mm512_maskz_unpacklo_epi64(pairs, ab_low, cd_low));
  _mm512_storeu_si512(to + 16, _mm512_maskz_unpackhi_epi64(pairs, ab_low, cd_low));
  _mm512_storeu_si512(to + 32, _mm512_maskz_unpacklo_epi64(pairs, ab_high, cd_high));
  _mm512_storeu_si512(to + 48, _mm512_maskz_unpackhi_epi64(pairs, ab_high, cd_high));
}
inline vf to_uniforms(const std::uint32_t* words) {
  constexpr __mmask16 all = 0xffff;
  const __m512i bits = _mm512_maskz_srli_epi32(all, _mm512_loadu_si512(words), 8);
  return vf{_mm512_maskz_cvtepi32_ps(all, bits)} * vf::set(0x1p-24f);
}

}  // namespace lamina::avx512
LAMINA_END_REGION
#endif
