// SPDX-License-Identifier: Apache-2.0
// What another project's first program looks like: it needs lamina::lamina and nothing else.
#include <lamina/lamina.hpp>

int main() {
  lamina::cpu_context ctx;
  lamina::tensor<float> x({1, 2, 2, 3});
  x.fill(-1);
  lamina::relu_forward(ctx, x.view(), {.slope = 0.5f}, x.view());
  return x[0] == -0.5f ? 0 : 1;
}
