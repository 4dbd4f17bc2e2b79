// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/dice.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(dice_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return dice_forward(ctx, x, target, params);
  };
}
auto backward(dice_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    dice_backward(ctx, x, target, params, dx);
  };
}
auto expected(dice_params params) {
  return
      [=]<class T>(view<const T> x, view<const float> target) { return reference::dice_forward<T>(x, target, params); };
}
void check_both(const std::string& name, const std::string& input, dice_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("dice: PyTorch's values and gradients") {
  check_both("dice.image", "logits", {});
  check_both("dice.batch", "logits", {.region = loss_region::batch, .smoothing = 0.5f});
  check_both("dice.probabilities", "probabilities", {.input = prediction_kind::probabilities});
}

TEST_CASE("dice: reference, threads, gradient") {
  for (const dice_params& params : {dice_params{}, {.region = loss_region::batch}, {.smoothing = 0.1f}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
  const dice_params on_probabilities{.input = prediction_kind::probabilities};
  check_loss(0, 1, forward(on_probabilities), backward(on_probabilities), expected(on_probabilities));
}

TEST_CASE("dice: the original's form") {
  cpu_context ctx;
  const shape extents{4, 3, 5, 1};
  const auto z = random_tensor<float>(extents, 1), t = random_mask(extents, 2);
  const dice_params plain{.smoothing = 0};
  CHECK(dice_forward<float>(ctx, z, t, original_dice) == dice_forward<float>(ctx, z, t, plain));
  tensor<float> exact(extents), original(extents);
  dice_backward(ctx, z.view(), t.view(), plain, exact.view());
  dice_backward(ctx, z.view(), t.view(), original_dice, original.view());
  for (float& g : exact) g *= 4 / 2.0f;  // N = 4, half of the exact gradient
  check_close(original, exact, 1e-7);

  const tensor<float> black({1, 1, 2, 1});
  dice_params on_probabilities = original_dice;
  on_probabilities.input = prediction_kind::probabilities;
  CHECK(std::isnan(dice_forward<float>(ctx, black, black, on_probabilities)));
  CHECK(dice_forward<float>(ctx, black, black, {.input = prediction_kind::probabilities}) == 0);
}

TEST_CASE("dice: wrong arguments are refused") {
  check_loss_errors("dice", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error(
      [&] { dice_forward<float>(ctx, x, x, {.smoothing = -1}); },
      "dice_forward: false_positive_weight 0.5, false_negative_weight 0.5 and smoothing -0.5 must not be negative");
}
