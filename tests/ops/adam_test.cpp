// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/adam.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("adam: ten steps of PyTorch") {
  const golden_file golden("optimisers.safetensors");
  const auto gradients = golden.tensor("gradients");
  const index_t P = gradients.extents().c;
  const auto check = [&](const char* name, adam_params params) {
    CAPTURE(name);
    for_each_isa([&](cpu_context& ctx) {
      auto weights = golden.tensor("start");
      tensor<float> m(weights.extents()), v(weights.extents());
      for (index_t step = 1; step <= 10; ++step)
        adam_step(ctx, {gradients.data() + (step - 1) * P, vector_shape(P)}, params, step, weights, m, v);
      check_close(weights, golden.tensor(name), 1e-6);
    });
  };
  check("adam", {.learning_rate = 1e-2f});
  check("adam.l2", {.learning_rate = 1e-2f,
                    .beta1 = 0.8f,
                    .beta2 = 0.95f,
                    .epsilon = 1e-3f,
                    .weight_decay = 0.1f,
                    .decoupled_decay = false});
  check("adamw", {.learning_rate = 1e-2f, .weight_decay = 0.1f});
}

TEST_CASE("adam: every instruction set equals the reference") {
  thread_pool pool(3);
  const adam_params variants[] = {{},
                                  {.epsilon = 1e-6f, .epsilon_inside_root = true},
                                  {.weight_decay = 0.3f},
                                  {.weight_decay = 0.3f, .decoupled_decay = false}};
  for_each_isa([&](cpu_context& ctx) {
    cpu_context threaded({.workers = &pool, .isa = ctx.isa()});
    for (const shape& extents : {vector_shape(1), vector_shape(15), vector_shape(16 * 1024 + 33), shape{2, 3, 4, 5}})
      for (const adam_params& params : variants) {
        CAPTURE(to_text(extents));
        const auto g = random_tensor<float>(extents, 1);
        auto weights = random_tensor<float>(extents, 2);
        tensor<float> m(extents), v(extents);
        auto weights3 = weights.clone(), m3 = m.clone(), v3 = v.clone();
        auto expected = converted<double, float>(weights), expected_m = converted<double, float>(m),
             expected_v = converted<double, float>(v);
        const auto wide_g = converted<double, float>(g);
        for (const index_t step : {1, 2, 3}) {
          adam_step(ctx, g, params, step, weights, m, v);
          adam_step(threaded, g, params, step, weights3, m3, v3);
          reference::adam_step<double>(wide_g, params, step, expected, expected_m, expected_v);
        }
        check_close(weights, expected, 1e-6);
        check_close(m, expected_m, 1e-6);
        check_close(v, expected_v, 1e-6);
        CHECK(same_bits<float>(weights, weights3));
        CHECK(same_bits<float>(v, v3));
      }
  });
}

TEST_CASE("adam: the first step by hand") {
  cpu_context ctx;
  tensor<float> g({1, 1, 1, 1}), w({1, 1, 1, 1}), m({1, 1, 1, 1}), v({1, 1, 1, 1});
  g[0] = 3, w[0] = 1;
  adam_step(ctx, g, {.learning_rate = 0.1f, .epsilon = 7, .epsilon_inside_root = true}, 1, w, m, v);
  CHECK(w[0] == doctest::Approx(1 - 0.1 * 3 / 4));  // √(9 + 7) = 4
  CHECK(m[0] == doctest::Approx(0.3));
  CHECK(v[0] == doctest::Approx(0.009));
}

TEST_CASE("adam: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> a(vector_shape(3)), b(vector_shape(4));
  check_error([&] { adam_step(ctx, a, {}, 1, b, a, a); },
              "adam_step: gradient [1,1,1,3] and weights [1,1,1,4] differ in shape (NHWC)");
  check_error([&] { adam_step(ctx, a, {}, 1, a, b, a); }, "gradient [1,1,1,3] and m [1,1,1,4] differ");
  check_error([&] { adam_step(ctx, a, {}, 1, a, a, b); }, "gradient [1,1,1,3] and v [1,1,1,4] differ");
  check_error([&] { adam_step(ctx, a, {}, 0, a, a, a); }, "adam_step: step 0 is below 1");
  check_error([&] { adam_step(ctx, a, {.beta2 = 1}, 1, a, a, a); }, "beta1 0.9 and beta2 1 must be in [0,1)");
  check_error([&] { adam_step(ctx, a, {.weight_decay = -1}, 1, a, a, a); }, "weight_decay -1 must not be negative");
}
