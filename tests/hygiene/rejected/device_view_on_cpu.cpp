// SPDX-License-Identifier: Apache-2.0
// The device is in a view's type: a view of another device's memory can't reach a CPU op.
#include <lamina/ops/relu.hpp>

struct gpu {};

#ifdef CORRECT
using device = lamina::cpu;
#else
using device = gpu;
#endif

void f(lamina::cpu_context& ctx, lamina::view<const float, device> x, lamina::view<float, device> y) {
  lamina::relu_forward(ctx, x, {}, y);
}
