// SPDX-License-Identifier: Apache-2.0
// The memory-bound ops against PyTorch's numbers (tests/golden/make_memory_ops.py).
#include <lamina/ops/batch_norm2d.hpp>
#include <lamina/ops/max_unpool2d.hpp>
#include <lamina/ops/sigmoid.hpp>
#include <lamina/ops/upsample_bilinear2d.hpp>
#include <lamina/ops/upsample_nearest2d.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("memory-bound ops equal PyTorch") {
  const golden_file golden("memory_ops.safetensors");
  const auto x = golden.tensor("input.x");
  for_each_isa([&](cpu_context& ctx) {
    const auto like = [](const tensor<float>& t) { return poisoned_tensor<float>(t.extents()); };
    {
      const auto gamma = golden.tensor("batch_norm2d.gamma"), beta = golden.tensor("batch_norm2d.beta");
      const auto dy = golden.tensor("batch_norm2d.dy");
      tensor<float> running_mean(gamma.extents()), running_var(gamma.extents()), dgamma(gamma.extents()),
          dbeta(gamma.extents());
      running_var.fill(1);
      auto mean = like(gamma), inv_std = like(gamma), y = like(x), dx = like(x);
      const batch_norm2d_params params{.activation_slope = 0};
      batch_norm2d_forward(ctx, x.view(), gamma.view(), beta.view(), params, running_mean.view(), running_var.view(),
                           mean.view(), inv_std.view(), y.view());
      batch_norm2d_backward(ctx, x.view(), dy.view(), gamma.view(), beta.view(), mean.view(), inv_std.view(), params,
                            dx.view(), dgamma.view(), dbeta.view());
      check_close(y, golden.tensor("batch_norm2d.y"), 2e-6);
      check_close(dx, golden.tensor("batch_norm2d.dx"), 4e-6);
      check_close(dgamma, golden.tensor("batch_norm2d.dgamma"), 4e-6);
      check_close(dbeta, golden.tensor("batch_norm2d.dbeta"), 4e-6);
      check_close(running_mean, golden.tensor("batch_norm2d.running_mean"), 1e-6);
      check_close(running_var, golden.tensor("batch_norm2d.running_var"), 1e-6);
    }
    for (const pool2d_params params : {pool2d_params{2, 2}, {3, 2}}) {
      const std::string name = to_text("max_pool2d_", params.kernel, "_", params.stride);
      const auto expected = golden.tensor(name + ".y"), dy = golden.tensor(name + ".dy");
      tensor<std::uint8_t> indices(pool2d_index_shape(expected.extents(), params));
      auto y = like(expected), dx = like(x);
      max_pool2d_forward(ctx, x.view(), params, y.view(), indices.view());
      max_pool2d_backward(ctx, dy.view(), indices.view(), params, false, dx.view());
      check_close(y, expected, 0);
      check_close(dx, golden.tensor(name + ".dx"), 1e-6);
      if (params.kernel == 2) {
        auto unpooled = like(x);
        max_unpool2d_forward(ctx, dy.view(), indices.view(), params, unpooled.view());
        check_close(unpooled, golden.tensor("max_unpool2d.y"), 0);
      }
    }
    {
      const auto expected = golden.tensor("upsample_nearest.y"), dy = golden.tensor("upsample_nearest.dy");
      auto y = like(expected), dx = like(x);
      upsample_nearest2d_forward(ctx, x.view(), {}, y.view());
      upsample_nearest2d_backward(ctx, dy.view(), {}, dx.view());
      check_close(y, expected, 0);
      check_close(dx, golden.tensor("upsample_nearest.dx"), 1e-6);
    }
    for (const bool align_corners : {false, true}) {
      const std::string name = align_corners ? "upsample_bilinear_aligned" : "upsample_bilinear";
      const auto expected = golden.tensor(name + ".y"), dy = golden.tensor(name + ".dy");
      auto y = like(expected), dx = like(x);
      upsample_bilinear2d_forward(ctx, x.view(), {align_corners}, y.view());
      upsample_bilinear2d_backward(ctx, dy.view(), {align_corners}, dx.view());
      check_close(y, expected, 1e-6);
      check_close(dx, golden.tensor(name + ".dx"), 2e-6);
    }
    auto y = like(x);
    sigmoid_forward(ctx, x.view(), y.view());
    check_close(y, golden.tensor("sigmoid.y"), 1e-6);
  });
}
