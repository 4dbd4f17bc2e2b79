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

#include <lamina/simd/foreach_native_isa.hpp>
