// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/relu.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("relu: values") {
  tensor<float> x({1, 1, 1, 4});
  x[0] = -2, x[1] = 0, x[2] = 3, x[3] = -0.5f;
  tensor<float> y(x.extents());
  cpu_context ctx;
  relu_forward(ctx, x.view(), {}, y.view());
  CHECK(y[0] == 0);
  CHECK(y[2] == 3);
  relu_forward(ctx, x.view(), {.slope = 0.01f}, y.view());
  CHECK(y[0] == doctest::Approx(-0.02));
  CHECK(y[3] == doctest::Approx(-0.005));
}

TEST_CASE_TEMPLATE("relu: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes) {
      CAPTURE(to_text(extents));
      for (const float slope : {0.0f, 0.25f}) {
        const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(extents, 2);
        tensor<T> expected(extents), expected_dx(extents);
        reference::relu_forward<T>(x, {slope}, expected);
        reference::relu_backward<T>(expected, dy, {slope}, expected_dx);

        auto y = poisoned_tensor<T>(extents), dx = poisoned_tensor<T>(extents);
        relu_forward(ctx, x.view(), {slope}, y.view());
        relu_backward(ctx, y.view(), dy.view(), {slope}, dx.view());
        check_close(y, expected, 0);
        check_close(dx, expected_dx, 0);

        sliced_tensor<T> y_slice(extents);
        relu_forward(ctx, x.view(), {slope}, y_slice.slice());
        check_close<T, T>(y_slice.slice(), expected.view(), 0);
        CHECK(y_slice.surroundings_untouched());
      }
    }
  });
}

TEST_CASE("relu: of minus infinity it is 0 as PyTorch's, and NaN stays NaN") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for_each_isa([](cpu_context& ctx) {
    for (const index_t count : {1, 17}) {
      tensor<float> x(vector_shape(count)), y(x.extents());
      for (const float slope : {0.0f, 0.01f, 1.0f}) {
        x.fill(-infinity);
        relu_forward(ctx, x.view(), {slope}, y.view());
        CHECK(y[count - 1] == (slope == 0 ? 0 : -infinity));
        x.fill(std::numeric_limits<float>::quiet_NaN());
        relu_forward(ctx, x.view(), {slope}, y.view());
        CHECK(std::isnan(y[count - 1]));
      }
    }
  });
}

TEST_CASE("relu: gradient") {
  const shape extents{2, 3, 4, 5};
  auto x = random_tensor<double>(extents, 3);
  const auto dy = random_tensor<double>(extents, 4);
  auto y = poisoned_tensor<double>(extents), dx = poisoned_tensor<double>(extents);
  const auto f = [&] {
    reference::relu_forward<double>(x, {0.1f}, y);
    return dot(y, dy);
  };
  f();
  reference::relu_backward<double>(y, dy, {0.1f}, dx);
  check_gradient(x, dx, f);
}

TEST_CASE("relu: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 2, 4});
  check_error([&] { relu_forward(ctx, x.view(), {}, y.view()); },
              "relu_forward: x [1,2,2,3] and y [1,2,2,4] differ in shape (NHWC)");
  check_error([&] { relu_forward(ctx, x.view(), {.slope = -1}, x.view()); }, "slope -1 is negative");
}
