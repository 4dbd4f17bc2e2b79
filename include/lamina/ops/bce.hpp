// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <type_traits>

namespace lamina {

/// Binary cross entropy as the original system has it: a *sum* over the pixels of an image, the mean over the batch.
/// For repeating its results; `bce_with_logits` is the one to train with.
struct bce_params {
  prediction_kind input = prediction_kind::logits;
  float epsilon = 1e-7f;  // keeps the logarithms finite, > 0
};

namespace reference {

template <class T>
double bce_forward(view<const T> prediction, view<const float> target, bce_params params) {
  double sum = 0;
  const auto [N, H, W, C] = prediction.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const double x = static_cast<double>(prediction(n, h, w, 0)), t = target(n, h, w, 0);
        const double y = params.input == prediction_kind::logits ? 1 / (1 + std::exp(-x)) : x;
        sum -= t * std::log(y + params.epsilon) + (1 - t) * std::log(1 - y + params.epsilon);
      }
  return sum / static_cast<double>(N);
}

}  // namespace reference

/// L = −1/N · Σ over every pixel of t·ln(y + ε) + (1−t)·ln(1 − y + ε).
///   prediction  [N,H,W,1], logits or probabilities y as params.input says
///   target t    [N,H,W,1], in [0,1]
/// Returns L. Throws `error` when shapes differ, there is more than one channel or none, or ε ≤ 0.
template <class T>
double bce_forward(cpu_context& ctx, view<const T> prediction, view<const float> target, bce_params params) {
  detail::require_loss_shapes("bce_forward", prediction, target);
  require(params.epsilon > 0, "bce_forward: epsilon ", params.epsilon, " is not positive");
  const double sum = detail::sum_pixels(ctx, prediction.extents(), [&](index_t n, index_t h, index_t w) {
    const double y = detail::probability(static_cast<double>(prediction(n, h, w, 0)), params.input);
    const double t = target(n, h, w, 0);
    return -t * std::log(y + params.epsilon) - (1 - t) * std::log(1 - y + params.epsilon);
  });
  return sum / static_cast<double>(prediction.extents().n);
}

/// From probabilities, the gradient of the formula: dy = ((1−t)/(1 − y + ε) − t/(y + ε)) / N.
/// From logits, the original's: dz = (y − t) / N, the limit for ε → 0, which does not vanish where y is wrong and
/// saturated.
///   prediction, target as above; dprediction [N,H,W,1], may be prediction
/// Assigns dprediction. Throws as the forward pass does.
template <class T>
void bce_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction, view<const float> target,
                  bce_params params, view<T> dprediction) {
  detail::require_loss_shapes("bce_backward", prediction, target);
  require_same_shape("bce_backward", "prediction", prediction, "gradient", dprediction);
  require(params.epsilon > 0, "bce_backward: epsilon ", params.epsilon, " is not positive");
  const auto N = static_cast<double>(prediction.extents().n);
  detail::assign_pixels(ctx, dprediction, [&](index_t n, index_t h, index_t w) {
    const double y = detail::probability(static_cast<double>(prediction(n, h, w, 0)), params.input);
    const double t = target(n, h, w, 0);
    if (params.input == prediction_kind::logits) return (y - t) / N;
    return ((1 - t) / (1 - y + params.epsilon) - t / (y + params.epsilon)) / N;
  });
}

}  // namespace lamina
