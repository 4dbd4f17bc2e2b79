// SPDX-License-Identifier: Apache-2.0
// A view of const elements can't be an op's output.
#include <lamina/ops/relu.hpp>

void f(lamina::cpu_context& ctx, lamina::view<const float> x, lamina::view<float> y) {
#ifdef CORRECT
  lamina::relu_forward(ctx, x, {}, y);
#else
  lamina::relu_forward(ctx, y, {}, x);
#endif
}
