// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// The Tversky index and its two special cases, Dice (dice.hpp) and Jaccard (jaccard.hpp), are one computation.
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <type_traits>

namespace lamina {

/// Salehi, Erdogmus, Gholipour: Tversky loss function for image segmentation using 3D fully convolutional deep
/// networks, 2017, arXiv:1706.05721. Tversky 1977.
struct tversky_params {
  prediction_kind input = prediction_kind::logits;
  loss_region region = loss_region::image;
  float false_positive_weight = 0.3f;  // α of the paper, ≥ 0
  float false_negative_weight = 0.7f;  // β of the paper, ≥ 0: above α for more sensitivity
  float smoothing = 1;                 // added to numerator and denominator, ≥ 0, in pixels
};

namespace reference {

template <class T>
double tversky_forward(view<const T> prediction, view<const float> target, tversky_params params) {
  const auto [N, H, W, C] = prediction.extents();
  const index_t regions = params.region == loss_region::image ? N : 1;
  double loss = 0;
  for (index_t r = 0; r < regions; ++r) {
    double hits = 0, false_positives = 0, false_negatives = 0;
    for (index_t n = r; n < (params.region == loss_region::image ? r + 1 : N); ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const double x = static_cast<double>(prediction(n, h, w, 0)), t = target(n, h, w, 0);
          const double y = params.input == prediction_kind::logits ? 1 / (1 + std::exp(-x)) : x;
          hits += t * y;
          false_positives += (1 - t) * y;
          false_negatives += t * (1 - y);
        }
    loss += 1 - (hits + params.smoothing) / (hits + params.false_positive_weight * false_positives +
                                             params.false_negative_weight * false_negatives + params.smoothing);
  }
  return loss / static_cast<double>(regions);
}

}  // namespace reference

namespace detail {

/// The loss of one region and dL/dy = by_target·t + constant of its pixels.
struct overlap_terms {
  double loss, by_target, constant;
};

/// From Σty, Σt and Σy of a region: with fp = Σy − Σty and fn = Σt − Σty the index is
/// (Σty + s) / ((1−α−β)·Σty + α·Σy + β·Σt + s).
inline overlap_terms overlap(double hits, double truth, double prediction, const tversky_params& params) {
  const double alpha = params.false_positive_weight, beta = params.false_negative_weight;
  const double above = hits + params.smoothing;
  const double below = (1 - alpha - beta) * hits + alpha * prediction + beta * truth + params.smoothing;
  const double index = above / below;
  return {1 - index, -(1 - (1 - alpha - beta) * index) / below, alpha * index / below};
}

template <class A>
void require_tversky(std::string_view op, view<A> prediction, view<const float> target, const tversky_params& params) {
  require_loss_shapes(op, prediction, target);
  require(params.false_positive_weight >= 0 && params.false_negative_weight >= 0 && params.smoothing >= 0, op,
          ": false_positive_weight ", params.false_positive_weight, ", false_negative_weight ",
          params.false_negative_weight, " and smoothing ", params.smoothing, " must not be negative");
}

/// Fills terms[n] for every image from its sums Σty, Σt, Σy, all alike where the batch is one region. Returns the mean
/// loss of the regions. The slopes are those of the mean.
inline double overlap_of_images(const std::array<double, 3>* sums, index_t images, const tversky_params& params,
                                overlap_terms* terms) {
  if (params.region == loss_region::batch) {
    std::array<double, 3> total{};
    for (index_t n = 0; n < images; ++n)
      for (std::size_t k = 0; k < 3; ++k) total[k] += sums[n][k];
    std::fill_n(terms, images, overlap(total[0], total[1], total[2], params));
    return terms[0].loss;
  }
  const auto N = static_cast<double>(images);
  double loss = 0;
  for (index_t n = 0; n < images; ++n) {
    terms[n] = overlap(sums[n][0], sums[n][1], sums[n][2], params);
    loss += terms[n].loss;
    terms[n].by_target /= N;
    terms[n].constant /= N;
  }
  return loss / N;
}

/// The loss under the name `op`; its gradient times `scale` too where dprediction is not empty.
template <class T>
double overlap_loss(std::string_view op, cpu_context& ctx, view<const T> prediction, view<const float> target,
                    const tversky_params& params, double scale, view<T> dprediction) {
  require_tversky(op, prediction, target, params);
  if (!dprediction.empty()) require_same_shape(op, "prediction", prediction, "gradient", dprediction);
  const index_t N = prediction.extents().n;
  auto frame = ctx.scratch().open();
  auto* sums = frame.take<std::array<double, 3>>(N);
  auto* terms = frame.take<overlap_terms>(N);
  sum_each_image<3>(
      ctx, prediction.extents(),
      [&](index_t n, index_t h, std::array<double, 3>& sum) {
        for_each_probability(ctx.isa(), prediction, params.input, n, h, [&](index_t w, double y, double) {
          const double t = target(n, h, w, 0);
          sum[0] += t * y;
          sum[1] += t;
          sum[2] += y;
        });
      },
      sums);
  const double loss = overlap_of_images(sums, N, params, terms);
  if (dprediction.empty()) return loss;
  for_each_row(ctx, prediction.extents(), [&](index_t n, index_t h) {
    for_each_probability(ctx.isa(), prediction, params.input, n, h, [&](index_t w, double, double slope) {
      dprediction(n, h, w, 0) =
          static_cast<T>(scale * (terms[n].by_target * target(n, h, w, 0) + terms[n].constant) * slope);
    });
  });
  return loss;
}

}  // namespace detail

/// L = mean over the regions of 1 − (Σty + s) / (Σty + α·Σ(1−t)y + β·Σt(1−y) + s).
///   prediction  [N,H,W,1], logits or probabilities y as params.input says
///   target t    [N,H,W,1], in [0,1]
/// Returns L. With s = 0 an empty region gives 0/0 = NaN.
/// Throws `error` when shapes differ, there is more than one channel or none, or a weight or s is negative.
template <class T>
double tversky_forward(cpu_context& ctx, view<const T> prediction, view<const float> target, tversky_params params) {
  return detail::overlap_loss<T>("tversky_forward", ctx, prediction, target, params, 1, {});
}

/// The gradient of L with respect to the prediction.
///   prediction, target as above; dprediction [N,H,W,1], may be prediction
/// Assigns dprediction. Throws as the forward pass does.
template <class T>
void tversky_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction, view<const float> target,
                      tversky_params params, view<T> dprediction) {
  detail::overlap_loss<T>("tversky_backward", ctx, prediction, target, params, 1, dprediction);
}

/// Both, with one computation of the sums: returns L and assigns dprediction.
template <class T>
double tversky_forward_backward(cpu_context& ctx, std::type_identity_t<view<const T>> prediction,
                                view<const float> target, tversky_params params, view<T> dprediction) {
  return detail::overlap_loss<T>("tversky_forward_backward", ctx, prediction, target, params, 1, dprediction);
}

}  // namespace lamina
