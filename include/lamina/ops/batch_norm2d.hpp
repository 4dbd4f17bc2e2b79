// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Batch normalisation over images, rows and columns, with the activation behind it in the same pass.
// Ioffe & Szegedy: Batch Normalization, 2015, arXiv:1502.03167.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/channel_affine.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>

namespace lamina {

struct batch_norm2d_params {
  float epsilon = 1e-5f;                  // added to the variance, > 0
  float momentum = 0.9f;                  // of the running values: r ← momentum·r + (1 − momentum)·batch
  bool unbiased_running_variance = true;  // n/(n − 1) in the running variance; the batch itself is normalised by 1/n
  float activation_slope = 1;             // act(z) = z where z > 0, else slope·z: 1 none, 0 ReLU, 0.01 leaky ReLU
};

namespace reference {

/// T is the type of the images, P of the values per channel (double in gradient checks).
template <class T, class P>
void batch_norm2d_apply(view<const T> x, view<const P> gamma, view<const P> beta, view<const P> mean,
                        view<const P> inv_std, batch_norm2d_params params, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double normalised = (static_cast<double>(x(n, h, w, c)) - mean[c]) * inv_std[c];
          const double z = gamma[c] * normalised + beta[c];
          y(n, h, w, c) = static_cast<T>(activation(z, params.activation_slope));
        }
}

template <class T, class P>
void batch_norm2d_forward(view<const T> x, view<const P> gamma, view<const P> beta, batch_norm2d_params params,
                          view<P> running_mean, view<P> running_var, view<P> mean, view<P> inv_std, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  const double count = static_cast<double>(N * H * W), m = params.momentum;
  for (index_t c = 0; c < C; ++c) {
    double sum = 0, squares = 0;
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) sum += static_cast<double>(x(n, h, w, c));
    const double average = sum / count;
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) squares += std::pow(static_cast<double>(x(n, h, w, c)) - average, 2);
    mean[c] = static_cast<P>(average);
    inv_std[c] = static_cast<P>(1 / std::sqrt(squares / count + params.epsilon));
    const double divisor = params.unbiased_running_variance && count > 1 ? count - 1 : count;
    running_mean[c] = static_cast<P>(m * running_mean[c] + (1 - m) * average);
    running_var[c] = static_cast<P>(m * running_var[c] + (1 - m) * squares / divisor);
  }
  batch_norm2d_apply<T, P>(x, gamma, beta, mean, inv_std, params, y);
}

template <class T, class P>
void batch_norm2d_backward(view<const T> x, view<const T> dy, view<const P> gamma, view<const P> beta,
                           view<const P> mean, view<const P> inv_std, batch_norm2d_params params, view<T> dx,
                           view<P> dgamma, view<P> dbeta) {
  const auto [N, H, W, C] = x.extents();
  const double count = static_cast<double>(N * H * W);
  for (index_t c = 0; c < C; ++c) {
    const auto normalised = [&, c = c](index_t n, index_t h, index_t w) {
      return (static_cast<double>(x(n, h, w, c)) - mean[c]) * inv_std[c];
    };
    const auto gradient = [&, c = c](index_t n, index_t h, index_t w) {
      const double d = static_cast<double>(dy(n, h, w, c));
      return gamma[c] * normalised(n, h, w) + beta[c] > 0 ? d : params.activation_slope * d;
    };
    double sum_g = 0, sum_gx = 0;
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          sum_g += gradient(n, h, w);
          sum_gx += gradient(n, h, w) * normalised(n, h, w);
        }
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          dx(n, h, w, c) = static_cast<T>(gamma[c] * inv_std[c] *
                                          (gradient(n, h, w) - (sum_g + normalised(n, h, w) * sum_gx) / count));
    dgamma[c] += static_cast<P>(sum_gx);
    dbeta[c] += static_cast<P>(sum_g);
  }
}

}  // namespace reference

namespace detail {

inline void require_batch_norm2d_params(std::string_view op, batch_norm2d_params params) {
  require(params.epsilon > 0, op, ": epsilon ", params.epsilon, " is not positive");
  require(params.momentum >= 0 && params.momentum <= 1, op, ": momentum ", params.momentum, " is outside [0, 1]");
  require(params.activation_slope >= 0, op, ": activation_slope ", params.activation_slope, " is negative");
}

inline void fold_channels(view<const float> gamma, view<const float> beta, view<const float> mean,
                          view<const float> inv_std, float* scale, float* shift) {
  for (index_t c = 0; c < gamma.extents().c; ++c)
    fold_normalisation(gamma[c], beta[c], mean[c], inv_std[c], scale[c], shift[c]);
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes.
inline std::size_t batch_norm2d_apply_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.c) * sizeof(float));
}
inline std::size_t batch_norm2d_inference_scratch(shape x) { return batch_norm2d_apply_scratch(x); }
inline std::size_t batch_norm2d_forward_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.c) * sizeof(double)) +
         std::max(channel_moments_scratch(x), batch_norm2d_apply_scratch(x));
}
inline std::size_t batch_norm2d_backward_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.c) * sizeof(double)) + 2 * batch_norm2d_apply_scratch(x) +
         channel_gradient_sums_scratch(x);
}

