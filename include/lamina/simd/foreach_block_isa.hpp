// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// As foreach_isa.hpp, but only for the instruction sets that shuffle bytes. The plain loop of the same name stands in
// the namespace portable, in the header that includes this, and says what the kernel computes.
//
// No include guard: this file is meant to be included many times.

#include <lamina/simd/integer.hpp>

#if defined(__aarch64__)
#include <lamina/simd/neon_blocks.hpp>
#elif defined(__x86_64__)
#include <lamina/simd/avx2_blocks.hpp>
#include <lamina/simd/avx512_blocks.hpp>
#endif

#include <lamina/simd/foreach_native_isa.hpp>
