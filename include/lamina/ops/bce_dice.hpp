// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/bce_with_logits.hpp>
#include <lamina/ops/dice.hpp>

#include <string_view>
#include <type_traits>

namespace lamina {

/// Cross entropy, whose gradient is good everywhere, plus Dice, which is close to what is measured in the end.
struct bce_dice_params {
  float bce_weight = 1, dice_weight = 1;
  bce_with_logits_params bce{};
  dice_params dice{};  // on logits
};

namespace reference {

template <class T>
double bce_dice_forward(view<const T> logits, view<const float> target, bce_dice_params params) {
  return params.bce_weight * bce_with_logits_forward<T>(logits, target, {}, params.bce) +
         params.dice_weight * dice_forward<T>(logits, target, params.dice);
}

}  // namespace reference

namespace detail {

template <class T>
void require_bce_dice(std::string_view op, view<T> logits, view<const float> target, const bce_dice_params& params) {
  require_bce_with_logits(op, logits, target, {}, params.bce);
  require_tversky(op, logits, target, as_tversky(params.dice));
  require(params.dice.input == prediction_kind::logits, op, ": Dice must be on logits here");
}

}  // namespace detail

/// L = bce_weight · bce_with_logits + dice_weight · dice, both on the logits.
///   logits  [N,H,W,1]
///   target  [N,H,W,1], in [0,1]
/// Returns L. Throws `error` as the two do, and unless params.dice.input is logits.
template <class T>
double bce_dice_forward(cpu_context& ctx, view<const T> logits, view<const float> target, bce_dice_params params) {
  detail::require_bce_dice("bce_dice_forward", logits, target, params);
  return params.bce_weight * bce_with_logits_forward(ctx, logits, target, params.bce) +
         params.dice_weight * dice_forward(ctx, logits, target, params.dice);
}

/// The gradient of L with respect to the logits, in one pass after Dice's sums.
///   logits, target as above; dlogits [N,H,W,1], may be logits
/// Assigns dlogits. Throws as the forward pass does.
template <class T>
void bce_dice_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                       bce_dice_params params, view<T> dlogits) {
  detail::require_bce_dice("bce_dice_backward", logits, target, params);
  require_same_shape("bce_dice_backward", "prediction", logits, "gradient", dlogits);
  const index_t N = logits.extents().n;
  auto frame = ctx.scratch().open();
  auto* terms = frame.take<detail::overlap_terms>(N);
  detail::overlap_of_images(ctx, logits, target, detail::as_tversky(params.dice), terms);
  const double bce_factor = params.bce_weight / static_cast<double>(logits.size());
  const double dice_factor = params.dice_weight * detail::gradient_scale(params.dice, N);
  detail::assign_pixels(ctx, dlogits, [&](index_t n, index_t h, index_t w) {
    const double z = static_cast<double>(logits(n, h, w, 0)), t = target(n, h, w, 0), y = detail::logistic(z);
    return bce_factor * detail::bce_with_logits_slope(z, t, params.bce.positive_weight) +
           dice_factor * (terms[n].by_target * t + terms[n].constant) * y * (1 - y);
  });
}

}  // namespace lamina