/// y = act(gamma·(x − mean)·inv_std + beta) from saved statistics: rebuilds, bit for bit, what the forward pass wrote.
///   x, y                        [N,H,W,C]; y may be x
///   gamma, beta, mean, inv_std  [1,1,1,C]
/// Writes y. Reads x once. Throws `error` when shapes or params are wrong.
template <class T>
void batch_norm2d_apply(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> gamma,
                        view<const float> beta, view<const float> mean, view<const float> inv_std,
                        batch_norm2d_params params, view<T> y) {
  constexpr std::string_view op = "batch_norm2d_apply";
  require_same_shape(op, "x", x, "y", y);
  detail::require_channel_values(op, x, "gamma", gamma);
  detail::require_channel_values(op, x, "beta", beta);
  detail::require_channel_values(op, x, "mean", mean);
  detail::require_channel_values(op, x, "inv_std", inv_std);
  detail::require_batch_norm2d_params(op, params);
  auto scratch = ctx.scratch().open();
  float *scale = scratch.take<float>(x.extents().c), *shift = scratch.take<float>(x.extents().c);
  detail::fold_channels(gamma, beta, mean, inv_std, scale, shift);
  channel_affine_forward<T>(ctx, 1, x, scale, shift, params.activation_slope, y);
}

/// Training: statistics of each channel over N, H, W, then y = act(gamma·(x − mean)·inv_std + beta) with
/// inv_std = 1/sqrt(variance + epsilon), variance biased (1/n).
///   x, y                                                          [N,H,W,C]; y may be x, but backward needs x
///   gamma, beta, running_mean, running_var, mean, inv_std         [1,1,1,C]
/// Writes mean, inv_std (for backward) and y; moves the running values towards the batch's. Reads x twice.
/// Throws `error` when shapes or params are wrong, or x has no pixels.
template <class T>
void batch_norm2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> gamma,
                          view<const float> beta, batch_norm2d_params params, view<float> running_mean,
                          view<float> running_var, view<float> mean, view<float> inv_std, view<T> y) {
  constexpr std::string_view op = "batch_norm2d_forward";
  require_same_shape(op, "x", x, "y", y);
  detail::require_channel_values(op, x, "gamma", gamma);
  detail::require_channel_values(op, x, "beta", beta);
  detail::require_channel_values(op, x, "running_mean", running_mean);
  detail::require_channel_values(op, x, "running_var", running_var);
  detail::require_channel_values(op, x, "mean", mean);
  detail::require_channel_values(op, x, "inv_std", inv_std);
  detail::require_batch_norm2d_params(op, params);
  require(x.size() > 0, op, ": x ", x.extents(), " has nothing to take statistics of");

  const index_t C = x.extents().c;
  auto scratch = ctx.scratch().open();
  double *sum = scratch.take<double>(C), *squares = scratch.take<double>(C);
  channel_moments<T>(ctx, 1, x, sum, squares);
  const double count = static_cast<double>(x.extents().pixels()), m = static_cast<double>(params.momentum);
  const double bessel = params.unbiased_running_variance && count > 1 ? count / (count - 1) : 1;
  for (index_t c = 0; c < C; ++c) {
    const double average = sum[c] / count;
    const double difference = squares[c] / count - average * average;
    const double variance = difference < 0 ? 0 : difference;  // keeps NaN
    mean[c] = static_cast<float>(average);
    inv_std[c] = static_cast<float>(1 / std::sqrt(variance + static_cast<double>(params.epsilon)));
    running_mean[c] = static_cast<float>(m * static_cast<double>(running_mean[c]) + (1 - m) * average);
    running_var[c] = static_cast<float>(m * static_cast<double>(running_var[c]) + (1 - m) * variance * bessel);
  }
  batch_norm2d_apply<T>(ctx, x, gamma, beta, mean, inv_std, params, y);
}

/// What normalising x + b at inference multiplies x with, and what it then adds:
///   scale = gamma/sqrt(running_var + epsilon), shift = beta + (b − running_mean)·scale
/// so that a convolution with bias b and the normalisation behind it are one convolution (conv2d_forward with a scale).
///   gamma, beta, running_mean, running_var, scale, shift   [1,1,1,C]
///   b                                                      [1,1,1,C], or an empty view for none
/// Of params, epsilon has a part. Writes scale and shift. Throws `error` when shapes or params are wrong.
inline void batch_norm2d_fold(cpu_context&, view<const float> gamma, view<const float> beta,
                              view<const float> running_mean, view<const float> running_var, view<const float> b,
                              batch_norm2d_params params, view<float> scale, view<float> shift) {
  constexpr std::string_view op = "batch_norm2d_fold";
  require_same_shape(op, "gamma", gamma, "beta", beta);
  require_same_shape(op, "gamma", gamma, "running_mean", running_mean);
  require_same_shape(op, "gamma", gamma, "running_var", running_var);
  if (!b.empty()) require_same_shape(op, "gamma", gamma, "b", b);
  require_same_shape(op, "gamma", gamma, "scale", scale);
  require_same_shape(op, "gamma", gamma, "shift", shift);
  detail::require_batch_norm2d_params(op, params);
  for (index_t c = 0; c < gamma.extents().c; ++c) {
    const double deviation = std::sqrt(static_cast<double>(running_var[c]) + static_cast<double>(params.epsilon));
    const double factor = static_cast<double>(gamma[c]) / deviation;
    const double mean = static_cast<double>(running_mean[c]) - (b.empty() ? 0 : static_cast<double>(b[c]));
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>(static_cast<double>(beta[c]) - mean * factor);
  }
}

