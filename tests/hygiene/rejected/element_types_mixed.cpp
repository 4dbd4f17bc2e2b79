// SPDX-License-Identifier: Apache-2.0
// Inputs and output of an op have one element type; nothing is converted silently.
#include <lamina/ops/relu.hpp>

#ifdef CORRECT
using element = float;
#else
using element = lamina::bfloat16;
#endif

void f(lamina::cpu_context& ctx, lamina::view<const element> x, lamina::view<float> y) {
  lamina::relu_forward(ctx, x, {}, y);
}
