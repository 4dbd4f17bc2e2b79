// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Numbers in threes, as pixels of three channels are, taken apart and put together again, once per instruction set.
#pragma once

#include <lamina/simd/vec.hpp>

namespace lamina::portable {

/// Three registers hold triples, one behind another; then the first numbers of all triples, the second, the third.
inline void split_triples(vf& a, vf& b, vf& c) {
  float t[3 * vf::lanes];
  a.store(t);
  b.store(t + vf::lanes);
  c.store(t + 2 * vf::lanes);
  for (index_t i = 0; i < vf::lanes; ++i) {
    a.value[i] = t[3 * i];
    b.value[i] = t[3 * i + 1];
    c.value[i] = t[3 * i + 2];
  }
}
/// The inverse.
inline void join_triples(vf& a, vf& b, vf& c) {
  float t[3 * vf::lanes];
  for (index_t i = 0; i < vf::lanes; ++i) {
    t[3 * i] = a.value[i];
    t[3 * i + 1] = b.value[i];
    t[3 * i + 2] = c.value[i];
  }
  a = vf::load(t);
  b = vf::load(t + vf::lanes);
  c = vf::load(t + 2 * vf::lanes);
}

}  // namespace lamina::portable

#if defined(__aarch64__)
namespace lamina::neon {

/// Which bytes of three registers a lookup takes.
struct byte_choice {
  std::uint8_t bytes[16];

