// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/simd/neon_integer.hpp>

/// Bytes moved about within a register, the one block that it has.
namespace lamina::neon {

/// Lane i is that lane of v which the pattern's byte i names; zero where it is 16 or more.
inline vb shuffle_in_blocks(vb v, vb pattern) { return {vqtbl1q_u8(v.value, pattern.value)}; }
inline vb repeat_block(const std::uint8_t* p) { return vb::load(p); }
/// The lower and the upper half, made 16 bits wide.
inline vs widen_low(vb v) { return {vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(v.value)))}; }
inline vs widen_high(vb v) { return {vreinterpretq_s16_u16(vmovl_high_u8(v.value))}; }
/// a0·b0 + a1·b1, a2·b2 + a3·b3, … of bytes a and signed bytes b; no sum may exceed 16 bits.
inline vs multiply_add_bytes(vb a, vi b) {
  const int8x16_t factors = vreinterpretq_s8_s32(b.value);
  const vs low = widen_low(a) * vs{vmovl_s8(vget_low_s8(factors))}, high = widen_high(a) * vs{vmovl_high_s8(factors)};
  return {vpaddq_s16(low.value, high.value)};
}

/// Moves 16 bytes: to[i] = from[pattern[i]].
inline void shuffle_block(const std::uint8_t* from, const std::uint8_t* pattern, std::uint8_t* to) {
  shuffle_in_blocks(vb::load(from), vb::load(pattern)).store(to);
}
/// Four times four pixels of three bytes change rows and columns: pixel i of row j, at x + j · x_stride, goes to pixel
/// j of row i, at y + i · y_stride. Reads and writes 4 bytes beyond each row.
inline void transpose_four_by_four(const std::uint8_t* x, index_t x_stride, std::uint8_t* y, index_t y_stride) {
  const uint8x16_t apart{0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255};
  const uint8x16_t together{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
  vf pixels[4];
  for (index_t j = 0; j < 4; ++j)
    pixels[j] = {vreinterpretq_f32_u8(vqtbl1q_u8(vld1q_u8(x + j * x_stride), apart))};
  transpose(pixels);
  for (index_t i = 0; i < 4; ++i)
    vst1q_u8(y + i * y_stride, vqtbl1q_u8(vreinterpretq_u8_f32(pixels[i].value), together));
}
/// 16 bytes from p + offsets[0].
inline vb load_blocks(const std::uint8_t* p, const index_t* offsets) { return vb::load(p + offsets[0]); }
/// 8 bytes at first + offsets[0], 8 at second + offsets[0].
inline vb load_half_blocks(const std::uint8_t* first, const std::uint8_t* second, const std::int32_t* offsets) {
  return {vcombine_u8(vld1_u8(first + offsets[0]), vld1_u8(second + offsets[0]))};
}
/// 8 bytes at p + offsets[0], 8 at p + offsets[1].
inline vb load_half_blocks(const std::uint8_t* p, const std::int32_t* offsets) {
  return {vcombine_u8(vld1_u8(p + offsets[0]), vld1_u8(p + offsets[1]))};
}
/// Four times p[0].
inline vi spread(const std::int32_t* p) { return {vld1q_dup_s32(p)}; }
/// Twice the four numbers at p.
inline vs spread(const std::int16_t* p) {
  const int16x4_t four = vld1_s16(p);
  return {vcombine_s16(four, four)};
}
/// a0 + a1, a2 + a3, b0 + b1, b2 + b3.
inline vi add_neighbours(vi a, vi b) { return {vpaddq_s32(a.value, b.value)}; }
/// Four bytes: a over 2^bits, rounded half up and saturated.
inline void store_sum_of_blocks(vi a, int bits, std::uint8_t* p) {
  store_bytes(vi{vrshlq_s32(a.value, vdupq_n_s32(-bits))}, p);
}
/// The first Channels lanes as bytes, 0 … 255, at p. Writes four.
template <index_t Channels>
inline void store_block_pixels(vi a, std::uint8_t* p) {
  store_bytes(a, p);
}

}  // namespace lamina::neon
