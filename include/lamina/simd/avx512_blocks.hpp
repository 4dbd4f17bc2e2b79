// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/avx2_blocks.hpp>
#include <lamina/simd/avx512_integer.hpp>

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
/// The same in a zmm register, which has four blocks. What each function does is said in avx2_blocks.hpp.
namespace lamina::avx512 {

inline vb shuffle_in_blocks(vb v, vb pattern) { return {_mm512_shuffle_epi8(v.value, pattern.value)}; }
inline vb repeat_block(const std::uint8_t* p) {
  return {_mm512_maskz_broadcast_i32x4(all_ints, avx2::load_block(p))};
}
inline vs widen_low(vb v) { return {_mm512_unpacklo_epi8(v.value, _mm512_setzero_si512())}; }
inline vs widen_high(vb v) { return {_mm512_unpackhi_epi8(v.value, _mm512_setzero_si512())}; }
inline vs multiply_add_bytes(vb a, vi b) { return {_mm512_maddubs_epi16(a.value, b.value)}; }

using avx2::shuffle_block;
using avx2::transpose_four_by_four;
inline vb load_blocks(const std::uint8_t* p, const index_t* offsets) {
  const __m256i lower = avx2::load_blocks(p, offsets).value, upper = avx2::load_blocks(p, offsets + 2).value;
  return {_mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(lower), upper, 1)};
}
inline vb load_half_blocks(const std::uint8_t* first, const std::uint8_t* second, const std::int32_t* offsets) {
  const __m256i lower = avx2::load_half_blocks(first, second, offsets).value;
  const __m256i upper = avx2::load_half_blocks(first, second, offsets + 2).value;
  return {_mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(lower), upper, 1)};
}
inline vb load_half_blocks(const std::uint8_t* p, const std::int32_t* offsets) {
  const __m256i lower = avx2::load_half_blocks(p, offsets).value, upper = avx2::load_half_blocks(p, offsets + 4).value;
  return {_mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(lower), upper, 1)};
}
inline vi spread(const std::int32_t* p) {
  const __m512i four = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return {_mm512_maskz_permutexvar_epi32(all_ints, lanes, four)};
}
inline vs spread(const std::int16_t* p) {
  const __m512i sixteen = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return {_mm512_maskz_permutexvar_epi64(0xff, _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3), sixteen)};
}
inline vi add_neighbours(vi a, vi b) {
  const __m512 x = _mm512_castsi512_ps(a.value), y = _mm512_castsi512_ps(b.value);
  const __m512i even = _mm512_castps_si512(_mm512_shuffle_ps(x, y, 0x88));
  const __m512i odd = _mm512_castps_si512(_mm512_shuffle_ps(x, y, 0xdd));
  return {_mm512_add_epi32(even, odd)};
}
inline void store_sum_of_blocks(vi a, int bits, std::uint8_t* p) {
  const __m256i lower = (__m256i)__builtin_shufflevector(a.value, a.value, 0, 1, 2, 3);
  const __m256i upper = (__m256i)__builtin_shufflevector(a.value, a.value, 4, 5, 6, 7);
  avx2::store_sum_of_blocks({_mm256_add_epi32(lower, upper)}, bits, p);
}
template <index_t Channels>
inline void store_block_pixels(vi a, std::uint8_t* p) {
  __m128i bytes = _mm512_maskz_cvtepi32_epi8(all_ints, a.value);
  if constexpr (Channels == 3)
    bytes = _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}

}  // namespace lamina::avx512
LAMINA_END_REGION
