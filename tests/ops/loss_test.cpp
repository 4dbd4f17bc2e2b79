// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/loss.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("loss: every name runs") {
  cpu_context ctx;
  const shape extents{2, 6, 5, 1};
  const auto z = random_tensor<float>(extents, 1), t = random_mask(extents, 2);
  for (const auto& known : known_losses) {
    const auto& name = known.first;
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

TEST_CASE("loss: sigmoid and its logarithm are exact to the last digits on every instruction set; NaN is passed on") {
  tensor<double> z({1, 1, 1003, 1});
  for (index_t i = 0; i < z.size(); ++i) z[i] = 1.3963 * static_cast<double>(i - 501);
  const auto close = [](double value, double expected) { return std::abs(value - expected) <= 1e-15 * expected; };
  for_each_isa([&](cpu_context& ctx) {
    index_t wrong = 0;
    detail::for_each_logit<double>(ctx.isa(), z.view(), 0, 0, [&](index_t w, const detail::logit_terms& p) {
      const double e = std::exp(-std::abs(z[w]));
      const double larger = 1 / (1 + e), smaller = e / (1 + e);
      wrong += !close(p.y, z[w] < 0 ? smaller : larger) || !close(p.rest, z[w] < 0 ? larger : smaller) ||
               !close(p.entropy, std::log1p(e));
    });
    CHECK(wrong == 0);
    tensor<double> extremes({1, 1, 3, 1});
    extremes[0] = std::numeric_limits<double>::quiet_NaN(), extremes[1] = 1e300, extremes[2] = -1e300;
    detail::for_each_logit<double>(ctx.isa(), extremes.view(), 0, 0, [&](index_t w, const detail::logit_terms& p) {
      CHECK((w == 0 ? std::isnan(p.y) && std::isnan(p.rest) && std::isnan(p.entropy)
                    : p.y == (w == 1) && p.rest == (w == 2) && p.entropy == 0));
    });
  });
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
