// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/sigmoid.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("sigmoid: values and gradient", T, float, bfloat16) {
  cpu_context ctx;
  const double eps = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0x1p-22;
  const shape extents{1, 7, 11, 13};
  const auto x = random_tensor<T>(extents, 1, -100, 100), dy = random_tensor<T>(extents, 2);
  sliced_tensor<T> y(extents), dx(extents);
  sigmoid_forward(ctx, x.view(), y.slice());
  sigmoid_backward(ctx, y.slice(), dy.view(), dx.slice());
  for (index_t h = 0; h < 7; ++h)
    for (index_t w = 0; w < 11; ++w)
      for (index_t c = 0; c < 13; ++c) {
        const double v = static_cast<double>(x(0, h, w, c)), s = reference::sigmoid(v);
        const double actual = static_cast<double>(y.slice()(0, h, w, c));
        CHECK(std::abs(actual - s) <= eps * s + 0x1p-126);  // relative, though s falls to e^-100
        CHECK(std::abs(static_cast<double>(dx.slice()(0, h, w, c)) -
                       static_cast<double>(dy(0, h, w, c)) * actual * (1 - actual)) <= 2 * eps);
      }
  CHECK(y.surroundings_untouched());
  const double step = 1e-6, slope = (reference::sigmoid(0.3 + step) - reference::sigmoid(0.3 - step)) / (2 * step);
  CHECK(slope == doctest::Approx(reference::sigmoid(0.3) * (1 - reference::sigmoid(0.3))));
}

TEST_CASE("sigmoid: probabilities in float of logits in bfloat16") {
  cpu_context ctx;
  const auto x = random_tensor<bfloat16>({1, 5, 3, 1}, 3, -8, 8);
  tensor<float> y(x.extents());
  sigmoid_forward(ctx, x.view(), y.view());
  for (index_t i = 0; i < y.size(); ++i)
    CHECK(y[i] == doctest::Approx(reference::sigmoid(static_cast<double>(x[i]))).epsilon(1e-6));
}

TEST_CASE("sigmoid: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 2, 4});
  check_error([&] { sigmoid_forward(ctx, x.view(), y.view()); },
              "sigmoid_forward: x [1,2,2,3] and y [1,2,2,4] differ in shape (NHWC)");
}
