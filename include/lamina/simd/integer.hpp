// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Vectors of integers beside vec<float>, once per instruction set: `vi` of 32 bits, `vs` of 16 bits, `vw` of 16 bits
// without a sign, `vb` of bytes. A kernel that uses them has this included before simd/foreach_isa.hpp.
#pragma once

#include <lamina/simd/portable_integer.hpp>
#include <lamina/simd/vec.hpp>
#if defined(__aarch64__)
#include <lamina/simd/neon_integer.hpp>
#elif defined(__x86_64__)
#include <lamina/simd/avx2_integer.hpp>
#include <lamina/simd/avx512_integer.hpp>
#endif
