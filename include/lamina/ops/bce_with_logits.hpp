// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <type_traits>

namespace lamina {

/// Binary cross entropy on logits.
struct bce_with_logits_params {
  float positive_weight = 1;  // factor of the lesion's term, ≥ 0: above 1 for few lesion pixels
};

namespace reference {

template <class T>
double bce_with_logits_forward(view<const T> logits, view<const float> target, view<const float> weights,
                               bce_with_logits_params params) {
  double sum = 0;
  const auto [N, H, W, C] = logits.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const double z = static_cast<double>(logits(n, h, w, 0)), t = target(n, h, w, 0);
        const double y = 1 / (1 + std::exp(-z));
        const double weight = weights.empty() ? 1 : weights(n, h, w, 0);
        sum -= weight * (params.positive_weight * t * std::log(y) + (1 - t) * std::log(1 - y));
      }
  return sum / static_cast<double>(logits.size());
}

}  // namespace reference

namespace detail {

inline double bce_with_logits_value(const logit_terms& p, double t, double positive_weight) {
  return positive_weight * t * (std::max(-p.z, 0.0) + p.entropy) + (1 - t) * (std::max(p.z, 0.0) + p.entropy);
}
inline double bce_with_logits_slope(const logit_terms& p, double t, double positive_weight) {
  return (1 - t) * p.y - positive_weight * t * p.rest;
}

template <class T>
void require_bce_with_logits(std::string_view op, view<T> logits, view<const float> target, view<const float> weights,
                             bce_with_logits_params params) {
  require_loss_shapes(op, logits, target);
  if (!weights.empty()) require_same_shape(op, "prediction", logits, "weights", weights);
  require(params.positive_weight >= 0, op, ": positive_weight ", params.positive_weight, " is negative");
}

/// The loss; in the same pass the gradient too where dlogits is not empty.
template <class T>
double bce_with_logits(std::string_view op, cpu_context& ctx, view<const T> logits, view<const float> target,
                       view<const float> weights, bce_with_logits_params params, view<T> dlogits) {
  require_bce_with_logits(op, logits, target, weights, params);
  if (!dlogits.empty()) require_same_shape(op, "prediction", logits, "gradient", dlogits);
  const double count = static_cast<double>(logits.size()), factor = 1 / count;
  const double sum = sum_rows(ctx, logits.extents(), [&](index_t n, index_t h, double& row) {
    for_each_logit(ctx.isa(), logits, n, h, [&](index_t w, const logit_terms& p) {
      const double weight = weights.empty() ? 1 : weights(n, h, w, 0), t = target(n, h, w, 0);
      row += weight * bce_with_logits_value(p, t, params.positive_weight);
      if (!dlogits.empty())
        dlogits(n, h, w, 0) = static_cast<T>(weight * factor * bce_with_logits_slope(p, t, params.positive_weight));
    });
  });
  return sum / count;
}

}  // namespace detail

/// L = mean over all pixels of −w·(p·t·ln σ(z) + (1−t)·ln(1−σ(z))), in the form that neither overflows nor vanishes.
///   logits z   [N,H,W,1]
///   target t   [N,H,W,1], in [0,1]
///   weights w  [N,H,W,1], or empty for 1 everywhere; the mean divides by the number of pixels, as PyTorch's
/// Returns L. Throws `error` when shapes differ, there is more than one channel or none, or p = positive_weight < 0.
template <class T>
double bce_with_logits_forward(cpu_context& ctx, view<const T> logits, view<const float> target,
                               view<const float> weights, bce_with_logits_params params) {
  return detail::bce_with_logits<T>("bce_with_logits_forward", ctx, logits, target, weights, params, {});
}
template <class T>
double bce_with_logits_forward(cpu_context& ctx, view<const T> logits, view<const float> target,
                               bce_with_logits_params params) {
  return bce_with_logits_forward(ctx, logits, target, {}, params);
}

/// dz = w·((1−t)·σ(z) − p·t·σ(−z)) / number of pixels: σ(z) − t where p = w = 1.
///   logits, target, weights as above; dlogits [N,H,W,1], may be logits
/// Assigns dlogits. Throws as the forward pass does.
template <class T>
void bce_with_logits_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                              view<const float> weights, bce_with_logits_params params, view<T> dlogits) {
  detail::bce_with_logits<T>("bce_with_logits_backward", ctx, logits, target, weights, params, dlogits);
}
template <class T>
void bce_with_logits_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                              bce_with_logits_params params, view<T> dlogits) {
  bce_with_logits_backward(ctx, logits, target, {}, params, dlogits);
}

/// Both in one pass: returns L and assigns dlogits.
template <class T>
double bce_with_logits_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits,
                                        view<const float> target, bce_with_logits_params params, view<T> dlogits) {
  return detail::bce_with_logits<T>("bce_with_logits_forward_backward", ctx, logits, target, {}, params, dlogits);
}

}  // namespace lamina
