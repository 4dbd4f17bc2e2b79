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

/// The loss, from one pass for all sums; in a second one the gradient too where dlogits is not empty.
template <class T>
double bce_dice(std::string_view op, cpu_context& ctx, view<const T> logits, view<const float> target,
                const bce_dice_params& params, view<T> dlogits) {
  require_bce_dice(op, logits, target, params);
  if (!dlogits.empty()) require_same_shape(op, "prediction", logits, "gradient", dlogits);
  const index_t N = logits.extents().n;
  const double count = static_cast<double>(logits.size()), positive_weight = params.bce.positive_weight;
  auto frame = ctx.scratch().open();
  auto* all = frame.take<std::array<double, 4>>(N);
  auto* sums = frame.take<std::array<double, 3>>(N);
  auto* terms = frame.take<overlap_terms>(N);
  sum_each_image<4>(
      ctx, logits.extents(),
      [&](index_t n, index_t h, std::array<double, 4>& sum) {
        for_each_logit(ctx.isa(), logits, n, h, [&](index_t w, const logit_terms& p) {
          const double t = target(n, h, w, 0);
          sum[0] += t * p.y;
          sum[1] += t;
          sum[2] += p.y;
          sum[3] += bce_with_logits_value(p, t, positive_weight);
        });
      },
      all);
  double bce = 0;
  for (index_t n = 0; n < N; ++n) {
    sums[n] = {all[n][0], all[n][1], all[n][2]};
    bce += all[n][3];
  }
  const double dice = overlap_of_images(sums, N, as_tversky(params.dice), terms);
  const double loss = params.bce_weight * (bce / count) + params.dice_weight * dice;
  if (dlogits.empty()) return loss;
  const double bce_factor = params.bce_weight / count;
  const double dice_factor = params.dice_weight * gradient_scale(params.dice, N);
  for_each_row(ctx, logits.extents(), [&](index_t n, index_t h) {
    for_each_logit(ctx.isa(), logits, n, h, [&](index_t w, const logit_terms& p) {
      const double t = target(n, h, w, 0);
      dlogits(n, h, w, 0) =
          static_cast<T>(bce_factor * bce_with_logits_slope(p, t, positive_weight) +
                         dice_factor * (terms[n].by_target * t + terms[n].constant) * p.y * p.rest);
    });
  });
  return loss;
}

}  // namespace detail

/// L = bce_weight · bce_with_logits + dice_weight · dice, both on the logits.
///   logits  [N,H,W,1]
///   target  [N,H,W,1], in [0,1]
/// Returns L. Throws `error` as the two do, and unless params.dice.input is logits.
template <class T>
double bce_dice_forward(cpu_context& ctx, view<const T> logits, view<const float> target, bce_dice_params params) {
  return detail::bce_dice<T>("bce_dice_forward", ctx, logits, target, params, {});
}

/// The gradient of L with respect to the logits, in one pass after Dice's sums.
///   logits, target as above; dlogits [N,H,W,1], may be logits
/// Assigns dlogits. Throws as the forward pass does.
template <class T>
void bce_dice_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                       bce_dice_params params, view<T> dlogits) {
  detail::bce_dice<T>("bce_dice_backward", ctx, logits, target, params, dlogits);
}

/// Both, with one computation of the sums: returns L and assigns dlogits.
template <class T>
double bce_dice_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits,
                                 view<const float> target, bce_dice_params params, view<T> dlogits) {
  return detail::bce_dice<T>("bce_dice_forward_backward", ctx, logits, target, params, dlogits);
}

}  // namespace lamina
