// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Normalisation of each image by itself, over groups of channels: what a batch norm becomes where batches are too small
// for statistics. One group is layer norm, C groups are instance norm. Wu & He: Group Normalization, 2018,
// arXiv:1803.08494.
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

struct group_norm_params {
  index_t groups = 32;         // of C/groups neighbouring channels; it divides C
  float epsilon = 1e-5f;       // added to the variance, > 0
  float activation_slope = 1;  // act(z) = z where z > 0, else slope·z: 1 none, 0 ReLU, 0.01 leaky ReLU
};

/// The shape of mean and inv_std: one value for each group of each image.
inline shape group_norm_statistics_shape(shape x, group_norm_params params) { return {x.n, 1, 1, params.groups}; }

namespace reference {

/// T is the type of the images, P of the parameters and statistics (double in gradient checks).
template <class T, class P>
void group_norm_apply(view<const T> x, view<const P> gamma, view<const P> beta, view<const P> mean,
                      view<const P> inv_std, group_norm_params params, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  const index_t size = C / params.groups;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double average = mean(n, 0, 0, c / size), inverse = inv_std(n, 0, 0, c / size);
          const double z = gamma[c] * (static_cast<double>(x(n, h, w, c)) - average) * inverse + beta[c];
          y(n, h, w, c) = static_cast<T>(activation(z, params.activation_slope));
        }
}

template <class T, class P>
void group_norm_forward(view<const T> x, view<const P> gamma, view<const P> beta, group_norm_params params,
                        view<P> mean, view<P> inv_std, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  const index_t size = C / params.groups;
  const double count = static_cast<double>(H * W * size);
  for (index_t n = 0; n < N; ++n)
    for (index_t g = 0; g < params.groups; ++g) {
      double sum = 0, squares = 0;
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = g * size; c < (g + 1) * size; ++c) sum += static_cast<double>(x(n, h, w, c));
      const double average = sum / count;
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = g * size; c < (g + 1) * size; ++c)
            squares += std::pow(static_cast<double>(x(n, h, w, c)) - average, 2);
      mean(n, 0, 0, g) = static_cast<P>(average);
      inv_std(n, 0, 0, g) = static_cast<P>(1 / std::sqrt(squares / count + params.epsilon));
    }
  group_norm_apply<T, P>(x, gamma, beta, mean, inv_std, params, y);
}

template <class T, class P>
void group_norm_backward(view<const T> x, view<const T> dy, view<const P> gamma, view<const P> beta,
                         view<const P> mean, view<const P> inv_std, group_norm_params params, view<T> dx,
                         view<P> dgamma, view<P> dbeta) {
  const auto [N, H, W, C] = x.extents();
  const index_t size = C / params.groups;
  const double count = static_cast<double>(H * W * size);
  for (index_t n = 0; n < N; ++n)
    for (index_t g = 0; g < params.groups; ++g) {
      const double average = mean(n, 0, 0, g), inverse = inv_std(n, 0, 0, g);
      const auto normalised = [&, n = n](index_t h, index_t w, index_t c) {
        return (static_cast<double>(x(n, h, w, c)) - average) * inverse;
      };
      const auto gradient = [&, n = n](index_t h, index_t w, index_t c) {
        const double d = static_cast<double>(dy(n, h, w, c));
        return gamma[c] * normalised(h, w, c) + beta[c] > 0 ? d : params.activation_slope * d;
      };
      double sum = 0, sum_x = 0;
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = g * size; c < (g + 1) * size; ++c) {
            const double d = gradient(h, w, c);
            sum += gamma[c] * d;
            sum_x += gamma[c] * d * normalised(h, w, c);
            dgamma[c] += static_cast<P>(d * normalised(h, w, c));
            dbeta[c] += static_cast<P>(d);
          }
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = g * size; c < (g + 1) * size; ++c)
            dx(n, h, w, c) = static_cast<T>(
                inverse * (gamma[c] * gradient(h, w, c) - (sum + normalised(h, w, c) * sum_x) / count));
    }
}

}  // namespace reference

