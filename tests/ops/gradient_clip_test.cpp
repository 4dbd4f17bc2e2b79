// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/gradient_clip.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

#include <limits>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("gradient_clip: PyTorch's values") {
  const golden_file golden("optimisers.safetensors");
  const auto gradients = golden.tensor("gradients");
  const index_t P = gradients.extents().c;
  const auto gradient = [&] {
    tensor<float> g(vector_shape(P));
    std::copy_n(gradients.data() + 3 * P, P, g.data());
    return g;
  };
  for_each_isa([&](cpu_context& ctx) {
    auto g = gradient();
    CHECK(clip_by_global_norm(ctx, 2, g) == doctest::Approx(golden.number("norm")).epsilon(1e-6));
    check_close(g, golden.tensor("clipped.norm"), 1e-6);
    CHECK(global_norm(ctx, g) == doctest::Approx(2).epsilon(1e-6));
    g = gradient();
    clip_by_value(ctx, 0.5f, g);
    check_close(g, golden.tensor("clipped.value"), 0);
  });
}

TEST_CASE("gradient_clip: the norm has the same bits for any threads and instruction set") {
  thread_pool pool(3);
  cpu_context first;
  for (const index_t count : {1, 7, 8, 16384, 16385, 100003}) {
    const auto g = random_tensor<float>(vector_shape(count), 1);
    const double expected = global_norm(first, g);
    CHECK(expected == doctest::Approx(reference::global_norm<float>(g)).epsilon(1e-13));
    for_each_isa([&](cpu_context& ctx) {
      cpu_context threaded({.workers = &pool, .isa = ctx.isa()});
      CHECK(global_norm(threaded, g) == expected);
      auto serial_g = g.clone(), threaded_g = g.clone();
      clip_by_global_norm(ctx, 0.1f, serial_g);
      CHECK(clip_by_global_norm(threaded, 0.1f, threaded_g) == expected);
      CHECK(same_bits<float>(serial_g, threaded_g));
    });
  }
}

TEST_CASE("gradient_clip: small, huge and broken gradients") {
  for_each_isa([](cpu_context& ctx) {
    tensor<float> g(vector_shape(3));
    CHECK(clip_by_global_norm(ctx, 1, g) == 0);
    g[0] = 0.5f;
    CHECK(clip_by_global_norm(ctx, 1, g) == 0.5);
    CHECK(g[0] == 0.5f);
    g[0] = 3e38f, g[1] = -3e38f;  // the squares are beyond float
    CHECK(clip_by_global_norm(ctx, 1, g) == doctest::Approx(3e38 * std::sqrt(2.0)));
    CHECK(g[0] == doctest::Approx(std::sqrt(0.5)));
    g[2] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(clip_by_global_norm(ctx, 1, g)));
    CHECK(g[0] == doctest::Approx(std::sqrt(0.5)));
    clip_by_value(ctx, 0.25f, g);
    CHECK(g[0] == 0.25f);
    CHECK(g[1] == -0.25f);
    CHECK(std::isnan(g[2]));
  });
  cpu_context ctx;
  tensor<float> wide({1, 2, 2, 4});
  check_error([&] { global_norm(ctx, wide.view().channels(0, 2)); },
              "global_norm: gradient [1,2,2,2] is not contiguous");
  check_error([&] { clip_by_global_norm(ctx, 0, wide); }, "clip_by_global_norm: limit 0 is not positive");
  check_error([&] { clip_by_value(ctx, -1, wide); }, "clip_by_value: limit -1 is not positive");
}
