// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/ema.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("ema: ten steps of PyTorch") {
  const golden_file golden("optimisers.safetensors");
  const auto gradients = golden.tensor("gradients");
  const index_t P = gradients.extents().c;
  for_each_isa([&](cpu_context& ctx) {
    auto average = golden.tensor("start");
    for (index_t step = 0; step < 10; ++step)
      ema_step(ctx, {gradients.data() + step * P, vector_shape(P)}, 0.9f, average);
    check_close(average, golden.tensor("ema"), 1e-6);
  });
}

TEST_CASE("ema: every instruction set equals the reference") {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes)
      for (const float decay : {0.0f, 0.99f, 1.0f}) {
        CAPTURE(to_text(extents));
        const auto weights = random_tensor<float>(extents, 1);
        auto average = random_tensor<float>(extents, 2);
        auto expected = converted<double, float>(average);
        ema_step(ctx, weights, decay, average);
        reference::ema_step<double>(converted<double, float>(weights), decay, expected);
        check_close(average, expected, 1e-6);
      }
  });
}

TEST_CASE("ema: decay of the first steps, wrong arguments") {
  CHECK(ema_decay_at(0.999f, 1) == doctest::Approx(2.0 / 11));
  CHECK(ema_decay_at(0.999f, 1'000'000) == 0.999f);
  cpu_context ctx;
  tensor<float> a(vector_shape(3)), b(vector_shape(4));
  check_error([&] { ema_step(ctx, a, 0.9f, b); }, "ema_step: weights [1,1,1,3] and average [1,1,1,4] differ in shape");
  check_error([&] { ema_step(ctx, a, 1.5f, a); }, "ema_step: decay 1.5 is outside [0,1]");
}
