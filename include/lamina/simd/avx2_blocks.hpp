// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/avx2_integer.hpp>

LAMINA_BEGIN_REGION("avx2,fma")
/// Bytes moved about within the blocks of a vector, of which a ymm register has two.
namespace lamina::avx2 {

/// In blocks: lane i is that lane of v which the pattern's byte i names; zero where it is 128 or more.
inline vb shuffle_in_blocks(vb v, vb pattern) { return {_mm256_shuffle_epi8(v.value, pattern.value)}; }
/// The same 16 bytes in every block.
inline vb repeat_block(const std::uint8_t* p) {
  return {_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
/// The lower and the upper halves of the blocks, made 16 bits wide.
inline vs widen_low(vb v) { return {_mm256_unpacklo_epi8(v.value, _mm256_setzero_si256())}; }
inline vs widen_high(vb v) { return {_mm256_unpackhi_epi8(v.value, _mm256_setzero_si256())}; }
/// a0·b0 + a1·b1, a2·b2 + a3·b3, … of bytes a and signed bytes b; no sum may exceed 16 bits.
inline vs multiply_add_bytes(vb a, vi b) { return {_mm256_maddubs_epi16(a.value, b.value)}; }

/// One block.
inline __m128i load_block(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline __m128i load_half_blocks(const std::uint8_t* first, const std::uint8_t* second) {
  const __m128i lower = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first));
  return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(lower), reinterpret_cast<const double*>(second)));
}
/// Moves one block: to[i] = from[pattern[i]].
inline void shuffle_block(const std::uint8_t* from, const std::uint8_t* pattern, std::uint8_t* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(load_block(from), load_block(pattern)));
}
/// Four times four pixels of three bytes change rows and columns: pixel i of row j, at x + j · x_stride, goes to pixel
/// j of row i, at y + i · y_stride. Reads and writes 4 bytes beyond each row.
inline void transpose_four_by_four(const std::uint8_t* x, index_t x_stride, std::uint8_t* y, index_t y_stride) {
  const __m128i apart = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  const __m128i together = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  const auto row = [&](index_t j) { return _mm_shuffle_epi8(load_block(x + j * x_stride), apart); };
  const __m128i a = row(0), b = row(1), c = row(2), d = row(3);
  const __m128i ab_low = _mm_unpacklo_epi32(a, b), ab_high = _mm_unpackhi_epi32(a, b);
  const __m128i cd_low = _mm_unpacklo_epi32(c, d), cd_high = _mm_unpackhi_epi32(c, d);
  const auto store = [&](index_t i, __m128i pixels) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i * y_stride), _mm_shuffle_epi8(pixels, together));
  };
  store(0, _mm_unpacklo_epi64(ab_low, cd_low));
  store(1, _mm_unpackhi_epi64(ab_low, cd_low));
  store(2, _mm_unpacklo_epi64(ab_high, cd_high));
  store(3, _mm_unpackhi_epi64(ab_high, cd_high));
}
/// Blocks from p + offsets[0], p + offsets[1], …
inline vb load_blocks(const std::uint8_t* p, const index_t* offsets) {
  return {_mm256_inserti128_si256(_mm256_castsi128_si256(load_block(p + offsets[0])), load_block(p + offsets[1]), 1)};
}
/// Block i: 8 bytes at first + offsets[i], 8 at second + offsets[i].
inline vb load_half_blocks(const std::uint8_t* first, const std::uint8_t* second, const std::int32_t* offsets) {
  return {_mm256_inserti128_si256(
      _mm256_castsi128_si256(load_half_blocks(first + offsets[0], second + offsets[0])),
      load_half_blocks(first + offsets[1], second + offsets[1]), 1)};
}
/// Block i: 8 bytes at p + offsets[2i], 8 at p + offsets[2i + 1].
inline vb load_half_blocks(const std::uint8_t* p, const std::int32_t* offsets) {
  return {_mm256_inserti128_si256(_mm256_castsi128_si256(load_half_blocks(p + offsets[0], p + offsets[1])),
                                  load_half_blocks(p + offsets[2], p + offsets[3]), 1)};
}
/// Block i: four times p[i].
inline vi spread(const std::int32_t* p) {
  const __m256i two = _mm256_castsi128_si256(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return {_mm256_permutevar8x32_epi32(two, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1))};
}
/// Block i: twice the four numbers from p + 4i on.
inline vs spread(const std::int16_t* p) {
  const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return {_mm256_permute4x64_epi64(_mm256_castsi128_si256(eight), 0x50)};
}
/// In blocks: a0 + a1, a2 + a3, b0 + b1, b2 + b3.
inline vi add_neighbours(vi a, vi b) { return {_mm256_hadd_epi32(a.value, b.value)}; }
/// Four bytes: the sum of the blocks over 2^bits, rounded half up and saturated.
inline void store_sum_of_blocks(vi a, int bits, std::uint8_t* p) {
  const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a.value), _mm256_extracti128_si256(a.value, 1));
  const __m128i quotient = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (bits - 1))), bits);
  const __m128i words = _mm_packs_epi32(quotient, quotient);
  const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  __builtin_memcpy(p, &bytes, 4);
}
/// Block i's first Channels lanes as bytes, 0 … 255, at p + i·Channels. May write up to 4 bytes more.
template <index_t Channels>
inline void store_block_pixels(vi a, std::uint8_t* p) {
  const __m256i low_bytes = _mm256_shuffle_epi8(a.value, _mm256_set1_epi32(0x0c080400));
  const int first = _mm256_cvtsi256_si32(low_bytes), second = _mm256_extract_epi32(low_bytes, 4);
  __builtin_memcpy(p, &first, 4);
  __builtin_memcpy(p + Channels, &second, 4);
}

}  // namespace lamina::avx2
LAMINA_END_REGION
