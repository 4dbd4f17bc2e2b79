// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/global_average_pool2d.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

shape pooled_shape(shape x) { return {x.n, 1, 1, x.c}; }

}  // namespace

TEST_CASE("global_average_pool2d equals PyTorch") {
  const golden_file golden("blocks.safetensors");
  const auto x = golden.tensor("input.x"), expected = golden.tensor("global_average_pool2d.y");
  const auto dy = golden.tensor("global_average_pool2d.dy");
  for_each_isa([&](cpu_context& ctx) {
    auto y = poisoned_tensor<float>(expected.extents()), dx = poisoned_tensor<float>(x.extents());
    global_average_pool2d_forward(ctx, x.view(), y.view());
    global_average_pool2d_backward(ctx, dy.view(), false, dx.view());
    check_close(y, expected, 1e-6);
    check_close(dx, golden.tensor("global_average_pool2d.dx"), 1e-6);
  });
}

TEST_CASE_TEMPLATE("global_average_pool2d: every instruction set equals the reference", T, float, bfloat16) {
  const double eps = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0x1p-23;
  for_each_isa([&](cpu_context& ctx) {
    std::vector<shape> shapes = awkward_shapes;
    shapes.push_back({2, 19, 21, 100});  // several parts of 64 pixels and a rest
    for (const shape& extents : shapes) {
      CAPTURE(to_text(extents));
      const shape pooled = pooled_shape(extents);
      const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(pooled, 2);
      tensor<T> expected(pooled), expected_dx(extents);
      auto y = poisoned_tensor<T>(pooled), dx = poisoned_tensor<T>(extents);
      reference::global_average_pool2d_forward<T>(x, expected);
      global_average_pool2d_forward(ctx, x.view(), y.view());
      check_close(y, expected, 0x1p-23 * 64 + eps);
      reference::global_average_pool2d_backward<T>(dy, false, expected_dx);
      global_average_pool2d_backward(ctx, dy.view(), false, dx.view());
      check_close(dx, expected_dx, eps);

      sliced_tensor<T> x_slice(extents), y_slice(pooled), dx_slice(extents);
      copy_elements<T>(x.view(), x_slice.slice());
      global_average_pool2d_forward(ctx, x_slice.slice(), y_slice.slice());
      global_average_pool2d_backward(ctx, dy.view(), false, dx_slice.slice());
      CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
      CHECK(same_bits<T>(as_const(dx_slice.slice()), dx.view()));
      CHECK(y_slice.surroundings_untouched());
      CHECK(dx_slice.surroundings_untouched());

      reference::global_average_pool2d_backward<T>(dy, true, expected_dx);
      global_average_pool2d_backward(ctx, dy.view(), true, dx.view());
      check_close(dx, expected_dx, 3 * eps);
    }
  });
}

TEST_CASE("global_average_pool2d: gradient") {
  const shape extents{2, 3, 5, 3}, pooled = pooled_shape(extents);
  auto x = random_tensor<double>(extents, 3);
  const auto dy = random_tensor<double>(pooled, 4);
  auto y = poisoned_tensor<double>(pooled), dx = poisoned_tensor<double>(extents);
  reference::global_average_pool2d_backward<double>(dy, false, dx);
  check_gradient(x, dx, [&] {
    reference::global_average_pool2d_forward<double>(x, y);
    return dot(y, dy);
  });
}

TEST_CASE("global_average_pool2d: the same bits for any number of workers, and the scratch that was announced") {
  const shape extents{3, 65, 67, 40}, pooled = pooled_shape(extents);
  const auto x = random_tensor<float>(extents, 1);
  tensor<float> first_y, first_dx;
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    tensor<float> y(pooled), dx(extents);
    {
      cpu_context ctx(pool);
      global_average_pool2d_forward(ctx, x.view(), y.view());
      CHECK(ctx.scratch().capacity() == global_average_pool2d_forward_scratch(extents));
    }
    cpu_context ctx(pool);
    global_average_pool2d_backward(ctx, y.view(), false, dx.view());
    CHECK(ctx.scratch().capacity() == global_average_pool2d_backward_scratch<float>(extents));
    if (threads == 1) {
      first_y = std::move(y), first_dx = std::move(dx);
    } else {
      CHECK(same_bits<float>(first_y.view(), y.view()));
      CHECK(same_bits<float>(first_dx.view(), dx.view()));
    }
  }
}

TEST_CASE("global_average_pool2d: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 5, 4, 3}), wrong({1, 1, 2, 3}), right({1, 1, 1, 3}), none({1, 0, 4, 3});
  check_error([&] { global_average_pool2d_forward(ctx, x.view(), wrong.view()); },
              "global_average_pool2d_forward: y [1,1,2,3] must be [1,1,1,3], as x is [1,5,4,3] (NHWC)");
  check_error([&] { global_average_pool2d_backward(ctx, wrong.view(), false, x.view()); },
              "global_average_pool2d_backward: dy [1,1,2,3] must be [1,1,1,3], as dx is [1,5,4,3] (NHWC)");
  check_error([&] { global_average_pool2d_forward(ctx, none.view(), right.view()); }, "x [1,0,4,3] has no elements");
}
