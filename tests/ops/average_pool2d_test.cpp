// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/average_pool2d.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct pool_case {
  shape x;
  average_pool2d_params params;
};

const std::vector<pool_case> cases{{{1, 1, 1, 1}, {1, 1}},
                                   {{1, 5, 7, 3}, {}},
                                   {{2, 8, 6, 17}, {}},
                                   {{1, 4, 4, 64}, {}},
                                   {{3, 3, 9, 33}, {3, 1, padding2d::all(1)}},
                                   {{2, 7, 8, 5}, {3, 2, padding2d::all(1), false}},
                                   {{1, 9, 9, 18}, {4, 3, {3, 0, 1, 2}, false}},
                                   {{1, 9, 9, 18}, {4, 3, {3, 0, 1, 2}, true}},
                                   {{1, 8, 9, 7}, {2, 5}},
                                   {{2, 1, 2, 4}, {3, 1, padding2d::all(2), false}},
                                   {{1, 40, 37, 2}, {32, 1}}};

std::string to_text(const pool_case& c) {
  return lamina::to_text(c.x, " kernel ", c.params.kernel, " stride ", c.params.stride, " padding ", c.params.padding,
                         c.params.count_include_pad ? "" : ", which doesn't count");
}

}  // namespace

TEST_CASE("average_pool2d equals PyTorch") {
  const golden_file golden("blocks.safetensors");
  const auto x = golden.tensor("input.x");
  for_each_isa([&](cpu_context& ctx) {
    for (const auto& [kernel, stride, padding, counts] :
         {std::tuple{2, 2, 0, true}, {3, 2, 1, true}, {3, 2, 1, false}, {4, 3, 2, false}, {3, 1, 1, true}}) {
      const std::string name = lamina::to_text("average_pool2d_", kernel, '_', stride, '_', padding, '_', counts);
      CAPTURE(name);
      const average_pool2d_params params{kernel, stride, padding2d::all(padding), counts};
      const auto expected = golden.tensor(name + ".y"), dy = golden.tensor(name + ".dy");
      auto y = poisoned_tensor<float>(expected.extents()), dx = poisoned_tensor<float>(x.extents());
      average_pool2d_forward(ctx, x.view(), params, y.view());
      average_pool2d_backward(ctx, dy.view(), params, false, dx.view());
      check_close(y, expected, 1e-6);
      check_close(dx, golden.tensor(name + ".dx"), 1e-6);
    }
  });
}

TEST_CASE_TEMPLATE("average_pool2d: every instruction set equals the reference", T, float, bfloat16) {
  const double eps = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0x1p-23 * 16;
  for_each_isa([&](cpu_context& ctx) {
    for (const pool_case& c : cases) {
      CAPTURE(to_text(c));
      const shape pooled = average_pool2d_output_shape(c.x, c.params);
      const auto x = random_tensor<T>(c.x, 1), dy = random_tensor<T>(pooled, 2);
      tensor<T> expected(pooled), expected_dx(c.x);
      auto y = poisoned_tensor<T>(pooled), dx = poisoned_tensor<T>(c.x);
      reference::average_pool2d_forward<T>(x, c.params, expected);
      average_pool2d_forward(ctx, x.view(), c.params, y.view());
      check_close(y, expected, eps);
      reference::average_pool2d_backward<T>(dy, c.params, false, expected_dx);
      average_pool2d_backward(ctx, dy.view(), c.params, false, dx.view());
      check_close(dx, expected_dx, eps);

      sliced_tensor<T> x_slice(c.x), y_slice(pooled), dx_slice(c.x);
      copy_elements<T>(x.view(), x_slice.slice());
      average_pool2d_forward(ctx, x_slice.slice(), c.params, y_slice.slice());
      average_pool2d_backward(ctx, dy.view(), c.params, false, dx_slice.slice());
      CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
      CHECK(same_bits<T>(as_const(dx_slice.slice()), dx.view()));
      CHECK(y_slice.surroundings_untouched());
      CHECK(dx_slice.surroundings_untouched());

      reference::average_pool2d_backward<T>(dy, c.params, true, expected_dx);
      average_pool2d_backward(ctx, dy.view(), c.params, true, dx.view());
      check_close(dx, expected_dx, 3 * eps);
    }
  });
}

TEST_CASE("average_pool2d: gradient") {
  for (const pool_case& c : cases) {
    if (c.x.size() > 200) continue;
    CAPTURE(to_text(c));
    auto x = random_tensor<double>(c.x, 3);
    const shape pooled = average_pool2d_output_shape(c.x, c.params);
    const auto dy = random_tensor<double>(pooled, 4);
    auto y = poisoned_tensor<double>(pooled), dx = poisoned_tensor<double>(c.x);
    reference::average_pool2d_backward<double>(dy, c.params, false, dx);
    check_gradient(x, dx, [&] {
      reference::average_pool2d_forward<double>(x, c.params, y);
      return dot(y, dy);
    });
  }
}

TEST_CASE("average_pool2d: the same bits for any number of workers, and the scratch that was announced") {
  const shape extents{3, 65, 67, 40};
  const average_pool2d_params params{3, 2, padding2d::all(1), false};
  const shape pooled = average_pool2d_output_shape(extents, params);
  const auto x = random_tensor<float>(extents, 1), dy = random_tensor<float>(pooled, 2);
  tensor<float> first_y, first_dx;
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    tensor<float> y(pooled), dx(extents);
    {
      cpu_context ctx(pool);
      average_pool2d_forward(ctx, x.view(), params, y.view());
      CHECK(ctx.scratch().capacity() == average_pool2d_forward_scratch(pooled));
    }
    cpu_context ctx(pool);
    average_pool2d_backward(ctx, dy.view(), params, false, dx.view());
    CHECK(ctx.scratch().capacity() == average_pool2d_backward_scratch(extents, pooled));
    if (threads == 1) {
      first_y = std::move(y), first_dx = std::move(dx);
    } else {
      CHECK(same_bits<float>(first_y.view(), y.view()));
      CHECK(same_bits<float>(first_dx.view(), dx.view()));
    }
  }
}

TEST_CASE("average_pool2d: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> x({1, 5, 4, 3}), wrong({1, 3, 2, 3});
  check_error([&] { average_pool2d_forward(ctx, x.view(), {}, wrong.view()); },
              "average_pool2d_forward: y [1,3,2,3] must be [1,2,2,3], as x is [1,5,4,3], kernel 2, stride 2, padding "
              "top 0 left 0 bottom 0 right 0 (NHWC)");
  check_error([&] { average_pool2d_backward(ctx, wrong.view(), {}, false, x.view()); },
              "average_pool2d_backward: dy [1,3,2,3] must be [1,2,2,3], as dx is [1,5,4,3]");
  const auto refused = [&](const average_pool2d_params& params, const char* text) {
    check_error([&] { average_pool2d_output_shape(x.extents(), params); }, text);
  };
  refused({0, 1}, "average_pool2d: kernel 0 is not positive");
  refused({2, 0}, "average_pool2d: stride 0 is not positive");
  refused({2, 1, {0, 0, 2, 0}}, "padding top 0 left 0 bottom 2 right 0 is outside [0, 2), the kernel");
  refused({2, 1, {0, -1, 0, 0}}, "is outside [0, 2), the kernel");
  refused({5, 1}, "no window of 5×5 fits x [1,5,4,3] (NHWC) with padding top 0 left 0 bottom 0 right 0");
}
