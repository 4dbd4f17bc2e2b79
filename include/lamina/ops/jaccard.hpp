// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/tversky.hpp>

#include <type_traits>

namespace lamina {

/// Soft intersection over union: the Tversky index with α = β = 1.
/// Rahman & Wang: Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation, ISVC 2016,
/// doi:10.1007/978-3-319-50835-1_22.
struct jaccard_params {
  prediction_kind input = prediction_kind::logits;
  loss_region region = loss_region::image;
  float smoothing = 1;  // added to intersection and union, ≥ 0, in pixels
};

namespace reference {

template <class T>
double jaccard_forward(view<const T> prediction, view<const float> target, jaccard_params params) {
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
    loss += 1 - (intersection + params.smoothing) / (total - intersection + params.smoothing);
  }
  return loss / static_cast<double>(regions);
}

}  // namespace reference

namespace detail {
inline tversky_params as_tversky(jaccard_params params) {
  return {params.input, params.region, 1, 1, params.smoothing};
}
}  // namespace detail

/// L = mean over the regions of 1 − (Σty + s) / (Σt + Σy − Σty + s).
///   prediction  [N,H,W,1], logits or probabilities y as params.input says
///   target t    [N,H,W,1], in [0,1]
/// Returns L. Throws `error` when shapes differ, there is more than one channel or none, or s is negative.
template <class T>
double jaccard_forward(cpu_context& ctx, view<const T> prediction, view<const float> target, jaccard_params params) {
  return detail::overlap_loss<T>("jaccard_forward", ctx, prediction, target, detail::as_tversky(params), 1, {});
}

/// The gradient of L with respect to the prediction.
///   prediction, target as above; dprediction [N,H,W,1], may be prediction
/// Assigns dprediction. Throws as the forward pass does.
template <class T>
void jaccard_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction, view<const float> target,
                      jaccard_params params, view<T> dprediction) {
  detail::overlap_loss<T>("jaccard_backward", ctx, prediction, target, detail::as_tversky(params), 1, dprediction);
}

/// Both, with one computation of the sums: returns L and assigns dprediction.
template <class T>
double jaccard_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction,
                                view<const float> target, jaccard_params params, view<T> dprediction) {
  return detail::overlap_loss<T>("jaccard_forward_backward", ctx, prediction, target, detail::as_tversky(params), 1,
                                 dprediction);
}

}  // namespace lamina
