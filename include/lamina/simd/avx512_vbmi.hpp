// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Shuffles of bytes over whole registers, which later processors with AVX-512 have (Ice Lake, Zen 4). They are no
// instruction set of their own in `isa`: a kernel that gains by them is included once more, and chosen by has_vbmi().
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/simd/integer.hpp>

namespace lamina {

/// Whether kernels of `set` may give way to those of avx512_vbmi.
inline bool has_vbmi([[maybe_unused]] isa set) {
#if defined(__x86_64__)
  return set == isa::avx512 && __builtin_cpu_supports("avx512vbmi");
#else
  return false;
#endif
}

}  // namespace lamina

#if defined(__x86_64__)
LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma")
/// What avx512 has, and tables of bytes.
namespace lamina::avx512_vbmi {

using avx512::vb;

/// 256 bytes, looked up two registers at a time.
class byte_table {
 public:
  explicit byte_table(const std::uint8_t* values) {
    for (index_t i = 0; i < 4; ++i) quarters_[i] = _mm512_loadu_si512(values + 64 * i);
  }
  vb operator[](vb index) const {
    const __m512i lower = _mm512_permutex2var_epi8(quarters_[0], index.value, quarters_[1]);
    const __m512i upper = _mm512_permutex2var_epi8(quarters_[2], index.value, quarters_[3]);
    return {_mm512_mask_blend_epi8(_mm512_movepi8_mask(index.value), lower, upper)};
  }

 private:
  __m512i quarters_[4];
};

/// x's byte order[i] at place i. The form with a mask, as g++ takes the plain one for reading what was never written.
inline vb permute(vb x, vb order) { return {_mm512_maskz_permutexvar_epi8(~__mmask64{0}, order.value, x.value)}; }
/// b where the mask's bit is set, else a.
inline vb blend(vb a, vb b, std::uint64_t mask) { return {_mm512_mask_blend_epi8(mask, a.value, b.value)}; }

/// The order of 64 bytes that `store_floats` wants, so that their results lie one behind the other.
inline vb order_of_planes() {
  alignas(64) std::uint8_t order[64];
  for (int lane = 0; lane < 4; ++lane)
    for (int group = 0; group < 4; ++group)
      for (int i = 0; i < 4; ++i)
        order[16 * lane + 4 * group + i] = static_cast<std::uint8_t>(16 * group + 4 * lane + i);
  return vb::load(order);
}
/// 64 floats from their bytes, plane 0 the lowest ones.
inline void store_floats(const vb (&plane)[4], float* to) {
  const __m512i lower[]{_mm512_unpacklo_epi8(plane[0].value, plane[1].value),
                        _mm512_unpackhi_epi8(plane[0].value, plane[1].value)};
  const __m512i upper[]{_mm512_unpacklo_epi8(plane[2].value, plane[3].value),
                        _mm512_unpackhi_epi8(plane[2].value, plane[3].value)};
  for (int half = 0; half < 2; ++half) {
    _mm512_storeu_si512(to + 32 * half, _mm512_unpacklo_epi16(lower[half], upper[half]));
    _mm512_storeu_si512(to + 32 * half + 16, _mm512_unpackhi_epi16(lower[half], upper[half]));
  }
}

}  // namespace lamina::avx512_vbmi
LAMINA_END_REGION
#endif
