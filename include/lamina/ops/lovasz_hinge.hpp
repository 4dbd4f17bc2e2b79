// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace lamina {

/// Berman, Rannen Triki, Blaschko: The Lovász-Softmax loss: a tractable surrogate for the optimization of the
/// intersection-over-union measure in neural networks, 2018, arXiv:1705.08790. The binary form, on hinge errors.
struct lovasz_hinge_params {
  loss_region region = loss_region::image;
};

namespace reference {

/// By the definition: errors in falling order, each weighted by what the Jaccard loss grows when its pixel turns wrong.
template <class T>
double lovasz_hinge_forward(view<const T> logits, view<const float> target, lovasz_hinge_params params) {
  const auto [N, H, W, C] = logits.extents();
  const index_t regions = params.region == loss_region::image ? N : 1;
  double loss = 0;
  for (index_t r = 0; r < regions; ++r) {
    std::vector<std::pair<double, bool>> errors;  // of a pixel, and whether it is lesion
    double lesion = 0;
    for (index_t n = r; n < (params.region == loss_region::image ? r + 1 : N); ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const bool truth = target(n, h, w, 0) >= 0.5f;
          errors.emplace_back(1 - static_cast<double>(logits(n, h, w, 0)) * (truth ? 1 : -1), truth);
          lesion += truth;
        }
    std::stable_sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    double intersection = lesion, united = lesion, before = 0;
    for (const auto& [error, truth] : errors) {
      if (truth)
        --intersection;
      else
        ++united;
      const double jaccard_loss = 1 - intersection / united;
      loss += std::max(error, 0.0) * (jaccard_loss - before);
      before = jaccard_loss;
    }
  }
  return loss / static_cast<double>(regions);
}

}  // namespace reference

namespace detail {

/// A pixel whose hinge error is above zero.
struct lovasz_error {
  double error;
  index_t pixel;  // in row-major order, times 2, plus 1 where it is lesion
};

/// The loss of the images in `logits` as one region. Adds to nothing; where dlogits is not empty, assigns
/// scale · gradient. Pixels beyond the margin come last in the order and weigh nothing, so they are not even sorted.
/// NaN has no place in an order: one makes the loss NaN, and the gradient NaN at its pixel and zero elsewhere.
template <class T>
double lovasz_hinge_region(view<const T> logits, view<const float> target, double scale, lovasz_error* errors,
                           view<T> dlogits) {
  const auto [N, H, W, C] = logits.extents();
  index_t count = 0, lesion = 0, pixel = 0;
  bool ordered = true;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w, ++pixel) {
        const bool truth = target(n, h, w, 0) >= 0.5f;
        const double z = static_cast<double>(logits(n, h, w, 0)), error = 1 - (truth ? z : -z);
        lesion += truth;
        if (error > 0) errors[count++] = {error, 2 * pixel + truth};
        ordered = ordered && !std::isnan(error);
        if (!dlogits.empty()) dlogits(n, h, w, 0) = static_cast<T>(std::isnan(error) ? error : 0.0);
      }
  if (!ordered) return std::numeric_limits<double>::quiet_NaN();
  std::sort(errors, errors + count, [](const lovasz_error& a, const lovasz_error& b) {
    return a.error != b.error ? a.error > b.error : a.pixel < b.pixel;
  });
  double loss = 0, intersection = static_cast<double>(lesion), united = intersection, before = 0;
  for (index_t i = 0; i < count; ++i) {
    const bool truth = errors[i].pixel % 2 != 0;
    if (truth)
      --intersection;
    else
      ++united;
    const double jaccard_loss = 1 - intersection / united, weight = jaccard_loss - before;
    before = jaccard_loss;
    loss += errors[i].error * weight;
    if (!dlogits.empty()) {
      const index_t p = errors[i].pixel / 2;
      dlogits(p / (H * W), p / W % H, p % W, 0) = static_cast<T>(scale * (truth ? -weight : weight));
    }
  }
  return loss;
}

/// Mean over the regions; the gradient too where dlogits is not empty.
template <class T>
double lovasz_hinge(cpu_context& ctx, view<const T> logits, view<const float> target, lovasz_hinge_params params,
                    view<T> dlogits) {
  const index_t N = logits.extents().n, pixels = logits.size() / N;
  auto frame = ctx.scratch().open();
  auto* errors = frame.take<lovasz_error>(logits.size());
  if (params.region == loss_region::batch) return lovasz_hinge_region(logits, target, 1, errors, dlogits);
  auto* losses = frame.take<double>(N);
  parallel_for(ctx.workers(), N, 1, [&](index_t n, index_t) {
    losses[n] = lovasz_hinge_region(logits.images(n), target.images(n), 1 / static_cast<double>(N), errors + n * pixels,
                                    dlogits.empty() ? dlogits : dlogits.images(n));
  });
  double sum = 0;
  for (index_t n = 0; n < N; ++n) sum += losses[n];
  return sum / static_cast<double>(N);
}

}  // namespace detail

/// The Lovász extension of the Jaccard loss of hinge errors max(0, 1 − z·(2t−1)), mean over the regions.
///   logits z  [N,H,W,1]
///   target t  [N,H,W,1]; lesion where t ≥ 0.5
/// Returns the loss; an image without lesion gives its largest error. Pixels of equal error count in row-major order.
/// A NaN among the logits makes it NaN.
/// Throws `error` when shapes differ or there is more than one channel or none.
template <class T>
double lovasz_hinge_forward(cpu_context& ctx, view<const T> logits, view<const float> target,
                            lovasz_hinge_params params) {
  detail::require_loss_shapes("lovasz_hinge_forward", logits, target);
  return detail::lovasz_hinge<T>(ctx, logits, target, params, {});
}

/// The gradient of the loss with respect to the logits.
///   logits, target as above; dlogits [N,H,W,1], not logits
/// Assigns dlogits; in a region with a NaN, NaN there and zero elsewhere. Throws as the forward pass does.
template <class T>
void lovasz_hinge_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits, view<const float> target,
                           lovasz_hinge_params params, view<T> dlogits) {
  detail::require_loss_shapes("lovasz_hinge_backward", logits, target);
  require_same_shape("lovasz_hinge_backward", "prediction", logits, "gradient", dlogits);
  detail::lovasz_hinge<T>(ctx, logits, target, params, dlogits);
}

}  // namespace lamina
