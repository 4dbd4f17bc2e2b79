// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/avx2_integer.hpp>
#include <lamina/simd/avx512.hpp>

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
/// Integers in a zmm register, four blocks. What each function does is said in portable_integer.hpp.
namespace lamina::avx512 {

template <>
struct vec<std::int32_t> {
  using native = __m512i;
  static constexpr index_t lanes = 16;

  native value;

  static vec set(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
  static vec load(const std::int32_t* p) { return {_mm512_loadu_si512(p)}; }
  void store(std::int32_t* p) const { _mm512_storeu_si512(p, value); }
};
template <>
struct vec<std::int16_t> {
  using native = __m512i;
  static constexpr index_t lanes = 32;

  native value;

  static vec set(std::int16_t x) { return {_mm512_set1_epi16(x)}; }
  static vec load(const std::int16_t* p) { return {_mm512_loadu_si512(p)}; }
  static vec load(const std::uint8_t* p) {
    return {_mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
  }
  void store(std::int16_t* p) const { _mm512_storeu_si512(p, value); }
};
template <>
struct vec<std::uint16_t> {
  using native = __m512i;
  static constexpr index_t lanes = 32;

  native value;

  static vec load(const std::uint16_t* p) { return {_mm512_loadu_si512(p)}; }
  void store(std::uint16_t* p) const { _mm512_storeu_si512(p, value); }
};
template <>
struct vec<std::uint8_t> {
  using native = __m512i;
  static constexpr index_t lanes = 64, blocks = 4;

  native value;

