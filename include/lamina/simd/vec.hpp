// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// simd: `vec<float>`, one vector register of floats, once per instruction set. A kernel is written over it and included
// by simd/foreach_isa.hpp into the namespaces portable, avx2 and avx512, or portable and neon.
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/simd/portable.hpp>
#if defined(__aarch64__)
#include <lamina/simd/neon.hpp>
#elif defined(__x86_64__)
#include <lamina/simd/avx2.hpp>
#include <lamina/simd/avx512.hpp>
#endif

#if defined(__x86_64__)
/// Returns what `call` returns in the namespace of instruction set `set`: LAMINA_DISPATCH(ctx.isa(), relu(x, y));
#define LAMINA_DISPATCH(set, ...)                                      \
  switch (set) {                                                       \
    case ::lamina::isa::avx512: return ::lamina::avx512::__VA_ARGS__;  \
    case ::lamina::isa::avx2: return ::lamina::avx2::__VA_ARGS__;      \
    default: return ::lamina::portable::__VA_ARGS__;                   \
  }
#elif defined(__aarch64__)
#define LAMINA_DISPATCH(set, ...)                                  \
  switch (set) {                                                   \
    case ::lamina::isa::neon: return ::lamina::neon::__VA_ARGS__;  \
    default: return ::lamina::portable::__VA_ARGS__;               \
  }
#else
#define LAMINA_DISPATCH(set, ...) return ::lamina::portable::__VA_ARGS__
#endif
