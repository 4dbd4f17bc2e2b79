// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <type_traits>

namespace lamina {

/// Lin, Goyal, Girshick, He, Dollár: Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002.
struct focal_params {
  float gamma = 2;      // γ ≥ 0: how much well classified pixels are played down; 0 is the cross entropy
  float alpha = 0.25f;  // α in [0,1]: weight of the lesion, 1−α that of the rest; negative: both 1
};

namespace reference {

template <class T>
double focal_forward(view<const T> logits, view<const float> target, focal_params params) {
  double sum = 0;
  const auto [N, H, W, C] = logits.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const double z = static_cast<double>(logits(n, h, w, 0)), t = target(n, h, w, 0);
        const double y = 1 / (1 + std::exp(-z));
        const double right = t * y + (1 - t) * (1 - y);
        const double weight = params.alpha < 0 ? 1 : params.alpha * t + (1 - params.alpha) * (1 - t);
        sum -= weight * std::pow(1 - right, params.gamma) * (t * std::log(y) + (1 - t) * std::log(1 - y));
      }
  return sum / static_cast<double>(logits.size());
}

}  // namespace reference

namespace detail {

/// The loss of one pixel and its slope in z.
struct focal_terms {
  double value, slope;
};

inline focal_terms focal_pixel(double z, double t, const focal_params& params) {
  const double y = logistic(z), rest = logistic(-z);  // 1 − y without cancellation
  const double wrong = (1 - t) * y + t * rest;        // 1 − the probability of the truth
  const double entropy = t * softplus(-z) + (1 - t) * softplus(z);
  const double weight = params.alpha < 0 ? 1 : params.alpha * t + (1 - params.alpha) * (1 - t);
  const double modulation = std::pow(wrong, params.gamma);
  const double modulation_slope =
      params.gamma == 0 || wrong == 0 ? 0 : params.gamma * modulation / wrong * (1 - 2 * t) * y * rest;
  return {weight * modulation * entropy, weight * (modulation * (y - t) + modulation_slope * entropy)};
}

template <class T>
void require_focal(std::string_view op, view<T> logits, view<const float> target, const focal_params& params) {
  require_loss_shapes(op, logits, target);
  require(params.gamma >= 0, op, ": gamma ", params.gamma, " is negative");
  require(params.alpha <= 1, op, ": alpha ", params.alpha, " is above 1");
}

}  // namespace detail

/// L = mean over all pixels of a·(1−r)^γ·CE(z, t), where r = t·σ(z) + (1−t)·(1−σ(z)) is the probability of the truth
/// and a = α·t + (1−α)·(1−t).
///   logits z  [N,H,W,1]
///   target t  [N,H,W,1], in [0,1]
/// Returns L. Throws `error` when shapes differ, there is more than one channel or none, γ < 0 or α > 1.
template <class T>
double focal_forward(cpu_context& ctx, view<const T> logits, view<const float> target, focal_params params) {
  detail::require_focal("focal_forward", logits, target, params);
  const double sum = detail::sum_pixels(ctx, logits.extents(), [&](index_t n, index_t h, index_t w) {
    return detail::focal_pixel(static_cast<double>(logits(n, h, w, 0)), target(n, h, w, 0), params).value;
  });
  return sum / static_cast<double>(logits.size());
}

/// The gradient of L with respect to the logits.
///   logits, target as above; dlogits [N,H,W,1], may be logits
/// Assigns dlogits. Throws as the forward pass does.
template <class T>
void focal_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                    focal_params params, view<T> dlogits) {
  detail::require_focal("focal_backward", logits, target, params);
  require_same_shape("focal_backward", "prediction", logits, "gradient", dlogits);
  const auto count = static_cast<double>(logits.size());
  detail::assign_pixels(ctx, dlogits, [&](index_t n, index_t h, index_t w) {
    return detail::focal_pixel(static_cast<double>(logits(n, h, w, 0)), target(n, h, w, 0), params).slope / count;
  });
}

}  // namespace lamina
