// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/tversky.hpp>

#include <type_traits>

namespace lamina {

/// Which gradient the backward pass gives.
enum class dice_gradient {
  exact,
  original,  // half of it, and not divided by the number of regions, as the original system has it
};

/// Milletari, Navab, Ahmadi: V-Net, 2016, arXiv:1606.04797, with sums instead of sums of squares in the denominator.
/// The original system's form is `original_dice`.
struct dice_params {
  prediction_kind input = prediction_kind::logits;
  loss_region region = loss_region::image;
  float smoothing = 1;  // added to numerator and denominator, ≥ 0, in pixels; 0: an empty region gives NaN
  dice_gradient gradient = dice_gradient::exact;
};

/// No smoothing, half the gradient, no division by N: for repeating the original's results.
inline constexpr dice_params original_dice{.smoothing = 0, .gradient = dice_gradient::original};

namespace reference {

template <class T>
double dice_forward(view<const T> prediction, view<const float> target, dice_params params) {
  const auto [N, H, W, C] = prediction.extents();
  const index_t regions = params.region == loss_region::image ? N : 1;
  double loss = 0;
  for (index_t r = 0; r < regions; ++r) {
    double intersection = 0, total = 0;
    for (index_t n = r; n < (params.region == loss_region::image ? r + 1 : N); ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const double x = static_cast<double>(prediction(n, h, w, 0)), t = target(n, h, w, 0);
          const double y = params.input == prediction_kind::logits ? 1 / (1 + std::exp(-x)) : x;
          intersection += t * y;
          total += t + y;
        }
    loss += 1 - (2 * intersection + params.smoothing) / (total + params.smoothing);
  }
  return loss / static_cast<double>(regions);
}

}  // namespace reference

namespace detail {
/// (2·Σty + s) / (Σt + Σy + s) is the Tversky index with α = β = 1/2 and half the smoothing.
inline tversky_params as_tversky(const dice_params& params) {
  return {params.input, params.region, 0.5f, 0.5f, params.smoothing / 2};
}
inline double gradient_scale(const dice_params& params, index_t images) {
  if (params.gradient == dice_gradient::exact) return 1;
  return params.region == loss_region::image ? 0.5 * static_cast<double>(images) : 0.5;
}
}  // namespace detail

/// L = mean over the regions of 1 − (2·Σty + s) / (Σt + Σy + s).
///   prediction  [N,H,W,1], logits or probabilities y as params.input says
///   target t    [N,H,W,1], in [0,1]
/// Returns L. Throws `error` when shapes differ, there is more than one channel or none, or s is negative.
template <class T>
double dice_forward(cpu_context& ctx, view<const T> prediction, view<const float> target, dice_params params) {
  return detail::overlap_loss<T>("dice_forward", ctx, prediction, target, detail::as_tversky(params), 1, {});
}

/// The gradient of L with respect to the prediction, or the original's share of it.
///   prediction, target as above; dprediction [N,H,W,1], may be prediction
/// Assigns dprediction. Throws as the forward pass does.
template <class T>
void dice_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction, view<const float> target,
                   dice_params params, view<T> dprediction) {
  detail::overlap_loss<T>("dice_backward", ctx, prediction, target, detail::as_tversky(params),
                          detail::gradient_scale(params, prediction.extents().n), dprediction);
}

/// Both, with one computation of the sums: returns L and assigns dprediction.
template <class T>
double dice_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction,
                             view<const float> target, dice_params params, view<T> dprediction) {
  return detail::overlap_loss<T>("dice_forward_backward", ctx, prediction, target, detail::as_tversky(params),
                                 detail::gradient_scale(params, prediction.extents().n), dprediction);
}

}  // namespace lamina
