// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/tversky.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(tversky_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return tversky_forward(ctx, x, target, params);
  };
}
auto backward(tversky_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    tversky_backward(ctx, x, target, params, dx);
  };
}
auto expected(tversky_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::tversky_forward<T>(x, target, params);
  };
}
void check_both(const std::string& name, const std::string& input, tversky_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("tversky: PyTorch's values and gradients") {
  check_both("tversky.image", "logits", {});
  check_both("tversky.batch", "logits",
             {.region = loss_region::batch, .false_positive_weight = 0.6f, .false_negative_weight = 0.2f});
}

TEST_CASE("tversky: reference, threads, gradient") {
  for (const tversky_params& params : {tversky_params{}, {.region = loss_region::batch, .smoothing = 0.5f}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
  const tversky_params on_probabilities{.input = prediction_kind::probabilities};
  check_loss(0, 1, forward(on_probabilities), backward(on_probabilities), expected(on_probabilities));
}

TEST_CASE("tversky: wrong arguments are refused") {
  check_loss_errors("tversky", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error(
      [&] { tversky_forward<float>(ctx, x, x, {.false_negative_weight = -1}); },
      "tversky_forward: false_positive_weight 0.3, false_negative_weight -1 and smoothing 1 must not be negative");
}
