// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Sixteen counts of 16 bits, once per instruction set: what histograms are summed and searched in.
#pragma once

#include <lamina/simd/integer.hpp>

#include <bit>

namespace lamina {

namespace detail {
inline constexpr std::int16_t no_steps_then_steps[32] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
}

namespace portable {

/// In two registers. Sums wrap.
struct counts {
  vs low, high;

  static counts set(std::int16_t x) { return {vs::set(x), vs::set(x)}; }
  static counts load(const std::int16_t* p) { return {vs::load(p), vs::load(p + 8)}; }
  static counts load(const std::uint8_t* p) { return {vs::load(p), vs::load(p + 8)}; }
  /// One at place i and all after it, 0 ≤ i ≤ 16.
  static counts from(index_t i) { return load(detail::no_steps_then_steps + 16 - i); }
  void store(std::int16_t* p) const {
    low.store(p);
    high.store(p + 8);
  }
  void store_bytes(std::uint8_t* p) const {
#if defined(__x86_64__)
    const __m128i bytes = _mm_packus_epi16((__m128i)low.value, (__m128i)high.value);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
#else
    portable::store_bytes(low, p);
    portable::store_bytes(high, p + 8);
#endif
  }
};
inline counts operator+(counts a, counts b) { return {a.low + b.low, a.high + b.high}; }
inline counts operator-(counts a, counts b) { return {a.low - b.low, a.high - b.high}; }
/// The place of the first that is not below 0; 16 where all are.
inline index_t first_not_negative(counts a) {
#if defined(__x86_64__)
  const __m128i signs = _mm_packs_epi16((__m128i)a.low.value, (__m128i)a.high.value);
  return std::countr_one(static_cast<std::uint32_t>(_mm_movemask_epi8(signs)));
#else
  std::int16_t each[16];
  a.store(each);
  return std::find_if(each, each + 16, [](std::int16_t x) { return x >= 0; }) - each;
#endif
}

}  // namespace portable
}  // namespace lamina

#if defined(__aarch64__)
namespace lamina::neon {

struct counts {
  vs low, high;

  static counts set(std::int16_t x) { return {vs::set(x), vs::set(x)}; }
  static counts load(const std::int16_t* p) { return {vs::load(p), vs::load(p + 8)}; }
  static counts load(const std::uint8_t* p) { return {vs::load(p), vs::load(p + 8)}; }
  static counts from(index_t i) { return load(detail::no_steps_then_steps + 16 - i); }
  void store(std::int16_t* p) const {
    low.store(p);
    high.store(p + 8);
  }
  void store_bytes(std::uint8_t* p) const { vst1q_u8(p, vqmovun_high_s16(vqmovun_s16(low.value), high.value)); }
};
inline counts operator+(counts a, counts b) { return {a.low + b.low, a.high + b.high}; }
inline counts operator-(counts a, counts b) { return {a.low - b.low, a.high - b.high}; }
inline index_t first_not_negative(counts a) {
  const uint8x8_t low = vmovn_u16(vcgezq_s16(a.low.value)), high = vmovn_u16(vcgezq_s16(a.high.value));
  const uint16x8_t pairs = vreinterpretq_u16_u8(vcombine_u8(low, high));
  const uint64x1_t bits = vreinterpret_u64_u8(vshrn_n_u16(pairs, 4));  // four for each
  return std::countr_zero(vget_lane_u64(bits, 0)) / 4;
}

}  // namespace lamina::neon
#elif defined(__x86_64__)
LAMINA_BEGIN_REGION("avx2,fma")
namespace lamina::avx2 {

struct counts {
  vs all;

  static counts set(std::int16_t x) { return {vs::set(x)}; }
  static counts load(const std::int16_t* p) { return {vs::load(p)}; }
  static counts load(const std::uint8_t* p) { return {vs::load(p)}; }
  static counts from(index_t i) { return load(detail::no_steps_then_steps + 16 - i); }
  void store(std::int16_t* p) const { all.store(p); }
  void store_bytes(std::uint8_t* p) const { avx2::store_bytes(all, p); }
};
inline counts operator+(counts a, counts b) { return {a.all + b.all}; }
inline counts operator-(counts a, counts b) { return {a.all - b.all}; }
inline index_t first_not_negative(counts a) {
  const auto signs = static_cast<std::uint32_t>(_mm256_movemask_epi8(a.all.value)) | 0x55555555;  // two bits for each
  return std::countr_one(signs) / 2;
}

}  // namespace lamina::avx2
LAMINA_END_REGION

namespace lamina::avx512 {
using avx2::counts;  // sixteen of 16 bits fill a register of AVX2
}
#endif
