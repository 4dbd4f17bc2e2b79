// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/avx2.hpp>
#include <lamina/simd/portable_integer.hpp>

LAMINA_BEGIN_REGION("avx2,fma")
/// Integers in a ymm register, two blocks. What each function does is said in portable_integer.hpp.
namespace lamina::avx2 {

template <>
struct vec<std::int32_t> {
  using native = __m256i;
  static constexpr index_t lanes = 8;

  native value;

  static vec set(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
  static vec load(const std::int32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  void store(std::int32_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value); }
};
template <>
struct vec<std::int16_t> {
  using native = __m256i;
  static constexpr index_t lanes = 16;

  native value;

  static vec set(std::int16_t x) { return {_mm256_set1_epi16(x)}; }
  static vec load(const std::int16_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  static vec load(const std::uint8_t* p) {
    return {_mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
  void store(std::int16_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value); }
};
template <>
struct vec<std::uint16_t> {
  using native = __m256i;
  static constexpr index_t lanes = 16;

  native value;

  static vec load(const std::uint16_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  void store(std::uint16_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value); }
};
template <>
struct vec<std::uint8_t> {
  using native = __m256i;
  static constexpr index_t lanes = 32, blocks = 2;

  native value;

  static vec load(const std::uint8_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  void store(std::uint8_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), value); }
};

using vi = vec<std::int32_t>;
using vs = vec<std::int16_t>;
using vw = vec<std::uint16_t>;
using vb = vec<std::uint8_t>;

inline vi operator+(vi a, vi b) { return {_mm256_add_epi32(a.value, b.value)}; }
inline vi operator-(vi a, vi b) { return {_mm256_sub_epi32(a.value, b.value)}; }
inline vi operator*(vi a, vi b) { return {_mm256_mullo_epi32(a.value, b.value)}; }
inline vi operator&(vi a, vi b) { return {_mm256_and_si256(a.value, b.value)}; }
inline vi operator|(vi a, vi b) { return {_mm256_or_si256(a.value, b.value)}; }
inline vi shift_left(vi a, int bits) { return {_mm256_slli_epi32(a.value, bits)}; }
inline vi shift_right(vi a, int bits) { return {_mm256_srai_epi32(a.value, bits)}; }
inline vi max(vi a, vi b) { return {_mm256_max_epi32(a.value, b.value)}; }
inline vi min(vi a, vi b) { return {_mm256_min_epi32(a.value, b.value)}; }
inline vf::mask equal(vi a, vi b) { return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.value, b.value))}; }
inline vf to_float(vi a) { return {_mm256_cvtepi32_ps(a.value)}; }
inline vi round_to_int(vf a) { return {_mm256_cvtps_epi32(a.value)}; }
inline vi truncate_to_int(vf a) { return {_mm256_cvttps_epi32(a.value)}; }

inline vf load_floats(const float* p) { return vf::load(p); }
inline vf load_floats(const std::uint8_t* p) {
  return to_float({_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))});
}
inline vf load_floats(const std::uint16_t* p) {
  return to_float({_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))});
}
inline void store_floats(vf a, float* p) { a.store(p); }
inline void store_floats(vf a, std::uint8_t* p) {
  const __m256i ints = round_to_int(min(max(a, vf::zero()), vf::set(255))).value;
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}
inline void store_floats(vf a, std::uint16_t* p) {
  const __m256i ints = round_to_int(min(max(a, vf::zero()), vf::set(65535))).value;
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), words);
}
inline void load_pairs(const float* p, vf& even, vf& odd) {
  const __m256 a = _mm256_loadu_ps(p), b = _mm256_loadu_ps(p + 8);
  const __m256d evens = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  const __m256d odds = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd));
  even = {_mm256_castpd_ps(_mm256_permute4x64_pd(evens, 0xd8))};  // pairs of lanes 0 2 1 3 put in order
  odd = {_mm256_castpd_ps(_mm256_permute4x64_pd(odds, 0xd8))};
}
#include <lamina/simd/integer_common.inl>

inline vs as_words(vi a) { return {a.value}; }
inline vs operator+(vs a, vs b) { return {_mm256_add_epi16(a.value, b.value)}; }
inline vs operator-(vs a, vs b) { return {_mm256_sub_epi16(a.value, b.value)}; }
inline vs operator*(vs a, vs b) { return {_mm256_mullo_epi16(a.value, b.value)}; }
inline vs shift_right(vs a, int bits) { return {_mm256_srai_epi16(a.value, bits)}; }
inline vs multiply_high(vs a, vs b) { return {_mm256_mulhi_epi16(a.value, b.value)}; }
inline vi multiply_add_pairs(vs a, vs b) { return {_mm256_madd_epi16(a.value, b.value)}; }
inline vs interleave_low(vs a, vs b) { return {_mm256_unpacklo_epi16(a.value, b.value)}; }
inline vs interleave_high(vs a, vs b) { return {_mm256_unpackhi_epi16(a.value, b.value)}; }
inline vs narrow_in_blocks(vi a, vi b) { return {_mm256_packs_epi32(a.value, b.value)}; }
inline void store_bytes(vs a, std::uint8_t* p) {
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(a.value, a.value), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
}
inline void store_bytes(vi a, std::uint8_t* p) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(a.value), _mm256_extracti128_si256(a.value, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}

inline vw min(vw a, vw b) { return {_mm256_min_epu16(a.value, b.value)}; }
inline vw max(vw a, vw b) { return {_mm256_max_epu16(a.value, b.value)}; }
inline vb min(vb a, vb b) { return {_mm256_min_epu8(a.value, b.value)}; }
inline vb max(vb a, vb b) { return {_mm256_max_epu8(a.value, b.value)}; }
inline std::uint64_t top_bits(vb a) { return static_cast<std::uint32_t>(_mm256_movemask_epi8(a.value)); }

class byte_table {
 public:
  explicit byte_table(const std::uint8_t* values) {
    for (index_t i = 0; i < 16; ++i)
      sixteenths_[i] =
          _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
  }
  vb operator[](vb index) const {
    // A sixteenth answers where 0 ≤ index < 16: saturated, all above have their top bit set, which shuffles give 0 for.
    const __m256i beyond = _mm256_set1_epi8(0x70), sixteen = _mm256_set1_epi8(16);
    __m256i found = _mm256_setzero_si256(), left = index.value;
    for (index_t i = 0; i < 16; ++i, left = _mm256_sub_epi8(left, sixteen))
      found = _mm256_or_si256(found, _mm256_shuffle_epi8(sixteenths_[i], _mm256_adds_epu8(left, beyond)));
    return {found};
  }

 private:
  __m256i sixteenths_[16];
};

}  // namespace lamina::avx2
LAMINA_END_REGION