namespace detail {

template <class T, class P, class S>
void require_group_norm(std::string_view op, view<T> x, view<P> gamma, view<P> beta, view<S> mean, view<S> inv_std,
                        group_norm_params params) {
  const shape& e = x.extents();
  require(params.groups >= 1 && e.c % params.groups == 0, op, ": ", params.groups, " groups don't divide the ", e.c,
          " channels of x ", e, " (NHWC)");
  require(params.epsilon > 0, op, ": epsilon ", params.epsilon, " is not positive");
  require(params.activation_slope >= 0, op, ": activation_slope ", params.activation_slope, " is negative");
  require_channel_values(op, x, "gamma", gamma);
  require_channel_values(op, x, "beta", beta);
  const shape statistics = group_norm_statistics_shape(e, params);
  for (const auto& [name, values] : {std::pair{"mean", mean}, {"inv_std", inv_std}})
    require(values.extents() == statistics, op, ": ", name, " ", values.extents(), " must be ", statistics,
            ", one value for each of ", params.groups, " groups of each image of x ", e, " (NHWC)");
  require(e.size() > 0, op, ": x ", e, " has no elements");
}

/// Scale and shift of every channel of every image.
inline void fold_groups(view<const float> gamma, view<const float> beta, view<const float> mean,
                        view<const float> inv_std, float* scale, float* shift) {
  const index_t N = mean.extents().n, G = mean.extents().c, C = gamma.extents().c, size = C / G;
  for (index_t n = 0; n < N; ++n)
    for (index_t c = 0; c < C; ++c) {
      const index_t at = n * C + c;
      fold_normalisation(gamma[c], beta[c], mean(n, 0, 0, c / size), inv_std(n, 0, 0, c / size), scale[at], shift[at]);
    }
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes.
inline std::size_t group_norm_apply_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(float));
}
inline std::size_t group_norm_forward_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(double)) +
         std::max(channel_moments_scratch(x, x.n), group_norm_apply_scratch(x));
}
inline std::size_t group_norm_backward_scratch(shape x) {
  return 2 * aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(double)) +
         5 * aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(float)) + channel_gradient_sums_scratch(x, x.n);
}

/// y = act(gamma·(x − mean)·inv_std + beta) from saved statistics: rebuilds, bit for bit, what the forward pass wrote.
///   x, y           [N,H,W,C]; y may be x
///   gamma, beta    [1,1,1,C]
///   mean, inv_std  [N,1,1,groups]
/// Writes y. Reads x once. Throws `error` when shapes or params are wrong.
template <class T>
void group_norm_apply(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> gamma,
                      view<const float> beta, view<const float> mean, view<const float> inv_std,
                      group_norm_params params, view<T> y) {
  constexpr std::string_view op = "group_norm_apply";
  require_same_shape(op, "x", x, "y", y);
  detail::require_group_norm(op, x, gamma, beta, mean, inv_std, params);
  const auto [N, H, W, C] = x.extents();
  auto scratch = ctx.scratch().open();
  float *scale = scratch.take<float>(N * C), *shift = scratch.take<float>(N * C);
  detail::fold_groups(gamma, beta, mean, inv_std, scale, shift);
  channel_affine_forward<T>(ctx, N, x, scale, shift, params.activation_slope, y);
}

/// Statistics of each group of each image, over its pixels and its C/groups channels, then
/// y = act(gamma·(x − mean)·inv_std + beta) with inv_std = 1/sqrt(variance + epsilon), variance biased (1/n). The same
/// in training and at inference.
///   x, y           [N,H,W,C]; y may be x, but backward needs x
///   gamma, beta    [1,1,1,C]
///   mean, inv_std  [N,1,1,groups]
/// Writes mean, inv_std (for backward) and y. Reads x twice. Throws `error` when shapes or params are wrong.
template <class T>
void group_norm_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> gamma,
                        view<const float> beta, group_norm_params params, view<float> mean, view<float> inv_std,
                        view<T> y) {
  constexpr std::string_view op = "group_norm_forward";
  require_same_shape(op, "x", x, "y", y);
  detail::require_group_norm(op, x, gamma, beta, mean, inv_std, params);
  const auto [N, H, W, C] = x.extents();
  const index_t size = C / params.groups;
  auto scratch = ctx.scratch().open();
  double *sum = scratch.take<double>(N * C), *squares = scratch.take<double>(N * C);
  channel_moments<T>(ctx, N, x, sum, squares);
  const double count = static_cast<double>(H * W * size);
  for (index_t n = 0; n < N; ++n)
    for (index_t g = 0; g < params.groups; ++g) {
      double of_x = 0, of_squares = 0;
      for (index_t c = n * C + g * size; c < n * C + (g + 1) * size; ++c) of_x += sum[c], of_squares += squares[c];
      const double average = of_x / count, difference = of_squares / count - average * average;
      const double variance = difference < 0 ? 0 : difference;  // keeps NaN
      mean(n, 0, 0, g) = static_cast<float>(average);
      inv_std(n, 0, 0, g) = static_cast<float>(1 / std::sqrt(variance + static_cast<double>(params.epsilon)));
    }
  group_norm_apply<T>(ctx, x, gamma, beta, mean, inv_std, params, y);
}