  static vec load(const std::uint8_t* p) { return {_mm512_loadu_si512(p)}; }
  void store(std::uint8_t* p) const { _mm512_storeu_si512(p, value); }
};

using vi = vec<std::int32_t>;
using vs = vec<std::int16_t>;
using vw = vec<std::uint16_t>;
using vb = vec<std::uint8_t>;

// the zero-masked forms, because g++ 12 warns of an uninitialised source inside the plain ones
inline constexpr __mmask16 all_ints = 0xffff;

inline vi operator+(vi a, vi b) { return {_mm512_add_epi32(a.value, b.value)}; }
inline vi operator-(vi a, vi b) { return {_mm512_sub_epi32(a.value, b.value)}; }
inline vi operator*(vi a, vi b) { return {_mm512_mullo_epi32(a.value, b.value)}; }
inline vi operator&(vi a, vi b) { return {_mm512_and_si512(a.value, b.value)}; }
inline vi operator|(vi a, vi b) { return {_mm512_or_si512(a.value, b.value)}; }
inline vi shift_left(vi a, int bits) {
  return {_mm512_maskz_slli_epi32(all_ints, a.value, static_cast<unsigned>(bits))};
}
inline vi shift_right(vi a, int bits) {
  return {_mm512_maskz_srai_epi32(all_ints, a.value, static_cast<unsigned>(bits))};
}
inline vi max(vi a, vi b) { return {_mm512_maskz_max_epi32(all_ints, a.value, b.value)}; }
inline vi min(vi a, vi b) { return {_mm512_maskz_min_epi32(all_ints, a.value, b.value)}; }
inline vf::mask equal(vi a, vi b) { return {_mm512_cmpeq_epi32_mask(a.value, b.value)}; }
inline vf to_float(vi a) { return {_mm512_maskz_cvtepi32_ps(all_ints, a.value)}; }
inline vi round_to_int(vf a) { return {_mm512_maskz_cvtps_epi32(all_ints, a.value)}; }
inline vi truncate_to_int(vf a) { return {_mm512_maskz_cvttps_epi32(all_ints, a.value)}; }

inline vf load_floats(const float* p) { return vf::load(p); }
inline vf load_floats(const std::uint8_t* p) {
  return to_float({_mm512_maskz_cvtepu8_epi32(all_ints, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))});
}
inline vf load_floats(const std::uint16_t* p) {
  const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return to_float({_mm512_maskz_cvtepu16_epi32(all_ints, words)});
}
inline void store_floats(vf a, float* p) { a.store(p); }
inline void store_floats(vf a, std::uint8_t* p) {
  const vi ints = round_to_int(min(max(a, vf::zero()), vf::set(255)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(all_ints, ints.value));
}
inline void store_floats(vf a, std::uint16_t* p) {
  const vi ints = round_to_int(min(max(a, vf::zero()), vf::set(65535)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtepi32_epi16(all_ints, ints.value));
}
inline void load_pairs(const float* p, vf& even, vf& odd) {
  const __m512 a = _mm512_loadu_ps(p), b = _mm512_loadu_ps(p + 16);
  const __m512i first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  even = {_mm512_permutex2var_ps(a, first, b)};
  odd = {_mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(1)), b)};
}
#include <lamina/simd/integer_common.inl>

inline vs as_words(vi a) { return {a.value}; }
inline vs operator+(vs a, vs b) { return {_mm512_add_epi16(a.value, b.value)}; }
inline vs operator-(vs a, vs b) { return {_mm512_sub_epi16(a.value, b.value)}; }
inline vs operator*(vs a, vs b) { return {_mm512_mullo_epi16(a.value, b.value)}; }
inline vs shift_right(vs a, int bits) { return {_mm512_srai_epi16(a.value, static_cast<unsigned>(bits))}; }
inline vs multiply_high(vs a, vs b) { return {_mm512_mulhi_epi16(a.value, b.value)}; }
inline vi multiply_add_pairs(vs a, vs b) { return {_mm512_madd_epi16(a.value, b.value)}; }
inline vs interleave_low(vs a, vs b) { return {_mm512_unpacklo_epi16(a.value, b.value)}; }
inline vs interleave_high(vs a, vs b) { return {_mm512_unpackhi_epi16(a.value, b.value)}; }
inline vs narrow_in_blocks(vi a, vi b) { return {_mm512_packs_epi32(a.value, b.value)}; }
inline void store_bytes(vs a, std::uint8_t* p) {
  const __m512i none_below_0 = _mm512_max_epi16(a.value, _mm512_setzero_si512());
  const __m256i bytes = _mm512_maskz_cvtusepi16_epi8(0xffffffff, none_below_0);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), bytes);
}
inline void store_bytes(vi a, std::uint8_t* p) {
  const __m512i none_below_0 = _mm512_maskz_max_epi32(all_ints, a.value, _mm512_setzero_si512());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtusepi32_epi8(all_ints, none_below_0));
}

inline vw min(vw a, vw b) { return {_mm512_min_epu16(a.value, b.value)}; }
inline vw max(vw a, vw b) { return {_mm512_max_epu16(a.value, b.value)}; }
inline vb min(vb a, vb b) { return {_mm512_min_epu8(a.value, b.value)}; }
inline vb max(vb a, vb b) { return {_mm512_max_epu8(a.value, b.value)}; }
inline std::uint64_t top_bits(vb a) { return _mm512_movepi8_mask(a.value); }

class byte_table {
 public:
  explicit byte_table(const std::uint8_t* values) {
    for (index_t i = 0; i < 16; ++i)
      sixteenths_[i] = _mm512_maskz_broadcast_i32x4(
          all_ints, _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
  }
  vb operator[](vb index) const {
    const __m512i beyond = _mm512_set1_epi8(0x70), sixteen = _mm512_set1_epi8(16);
    __m512i found = _mm512_setzero_si512(), left = index.value;
    for (index_t i = 0; i < 16; ++i, left = _mm512_sub_epi8(left, sixteen))
      found = _mm512_or_si512(found, _mm512_shuffle_epi8(sixteenths_[i], _mm512_adds_epu8(left, beyond)));
    return {found};
  }

 private:
  __m512i sixteenths_[16];
};

}  // namespace lamina::avx512
LAMINA_END_REGION
