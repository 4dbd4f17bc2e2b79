// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/bce_dice.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(bce_dice_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return bce_dice_forward(ctx, x, target, params);
  };
}
auto backward(bce_dice_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    bce_dice_backward(ctx, x, target, params, dx);
  };
}
auto expected(bce_dice_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::bce_dice_forward<T>(x, target, params);
  };
}
void check_both(const std::string& name, const std::string& input, bce_dice_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("bce_dice: PyTorch's values and gradients") {
  check_both("bce_dice", "logits", {.bce_weight = 0.5f, .dice_weight = 2});
}

TEST_CASE("bce_dice: reference, threads, gradient") {
  for (const bce_dice_params& params :
       {bce_dice_params{}, {.bce_weight = 0.3f, .bce = {.positive_weight = 2}, .dice = {.region = loss_region::batch}}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
}

TEST_CASE("bce_dice: wrong arguments are refused") {
  check_loss_errors("bce_dice", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error([&] { bce_dice_forward<float>(ctx, x, x, {.dice = {.input = prediction_kind::probabilities}}); },
              "bce_dice_forward: Dice must be on logits here");
}