/// Gradient. With x̂ = (x − mean)·inv_std, g = dy·act'(gamma·x̂ + beta), sums over a group of an image, n elements:
///   dgamma += Σ g·x̂     dbeta += Σ g, over all images     dx = inv_std·(gamma·g − Σ(gamma·g)/n − x̂·Σ(gamma·g·x̂)/n)
/// x is the *input* of the normalisation; the sign that the activation saw is rebuilt from it, so y need not be kept.
///   x, dy, dx                   [N,H,W,C]; dx may be dy
///   gamma, beta, dgamma, dbeta  [1,1,1,C]
///   mean, inv_std               [N,1,1,groups], as the forward pass wrote them
/// Assigns dx, adds to dgamma and dbeta. Reads x and dy twice. Throws `error` when shapes or params are wrong.
template <class T>
void group_norm_backward(cpu_context& ctx, std::type_identity_t<view<const T>> x,
                         std::type_identity_t<view<const T>> dy, view<const float> gamma, view<const float> beta,
                         view<const float> mean, view<const float> inv_std, group_norm_params params, view<T> dx,
                         view<float> dgamma, view<float> dbeta) {
  constexpr std::string_view op = "group_norm_backward";
  require_same_shape(op, "x", x, "dy", dy);
  require_same_shape(op, "x", x, "dx", dx);
  detail::require_group_norm(op, x, gamma, beta, mean, inv_std, params);
  detail::require_channel_values(op, x, "dgamma", dgamma);
  detail::require_channel_values(op, x, "dbeta", dbeta);

  const auto [N, H, W, C] = x.extents();
  const index_t size = C / params.groups;
  const float slope = params.activation_slope;
  auto scratch = ctx.scratch().open();
  double *sum_g = scratch.take<double>(N * C), *sum_gx = scratch.take<double>(N * C);
  float *scale = scratch.take<float>(N * C), *shift = scratch.take<float>(N * C), *means = scratch.take<float>(N * C);
  float *along_x = scratch.take<float>(N * C), *offset = scratch.take<float>(N * C);
  detail::fold_groups(gamma, beta, mean, inv_std, scale, shift);
  for (index_t n = 0; n < N; ++n)
    for (index_t c = 0; c < C; ++c) means[n * C + c] = mean(n, 0, 0, c / size);
  channel_gradient_sums<T>(ctx, N, x, dy, scale, shift, means, slope, sum_g, sum_gx);

  const double count = static_cast<double>(H * W * size);
  for (index_t n = 0; n < N; ++n)
    for (index_t g = 0; g < params.groups; ++g) {
      const index_t first = n * C + g * size;
      double of_g = 0, of_gx = 0;
      for (index_t i = 0; i < size; ++i) {
        const double factor = static_cast<double>(gamma[g * size + i]);
        of_g += factor * sum_g[first + i];
        of_gx += factor * sum_gx[first + i];
      }
      const double inverse = static_cast<double>(inv_std(n, 0, 0, g));
      std::fill_n(along_x + first, size, static_cast<float>(-inverse * inverse * inverse * of_gx / count));
      std::fill_n(offset + first, size, static_cast<float>(-inverse * of_g / count));
    }
  for (index_t c = 0; c < C; ++c) {
    double of_gx = 0, of_g = 0;
    for (index_t n = 0; n < N; ++n) {
      of_gx += sum_gx[n * C + c] * static_cast<double>(inv_std(n, 0, 0, c / size));
      of_g += sum_g[n * C + c];
    }
    dgamma[c] += static_cast<float>(of_gx);
    dbeta[c] += static_cast<float>(of_g);
  }
  channel_gradient_apply<T>(ctx, N, x, dy, scale, shift, means, slope, along_x, offset, dx);
}

}  // namespace lamina
