// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/sgd.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("sgd: ten steps of PyTorch") {
  const golden_file golden("optimisers.safetensors");
  const auto gradients = golden.tensor("gradients");
  const index_t P = gradients.extents().c;
  const auto check = [&](const char* name, sgd_params params) {
    CAPTURE(name);
    for_each_isa([&](cpu_context& ctx) {
      auto weights = golden.tensor("start");
      tensor<float> velocity(weights.extents());
      for (index_t step = 0; step < 10; ++step)
        sgd_step(ctx, {gradients.data() + step * P, vector_shape(P)}, params, weights, velocity);
      check_close(weights, golden.tensor(name), 1e-6);
    });
  };
  check("sgd", {.learning_rate = 1e-3f, .momentum = 0});
  check("sgd.momentum", {.learning_rate = 1e-3f, .weight_decay = 0.1f});
  check("sgd.nesterov", {.learning_rate = 1e-3f, .nesterov = true});
}

TEST_CASE("sgd: every instruction set equals the reference") {
  thread_pool pool(3);
  for_each_isa([&](cpu_context& ctx) {
    cpu_context threaded({.workers = &pool, .isa = ctx.isa()});
    for (const shape& extents : {vector_shape(1), vector_shape(16 * 1024 + 33), shape{2, 3, 4, 5}})
      for (const sgd_params& params : {sgd_params{}, {.nesterov = true, .weight_decay = 0.2f}}) {
        CAPTURE(to_text(extents));
        const auto g = random_tensor<float>(extents, 1);
        auto weights = random_tensor<float>(extents, 2), velocity = random_tensor<float>(extents, 3);
        auto weights3 = weights.clone(), velocity3 = velocity.clone();
        auto expected = converted<double, float>(weights), expected_velocity = converted<double, float>(velocity);
        sgd_step(ctx, g, params, weights, velocity);
        sgd_step(threaded, g, params, weights3, velocity3);
        reference::sgd_step<double>(converted<double, float>(g), params, expected, expected_velocity);
        check_close(weights, expected, 1e-6);
        check_close(velocity, expected_velocity, 1e-6);
        CHECK(same_bits<float>(weights, weights3));
      }
  });
}

TEST_CASE("sgd: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> a(vector_shape(3)), b(vector_shape(4));
  check_error([&] { sgd_step(ctx, a, {}, b, a); },
              "sgd_step: gradient [1,1,1,3] and weights [1,1,1,4] differ in shape");
  check_error([&] { sgd_step(ctx, a, {}, a, b); }, "sgd_step: gradient [1,1,1,3] and velocity [1,1,1,4] differ");
  check_error([&] { sgd_step(ctx, a, {.momentum = 1}, a, a); }, "sgd_step: momentum 1 must be in [0,1)");
  check_error([&] { sgd_step(ctx, a, {.learning_rate = -1}, a, a); }, "learning_rate -1 and weight_decay 0 must not");
}
