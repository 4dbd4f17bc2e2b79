// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/neon.hpp>
#include <lamina/simd/portable_integer.hpp>

/// Integers in a register of NEON, one block. What each function does is said in portable_integer.hpp.
namespace lamina::neon {

template <>
struct vec<std::int32_t> {
  using native = int32x4_t;
  static constexpr index_t lanes = 4;

  native value;

  static vec set(std::int32_t x) { return {vdupq_n_s32(x)}; }
  static vec load(const std::int32_t* p) { return {vld1q_s32(p)}; }
  void store(std::int32_t* p) const { vst1q_s32(p, value); }
};
template <>
struct vec<std::int16_t> {
  using native = int16x8_t;
  static constexpr index_t lanes = 8;

  native value;

  static vec set(std::int16_t x) { return {vdupq_n_s16(x)}; }
  static vec load(const std::int16_t* p) { return {vld1q_s16(p)}; }
  static vec load(const std::uint8_t* p) { return {vreinterpretq_s16_u16(vmovl_u8(vld1_u8(p)))}; }
  void store(std::int16_t* p) const { vst1q_s16(p, value); }
};
template <>
struct vec<std::uint16_t> {
  using native = uint16x8_t;
  static constexpr index_t lanes = 8;

  native value;

  static vec load(const std::uint16_t* p) { return {vld1q_u16(p)}; }
  void store(std::uint16_t* p) const { vst1q_u16(p, value); }
};
template <>
struct vec<std::uint8_t> {
  using native = uint8x16_t;
  static constexpr index_t lanes = 16, blocks = 1;

  native value;

  static vec load(const std::uint8_t* p) { return {vld1q_u8(p)}; }
  void store(std::uint8_t* p) const { vst1q_u8(p, value); }
};

using vi = vec<std::int32_t>;
using vs = vec<std::int16_t>;
using vw = vec<std::uint16_t>;
using vb = vec<std::uint8_t>;

inline vi operator+(vi a, vi b) { return {vaddq_s32(a.value, b.value)}; }
inline vi operator-(vi a, vi b) { return {vsubq_s32(a.value, b.value)}; }
inline vi operator*(vi a, vi b) { return {vmulq_s32(a.value, b.value)}; }
inline vi operator&(vi a, vi b) { return {vandq_s32(a.value, b.value)}; }
inline vi operator|(vi a, vi b) { return {vorrq_s32(a.value, b.value)}; }
inline vi shift_left(vi a, int bits) { return {vshlq_s32(a.value, vdupq_n_s32(bits))}; }
inline vi shift_right(vi a, int bits) { return {vshlq_s32(a.value, vdupq_n_s32(-bits))}; }
inline vi max(vi a, vi b) { return {vmaxq_s32(a.value, b.value)}; }
inline vi min(vi a, vi b) { return {vminq_s32(a.value, b.value)}; }
inline vf::mask equal(vi a, vi b) { return {vceqq_s32(a.value, b.value)}; }
inline vf to_float(vi a) { return {vcvtq_f32_s32(a.value)}; }
inline vi round_to_int(vf a) { return {vcvtnq_s32_f32(a.value)}; }
inline vi truncate_to_int(vf a) { return {vcvtq_s32_f32(a.value)}; }

/// Four bytes: of the words their lower halves, saturated.
inline void store_bytes(uint16x4_t words, std::uint8_t* p) {
  const std::uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(words, words))), 0);
  __builtin_memcpy(p, &bytes, 4);
}
inline vf load_floats(const float* p) { return vf::load(p); }
inline vf load_floats(const std::uint8_t* p) {
  std::uint32_t bytes;
  __builtin_memcpy(&bytes, p, 4);
  const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
  return {vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)))};
}
inline vf load_floats(const std::uint16_t* p) { return {vcvtq_f32_u32(vmovl_u16(vld1_u16(p)))}; }
inline void store_floats(vf a, float* p) { a.store(p); }
// the conversions saturate, and make 0 of NaN
inline void store_floats(vf a, std::uint8_t* p) { store_bytes(vqmovn_u32(vcvtnq_u32_f32(a.value)), p); }
inline void store_floats(vf a, std::uint16_t* p) { vst1_u16(p, vqmovn_u32(vcvtnq_u32_f32(a.value))); }
inline void load_pairs(const float* p, vf& even, vf& odd) {
  const float32x4x2_t pairs = vld2q_f32(p);
  even = {pairs.val[0]};
  odd = {pairs.val[1]};
}
#include <lamina/simd/integer_common.inl>

