// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Includes the kernel body that LAMINA_KERNEL names in the namespace of each instruction set but portable, and in its
// target region on x86-64; part of foreach_isa.hpp and foreach_block_isa.hpp.
//
// No include guard: this file is meant to be included many times.

#if defined(__aarch64__)
namespace lamina::neon {
#include LAMINA_KERNEL
}
#elif defined(__x86_64__)
LAMINA_BEGIN_REGION("avx2,fma")
namespace lamina::avx2 {
#include LAMINA_KERNEL
}
LAMINA_END_REGION

LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace lamina::avx512 {
#include LAMINA_KERNEL
}
LAMINA_END_REGION
#endif

#undef LAMINA_KERNEL
