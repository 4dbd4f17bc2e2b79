// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/bce.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(bce_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return bce_forward(ctx, x, target, params);
  };
}
auto backward(bce_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    bce_backward(ctx, x, target, params, dx);
  };
}
auto expected(bce_params params) {
  return
      [=]<class T>(view<const T> x, view<const float> target) { return reference::bce_forward<T>(x, target, params); };
}
void check_both(const std::string& name, const std::string& input, bce_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("bce: PyTorch's values and gradients") {
  check_both("bce", "probabilities", {.input = prediction_kind::probabilities});
}

TEST_CASE("bce: reference, threads, gradient") {
  const bce_params on_probabilities{.input = prediction_kind::probabilities};
  check_loss(0.02, 0.98, forward(on_probabilities), backward(on_probabilities), expected(on_probabilities));
  check_loss(-5, 5, forward({}), backward({}), expected({}), false);
}

TEST_CASE("bce: the original's gradient of logits is (y - t) / N") {
  cpu_context ctx;
  tensor<float> z({2, 1, 1, 1}), t({2, 1, 1, 1}), dz({2, 1, 1, 1});
  z[0] = -200, t[0] = 1;
  bce_backward(ctx, z.view(), t.view(), {}, dz.view());
  CHECK(dz[0] == -0.5f);
  CHECK(dz[1] == 0.25f);
  CHECK(bce_forward<float>(ctx, z, t, {}) == doctest::Approx((16.1180957 + 0.6931472) / 2));  // -ln(1e-7) and ln 2
}

TEST_CASE("bce: wrong arguments are refused") {
  check_loss_errors("bce", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error([&] { bce_forward<float>(ctx, x, x, {.epsilon = 0}); }, "bce_forward: epsilon 0 is not positive");
}