inline vs as_words(vi a) { return {vreinterpretq_s16_s32(a.value)}; }
inline vs operator+(vs a, vs b) { return {vaddq_s16(a.value, b.value)}; }
inline vs operator-(vs a, vs b) { return {vsubq_s16(a.value, b.value)}; }
inline vs operator*(vs a, vs b) { return {vmulq_s16(a.value, b.value)}; }
inline vs shift_right(vs a, int bits) { return {vshlq_s16(a.value, vdupq_n_s16(static_cast<std::int16_t>(-bits)))}; }
/// The products of the lanes, four and four.
inline vi multiply_low_lanes(vs a, vs b) { return {vmull_s16(vget_low_s16(a.value), vget_low_s16(b.value))}; }
inline vi multiply_high_lanes(vs a, vs b) { return {vmull_high_s16(a.value, b.value)}; }
inline vs multiply_high(vs a, vs b) {
  return {vuzp2q_s16(as_words(multiply_low_lanes(a, b)).value, as_words(multiply_high_lanes(a, b)).value)};
}
inline vi multiply_add_pairs(vs a, vs b) {
  return {vpaddq_s32(multiply_low_lanes(a, b).value, multiply_high_lanes(a, b).value)};
}
inline vs interleave_low(vs a, vs b) { return {vzip1q_s16(a.value, b.value)}; }
inline vs interleave_high(vs a, vs b) { return {vzip2q_s16(a.value, b.value)}; }
inline vs narrow_in_blocks(vi a, vi b) { return {vqmovn_high_s32(vqmovn_s32(a.value), b.value)}; }
inline void store_bytes(vs a, std::uint8_t* p) { vst1_u8(p, vqmovun_s16(a.value)); }
inline void store_bytes(vi a, std::uint8_t* p) { store_bytes(vqmovun_s32(a.value), p); }

inline vw min(vw a, vw b) { return {vminq_u16(a.value, b.value)}; }
inline vw max(vw a, vw b) { return {vmaxq_u16(a.value, b.value)}; }
inline vb min(vb a, vb b) { return {vminq_u8(a.value, b.value)}; }
inline vb max(vb a, vb b) { return {vmaxq_u8(a.value, b.value)}; }
inline std::uint64_t top_bits(vb a) {
  const uint8x16_t lane_bit{1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bits = vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(a.value)), lane_bit);
  return vaddv_u8(vget_low_u8(bits)) | static_cast<std::uint64_t>(vaddv_u8(vget_high_u8(bits))) << 8;
}

/// In 16 of the 32 registers.
class byte_table {
 public:
  explicit byte_table(const std::uint8_t* values) {
    for (index_t i = 0; i < 4; ++i)
      for (index_t j = 0; j < 4; ++j) quarters_[i].val[j] = vld1q_u8(values + 64 * i + 16 * j);
  }
  vb operator[](vb index) const {
    // A quarter answers where index < 64, also after 64 was taken away for each quarter before: what was below wraps.
    const uint8x16_t quarter = vdupq_n_u8(64);
    uint8x16_t left = index.value, found = vqtbl4q_u8(quarters_[0], left);
    for (index_t i = 1; i < 4; ++i) found = vqtbx4q_u8(found, quarters_[i], left = vsubq_u8(left, quarter));
    return {found};
  }

 private:
  uint8x16x4_t quarters_[4];
};

}  // namespace lamina::neon