  vf from(const uint8x16x3_t& three) const { return {vreinterpretq_f32_u8(vqtbl3q_u8(three, vld1q_u8(bytes)))}; }
};
/// Number `of` of each triple.
constexpr byte_choice split_choice(int of) {
  byte_choice choice{};
  for (int i = 0; i < 16; ++i) choice.bytes[i] = static_cast<std::uint8_t>(4 * (i / 4 * 3 + of) + i % 4);
  return choice;
}
/// Register `of` of three that hold triples.
constexpr byte_choice join_choice(int of) {
  byte_choice choice{};
  for (int i = 0; i < 16; ++i) {
    const int at = 4 * of + i / 4;
    choice.bytes[i] = static_cast<std::uint8_t>(16 * (at % 3) + 4 * (at / 3) + i % 4);
  }
  return choice;
}
inline uint8x16x3_t bytes_of(vf a, vf b, vf c) {
  return {{vreinterpretq_u8_f32(a.value), vreinterpretq_u8_f32(b.value), vreinterpretq_u8_f32(c.value)}};
}
inline void split_triples(vf& a, vf& b, vf& c) {
  static constexpr byte_choice number[]{split_choice(0), split_choice(1), split_choice(2)};
  const uint8x16x3_t triples = bytes_of(a, b, c);
  a = number[0].from(triples);
  b = number[1].from(triples);
  c = number[2].from(triples);
}
inline void join_triples(vf& a, vf& b, vf& c) {
  static constexpr byte_choice part[]{join_choice(0), join_choice(1), join_choice(2)};
  const uint8x16x3_t numbers = bytes_of(a, b, c);
  a = part[0].from(numbers);
  b = part[1].from(numbers);
  c = part[2].from(numbers);
}

}  // namespace lamina::neon
#elif defined(__x86_64__)
LAMINA_BEGIN_REGION("avx2,fma")
namespace lamina::avx2 {

// Halves of registers are brought together that hold four triples, [0 1 2 0] [1 2 0 1] [2 0 1 2], and treated alike.
inline void split_triples(vf& a, vf& b, vf& c) {
  const __m256 first = _mm256_permute2f128_ps(a.value, b.value, 0x30);
  const __m256 middle = _mm256_permute2f128_ps(a.value, c.value, 0x21);
  const __m256 last = _mm256_permute2f128_ps(b.value, c.value, 0x30);
  const __m256 later_01 = _mm256_shuffle_ps(middle, last, _MM_SHUFFLE(2, 1, 3, 2));
  const __m256 earlier_12 = _mm256_shuffle_ps(first, middle, _MM_SHUFFLE(1, 0, 2, 1));
  a = {_mm256_shuffle_ps(first, later_01, _MM_SHUFFLE(2, 0, 3, 0))};
  b = {_mm256_shuffle_ps(earlier_12, later_01, _MM_SHUFFLE(3, 1, 2, 0))};
  c = {_mm256_shuffle_ps(earlier_12, last, _MM_SHUFFLE(3, 0, 3, 1))};
}
inline void join_triples(vf& a, vf& b, vf& c) {
  const __m256 even_01 = _mm256_shuffle_ps(a.value, b.value, _MM_SHUFFLE(2, 0, 2, 0));
  const __m256 odd_12 = _mm256_shuffle_ps(b.value, c.value, _MM_SHUFFLE(3, 1, 3, 1));
  const __m256 even_2_odd_0 = _mm256_shuffle_ps(c.value, a.value, _MM_SHUFFLE(3, 1, 2, 0));
  const __m256 first = _mm256_shuffle_ps(even_01, even_2_odd_0, _MM_SHUFFLE(2, 0, 2, 0));
  const __m256 middle = _mm256_shuffle_ps(odd_12, even_01, _MM_SHUFFLE(3, 1, 2, 0));
  const __m256 last = _mm256_shuffle_ps(even_2_odd_0, odd_12, _MM_SHUFFLE(3, 1, 3, 1));
  a = {_mm256_permute2f128_ps(first, middle, 0x20)};
  b = {_mm256_permute2f128_ps(last, first, 0x30)};
  c = {_mm256_permute2f128_ps(middle, last, 0x31)};
}

}  // namespace lamina::avx2
LAMINA_END_REGION

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace lamina::avx512 {

/// Which lanes of two registers, the second one's counted from 16, a permutation takes.
struct lane_choice {
  std::int32_t lanes[16];

  __m512i load() const { return _mm512_loadu_si512(lanes); }
};
/// Number `of` of each triple: first as far as it lies in two registers, then that and the third register.
constexpr lane_choice split_choice(std::int32_t of, bool third) {
  lane_choice choice{};
  for (std::int32_t i = 0; i < 16; ++i) {
    const std::int32_t at = 3 * i + of;
    choice.lanes[i] = !third ? (at < 32 ? at : 0) : at < 32 ? i : at - 16;
  }
  return choice;
}
/// Register `of` of three that hold triples: of first and second numbers, then of those and the third numbers.
constexpr lane_choice join_choice(std::int32_t of, bool third) {
  lane_choice choice{};
  for (std::int32_t i = 0; i < 16; ++i) {
    const std::int32_t at = 16 * of + i, from = at % 3, lane = at / 3;
    choice.lanes[i] = !third ? (from < 2 ? 16 * from + lane : 0) : from < 2 ? i : 16 + lane;
  }
  return choice;
}
inline vf permuted(vf a, const lane_choice& two, vf b, const lane_choice& third, vf c) {
  const __m512 found = _mm512_permutex2var_ps(a.value, two.load(), b.value);
  return {_mm512_permutex2var_ps(found, third.load(), c.value)};
}
inline void split_triples(vf& a, vf& b, vf& c) {
  static constexpr lane_choice two[]{split_choice(0, false), split_choice(1, false), split_choice(2, false)};
  static constexpr lane_choice third[]{split_choice(0, true), split_choice(1, true), split_choice(2, true)};
  const vf x = a, y = b, z = c;
  a = permuted(x, two[0], y, third[0], z);
  b = permuted(x, two[1], y, third[1], z);
  c = permuted(x, two[2], y, third[2], z);
}
inline void join_triples(vf& a, vf& b, vf& c) {
  static constexpr lane_choice two[]{join_choice(0, false), join_choice(1, false), join_choice(2, false)};
  static constexpr lane_choice third[]{join_choice(0, true), join_choice(1, true), join_choice(2, true)};
  const vf x = a, y = b, z = c;
  a = permuted(x, two[0], y, third[0], z);
  b = permuted(x, two[1], y, third[1], z);
  c = permuted(x, two[2], y, third[2], z);
}

}  // namespace lamina::avx512
LAMINA_END_REGION
#endif
