// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/loss.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("loss: every name runs") {
  cpu_context ctx;
  const shape extents{2, 6, 5, 1};
  const auto z = random_tensor<float>(extents, 1), t = random_mask(extents, 2);
  for (const auto& [name, unused] : known_losses) {
    CAPTURE(name);
    const loss which = loss_from_name(name);
    auto dz = poisoned_tensor<float>(extents);
    const double value = loss_forward_backward(ctx, z.view(), t.view(), which, dz.view());
    CHECK(value > 0);
    CHECK(value == loss_forward<float>(ctx, z, t, which));
    // a step against the gradient helps
    auto after = z.clone();
    for (index_t i = 0; i < z.size(); ++i) after[i] -= 0.01f * dz[i];
    CHECK(loss_forward<float>(ctx, after, t, which) < value);
  }
}

TEST_CASE("loss: the name says which") {
  cpu_context ctx;
  const auto z = random_tensor<float>({2, 3, 3, 1}, 1), t = random_mask({2, 3, 3, 1}, 2);
  CHECK(loss_forward<float>(ctx, z, t, loss_from_name("bce")) == bce_with_logits_forward<float>(ctx, z, t, {}));
  CHECK(loss_forward<float>(ctx, z, t, loss_from_name("dice_original")) ==
        dice_forward<float>(ctx, z, t, original_dice));
  check_error(
      [] { loss_from_name("dise"); },
      "loss 'dise' is unknown; expected one of bce, bce_original, dice, dice_original, bce_dice, focal, tversky, "
      "jaccard, lovasz");
  check_error([&] { loss_forward<float>(ctx, z, t, dice_params{.input = prediction_kind::probabilities}); },
              "must be one on logits");
}
