// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/max_unpool2d.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct pool_case {
  shape x;
  pool2d_params params;
};

const std::vector<pool_case> cases{{{1, 2, 2, 1}, {}},        {{1, 5, 7, 3}, {}},     {{2, 8, 6, 17}, {}},
                                   {{1, 4, 4, 64}, {}},       {{3, 3, 9, 33}, {}},    {{2, 7, 8, 5}, {3, 2}},
                                   {{1, 9, 9, 18}, {3, 3}},   {{1, 6, 5, 6}, {2, 1}}, {{1, 8, 9, 7}, {2, 3}},
                                   {{1, 17, 18, 2}, {16, 1}}, {{2, 3, 3, 4}, {1, 1}}};

/// Few different values, so that there are ties.
template <class T>
tensor<T> random_steps(shape extents, std::uint32_t number) {
  auto x = random_tensor<float>(extents, number, -3, 3);
  tensor<T> steps(extents);
  for (index_t i = 0; i < x.size(); ++i) steps[i] = static_cast<T>(std::round(x[i]));
  return steps;
}

}  // namespace

TEST_CASE_TEMPLATE("max_pool2d, max_unpool2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const auto& one : cases) {
      const shape& extents = one.x;
      const pool2d_params& params = one.params;
      CAPTURE(to_text(extents, " kernel ", params.kernel, " stride ", params.stride));
      const shape pooled = pool2d_output_shape(extents, params), packed = pool2d_index_shape(pooled, params);
      const auto x = random_steps<T>(extents, 1), dy = random_tensor<T>(pooled, 2);
      tensor<T> expected(pooled), expected_dx(extents);
      tensor<std::uint8_t> expected_indices(packed), indices(packed);
      indices.fill(0xaa);
      reference::max_pool2d_forward<T>(x, params, expected, expected_indices);
      auto y = poisoned_tensor<T>(pooled), dx = poisoned_tensor<T>(extents);
      max_pool2d_forward(ctx, x.view(), params, y.view(), indices.view());
      check_close(y, expected, 0);
      CHECK(same_bits<std::uint8_t>(indices.view(), expected_indices.view()));

      sliced_tensor<T> y_slice(pooled);
      max_pool2d_forward(ctx, x.view(), params, y_slice.slice(), {});
      CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
      CHECK(y_slice.surroundings_untouched());

      const double eps = std::is_same_v<T, bfloat16> ? 0x1p-7 : 1e-5;
      reference::max_pool2d_backward<T>(dy, indices, params, false, expected_dx);
      max_pool2d_backward(ctx, dy.view(), indices.view(), params, false, dx.view());
      check_close(dx, expected_dx, eps);
      sliced_tensor<T> dx_slice(extents);
      max_pool2d_backward(ctx, dy.view(), indices.view(), params, false, dx_slice.slice());
      CHECK(same_bits<T>(as_const(dx_slice.slice()), dx.view()));
      CHECK(dx_slice.surroundings_untouched());
      reference::max_pool2d_backward<T>(dy, indices, params, true, expected_dx);
      max_pool2d_backward(ctx, dy.view(), indices.view(), params, true, dx.view());
      check_close(dx, expected_dx, 2 * eps);

      if (params.stride < params.kernel) continue;
      max_unpool2d_forward(ctx, dy.view(), indices.view(), params, dx.view());
      reference::max_unpool2d_forward<T>(dy, indices, params, expected_dx);
      check_close(dx, expected_dx, 0);
      max_unpool2d_backward(ctx, x.view(), indices.view(), params, y.view());
      CHECK(same_bits<T>(y.view(), expected.view()));  // the elements at the maxima's places are the maxima
    }
  });
}