/// Inference: y = act(gamma·(x − running_mean)/sqrt(running_var + epsilon) + beta).
///   x, y                                     [N,H,W,C]; y may be x
///   gamma, beta, running_mean, running_var   [1,1,1,C]
/// Writes y. Throws `error` when shapes or params are wrong.
template <class T>
void batch_norm2d_inference(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> gamma,
                            view<const float> beta, view<const float> running_mean, view<const float> running_var,
                            batch_norm2d_params params, view<T> y) {
  constexpr std::string_view op = "batch_norm2d_inference";
  require_same_shape(op, "x", x, "y", y);
  detail::require_channel_values(op, x, "gamma", gamma);
  detail::require_channel_values(op, x, "beta", beta);
  detail::require_channel_values(op, x, "running_mean", running_mean);
  detail::require_channel_values(op, x, "running_var", running_var);
  detail::require_batch_norm2d_params(op, params);
  auto scratch = ctx.scratch().open();
  const view<float> scale = scratch.take<float>(gamma.extents()), shift = scratch.take<float>(gamma.extents());
  batch_norm2d_fold(ctx, gamma, beta, running_mean, running_var, {}, params, scale, shift);
  channel_affine_forward<T>(ctx, 1, x, scale.data(), shift.data(), params.activation_slope, y);
}

/// Gradient of the training pass. With x̂ = (x − mean)·inv_std, g = dy·act'(gamma·x̂ + beta) and n = N·H·W:
///   dgamma += Σ g·x̂     dbeta += Σ g     dx = gamma·inv_std·(g − Σg/n − x̂·Σ(g·x̂)/n)
/// x is the *input* of the normalisation; the sign that the activation saw is rebuilt from it, so y need not be kept.
///   x, dy, dx                                  [N,H,W,C]; dx may be dy
///   gamma, beta, mean, inv_std, dgamma, dbeta  [1,1,1,C]; mean and inv_std as the forward pass wrote them
/// Assigns dx, adds to dgamma and dbeta. Reads x and dy twice. Throws `error` when shapes or params are wrong.
template <class T>
void batch_norm2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> x,
                           std::type_identity_t<view<const T>> dy, view<const float> gamma, view<const float> beta,
                           view<const float> mean, view<const float> inv_std, batch_norm2d_params params, view<T> dx,
                           view<float> dgamma, view<float> dbeta) {
  constexpr std::string_view op = "batch_norm2d_backward";
  require_same_shape(op, "x", x, "dy", dy);
  require_same_shape(op, "x", x, "dx", dx);
  detail::require_channel_values(op, x, "gamma", gamma);
  detail::require_channel_values(op, x, "beta", beta);
  detail::require_channel_values(op, x, "mean", mean);
  detail::require_channel_values(op, x, "inv_std", inv_std);
  detail::require_channel_values(op, x, "dgamma", dgamma);
  detail::require_channel_values(op, x, "dbeta", dbeta);
  detail::require_batch_norm2d_params(op, params);
  require(x.size() > 0, op, ": x ", x.extents(), " has no elements");

  const index_t C = x.extents().c;
  const float slope = params.activation_slope;
  auto scratch = ctx.scratch().open();
  double *sum_g = scratch.take<double>(C), *sum_gx = scratch.take<double>(C);
  float *scale = scratch.take<float>(C), *shift = scratch.take<float>(C);
  float *along_x = scratch.take<float>(C), *offset = scratch.take<float>(C);
  detail::fold_channels(gamma, beta, mean, inv_std, scale, shift);
  channel_gradient_sums<T>(ctx, 1, x, dy, scale, shift, mean.data(), slope, sum_g, sum_gx);
  const double count = static_cast<double>(x.extents().pixels());
  for (index_t c = 0; c < C; ++c) {
    const double inverse = static_cast<double>(inv_std[c]), factor = static_cast<double>(gamma[c]) * inverse;
    along_x[c] = static_cast<float>(-factor * inverse * inverse * sum_gx[c] / count);
    offset[c] = static_cast<float>(-factor * sum_g[c] / count);
    dgamma[c] += static_cast<float>(sum_gx[c] * inverse);
    dbeta[c] += static_cast<float>(sum_g[c]);
  }
  channel_gradient_apply<T>(ctx, 1, x, dy, scale, shift, mean.data(), slope, along_x, offset, dx);
}

}  // namespace lamina
