// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Includes the kernel body that LAMINA_KERNEL names once per instruction set, each in its own namespace and target
// region. The body sees `vf` (a vector of floats) of that set and must include nothing.
//
//     #define LAMINA_KERNEL <lamina/kernels/relu.inl>
//     #include <lamina/simd/foreach_isa.hpp>
//
// No include guard: this file is meant to be included many times.

#include <lamina/simd/vec.hpp>

namespace lamina::portable {
#include LAMINA_KERNEL
}

#if defined(__x86_64__)
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