TEST_CASE("max_pool2d: NaN wins, infinities count as values") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for_each_isa([&](cpu_context& ctx) {
    tensor<float> x({1, 2, 2, 20}), y({1, 1, 1, 20});
    tensor<std::uint8_t> indices({1, 1, 1, 5});
    x(0, 0, 1, 3) = nan, x(0, 1, 1, 3) = 5;
    x(0, 0, 0, 18) = -infinity, x(0, 1, 0, 18) = infinity;
    max_pool2d_forward(ctx, x.view(), {}, y.view(), indices.view());
    CHECK(std::isnan(y[3]));
    CHECK(reference::pool2d_index(indices.view(), {}, 0, 0, 0, 3) == 1);
    CHECK(y[18] == infinity);
    CHECK(reference::pool2d_index(indices.view(), {}, 0, 0, 0, 18) == 2);
    CHECK(reference::pool2d_index(indices.view(), {}, 0, 0, 0, 0) == 0);
  });
}

TEST_CASE("max_pool2d, max_unpool2d: gradients") {
  for (const pool2d_params params : {pool2d_params{2, 2}, {3, 2}}) {
    const shape extents{2, 7, 6, 3}, pooled = pool2d_output_shape(extents, params);
    auto x = random_tensor<double>(extents, 3);
    const auto dy = random_tensor<double>(pooled, 4);
    tensor<double> y(pooled), dx(extents);
    tensor<std::uint8_t> indices(pool2d_index_shape(pooled, params));
    const auto f = [&] {
      reference::max_pool2d_forward<double>(x, params, y, indices);
      return dot(y, dy);
    };
    f();
    reference::max_pool2d_backward<double>(dy, indices, params, false, dx);
    check_gradient(x, dx, f);
    if (params.stride < params.kernel) continue;
    auto small = random_tensor<double>(pooled, 5);
    auto d_small = poisoned_tensor<double>(pooled);
    tensor<double> large(extents);
    reference::max_unpool2d_backward<double>(x, indices, params, d_small);
    check_gradient(small, d_small, [&] {
      reference::max_unpool2d_forward<double>(small, indices, params, large);
      return dot(large, x);
    });
  }
}

TEST_CASE("max_pool2d: same bits for any number of workers") {
  const shape extents{3, 65, 67, 40}, pooled = pool2d_output_shape(extents, {3, 1});
  const auto x = random_tensor<float>(extents, 1);
  tensor<float> y(pooled), first(extents);
  tensor<std::uint8_t> indices(pool2d_index_shape(pooled, {3, 1}));
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    cpu_context ctx(pool);
    tensor<float> dx(extents);
    max_pool2d_forward(ctx, x.view(), {3, 1}, y.view(), indices.view());
    max_pool2d_backward(ctx, y.view(), indices.view(), {3, 1}, false, dx.view());
    if (threads == 1)
      first = std::move(dx);
    else
      CHECK(same_bits<float>(first.view(), dx.view()));
  }
}

TEST_CASE("max_pool2d, max_unpool2d: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> x({1, 5, 4, 3}), y({1, 2, 2, 3}), wrong({1, 3, 2, 3});
  tensor<std::uint8_t> indices({1, 2, 2, 1}), bytes({1, 2, 2, 3});
  check_error([&] { max_pool2d_forward(ctx, x.view(), {}, wrong.view(), {}); },
              "max_pool2d_forward: y [1,3,2,3] must be [1,2,2,3], as x is [1,5,4,3], kernel 2, stride 2 (NHWC)");
  check_error([&] { max_pool2d_forward(ctx, x.view(), {}, y.view(), bytes.view()); },
              "indices [1,2,2,3] must be [1,2,2,1] for y [1,2,2,3] and kernel 2");
  check_error([&] { max_pool2d_forward(ctx, y.view(), {3, 1}, y.view(), {}); }, "no window of 3×3 fits x [1,2,2,3]");
  check_error([&] { max_pool2d_backward(ctx, y.view(), {}, {}, false, x.view()); }, "the indices are missing");
  check_error([&] { pool2d_output_shape({1, 40, 40, 1}, {17, 1}); }, "kernel 17 is outside [1, 16]");
  tensor<float> large({1, 3, 3, 3});
  check_error([&] { max_unpool2d_forward(ctx, y.view(), indices.view(), {2, 1}, large.view()); }, "overlap");
}
