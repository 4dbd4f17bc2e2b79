// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/pixel_loss.hpp>

#include <cstdint>
#include <type_traits>

namespace lamina {

/// Cross entropy over C exclusive classes.
struct softmax_cross_entropy_params {
  std::int32_t ignored = -1;  // pixels of this class count for nothing
};

namespace reference {

template <class T>
double softmax_cross_entropy_forward(view<const T> logits, view<const std::int32_t> classes,
                                     softmax_cross_entropy_params params) {
  const auto [N, H, W, C] = logits.extents();
  double sum = 0, counted = 0;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const std::int32_t truth = classes(n, h, w, 0);
        if (truth == params.ignored) continue;
        double total = 0;
        for (index_t c = 0; c < C; ++c) total += std::exp(static_cast<double>(logits(n, h, w, c)));
        sum += std::log(total) - static_cast<double>(logits(n, h, w, truth));
        counted += 1;
      }
  return sum / counted;
}

}  // namespace reference

namespace detail {

/// ln Σ e^z of one pixel, without overflow.
template <class T>
double log_sum_exp(const T* z, index_t C) {
  double largest = static_cast<double>(z[0]);
  for (index_t c = 1; c < C; ++c) largest = std::max(largest, static_cast<double>(z[c]));
  double sum = 0;
  for (index_t c = 0; c < C; ++c) sum += std::exp(static_cast<double>(z[c]) - largest);
  return largest + std::log(sum);
}

/// Checks shapes and every class; returns the number of pixels that are not ignored.
template <class T>
double count_classified(std::string_view op, view<T> logits, view<const std::int32_t> classes,
                        softmax_cross_entropy_params params) {
  const auto [N, H, W, C] = logits.extents();
  require(classes.extents() == shape{N, H, W, 1}, op, ": logits ", logits.extents(), " want classes [", N, ",", H, ",",
          W, ",1], not ", classes.extents());
  require(logits.size() > 0, op, ": logits ", logits.extents(), " are empty");
  index_t counted = 0;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const std::int32_t truth = classes(n, h, w, 0);
        if (truth == params.ignored) continue;
        require(truth >= 0 && truth < C, op, ": class ", truth, " at [", n, ",", h, ",", w, "] is not below ", C);
        ++counted;
      }
  return static_cast<double>(counted);
}

}  // namespace detail

/// L = mean over the pixels that are not ignored of ln Σ_c e^z_c − z_truth; NaN when all are ignored, as PyTorch's.
///   logits z  [N,H,W,C]
///   classes   [N,H,W,1], 0 … C−1 or params.ignored
/// Returns L. Throws `error` when the shapes don't fit or a class is out of range.
template <class T>
double softmax_cross_entropy_forward(cpu_context& ctx, view<const T> logits, view<const std::int32_t> classes,
                                     softmax_cross_entropy_params params) {
  const double counted = detail::count_classified("softmax_cross_entropy_forward", logits, classes, params);
  const double sum = detail::sum_pixels(ctx, logits.extents(), [&](index_t n, index_t h, index_t w) {
    const std::int32_t truth = classes(n, h, w, 0);
    if (truth == params.ignored) return 0.0;
    return detail::log_sum_exp(logits.pixel(n, h, w), logits.extents().c) - static_cast<double>(logits(n, h, w, truth));
  });
  return sum / counted;
}

/// dz_c = (softmax(z)_c − [c = truth]) / number of pixels that are not ignored; 0 for ignored ones.
///   logits, classes as above; dlogits [N,H,W,C], may be logits
/// Assigns dlogits. Throws as the forward pass does.
template <class T>
void softmax_cross_entropy_backward(cpu_context& ctx, std::type_identity_t<view<const T>> logits,
                                    view<const std::int32_t> classes, softmax_cross_entropy_params params,
                                    view<T> dlogits) {
  require_same_shape("softmax_cross_entropy_backward", "logits", logits, "gradient", dlogits);
  const double counted = detail::count_classified("softmax_cross_entropy_backward", logits, classes, params);
  const auto [N, H, W, C] = logits.extents();
  parallel_for(ctx.workers(), N * H, 1, [&, H = H, W = W, C = C](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < W; ++w) {
        const T* z = logits.pixel(row / H, row % H, w);
        T* dz = dlogits.pixel(row / H, row % H, w);
        const std::int32_t truth = classes(row / H, row % H, w, 0);
        const double log_sum = truth == params.ignored ? 0 : detail::log_sum_exp(z, C);
        for (index_t c = 0; c < C; ++c) {
          const double slope = std::exp(static_cast<double>(z[c]) - log_sum) - (c == truth ? 1 : 0);
          dz[c] = static_cast<T>(truth == params.ignored ? 0.0 : slope / counted);
        }
      }
  });
}

}  // namespace lamina
