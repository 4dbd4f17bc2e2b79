// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What the losses on one-channel predictions share: the shape check, ordered sums over each image, the map that writes
// a gradient. A loss is a small map on small tensors; it reads any T and computes in double.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace lamina {

/// What a loss is given: logits z, whose probability is σ(z), or the probabilities themselves. The gradient is always
/// with respect to what was given.
enum class prediction_kind { logits, probabilities };

/// Over what a ratio of sums is formed: each image, then the mean over the images; or all images as one.
enum class loss_region { image, batch };

namespace detail {

/// σ(z) = 1 / (1 + e^−z), without overflow for any z.
inline double logistic(double z) {
  if (z >= 0) return 1 / (1 + std::exp(-z));
  const double e = std::exp(z);
  return e / (1 + e);
}
/// ln(1 + e^z), without overflow and exact for large |z|.
inline double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

inline double probability(double x, prediction_kind kind) { return kind == prediction_kind::logits ? logistic(x) : x; }
/// dy/dx of the probability y.
inline double probability_slope(double y, prediction_kind kind) {
  return kind == prediction_kind::logits ? y * (1 - y) : 1;
}

template <class A, class B>
void require_loss_shapes(std::string_view op, view<A> prediction, view<B> target) {
  require_same_shape(op, "prediction", prediction, "target", target);
  require(prediction.extents().c == 1, op, ": prediction ", prediction.extents(), " has more than one channel");
  require(prediction.size() > 0, op, ": prediction ", prediction.extents(), " is empty");
}

/// K sums over the pixels of each image: term(n, h, w) gives what one pixel adds. `sums` are N arrays, assigned.
/// Pieces are cut by shape and combined in order, so the bits don't depend on the threads.
template <std::size_t K, class Term>
void sum_each_image(cpu_context& ctx, shape extents, Term&& term, std::array<double, K>* sums) {
  const index_t N = extents.n, H = extents.h, W = extents.w;
  const index_t rows = std::max<index_t>(1, 4096 / W), pieces = ceil_div(H, rows);
  auto frame = ctx.scratch().open();
  auto* partial = frame.take<std::array<double, K>>(N * pieces);
  parallel_for(ctx.workers(), N * pieces, 1, [&](index_t piece, index_t) {
    const index_t n = piece / pieces, first = piece % pieces * rows;
    std::array<double, K> sum{};
    for (index_t h = first; h < std::min(first + rows, H); ++h)
      for (index_t w = 0; w < W; ++w) {
        const std::array<double, K> add = term(n, h, w);
        for (std::size_t k = 0; k < K; ++k) sum[k] += add[k];
      }
    partial[piece] = sum;
  });
  for (index_t n = 0; n < N; ++n) {
    sums[n] = {};
    for (index_t piece = 0; piece < pieces; ++piece)
      for (std::size_t k = 0; k < K; ++k) sums[n][k] += partial[n * pieces + piece][k];
  }
}

/// Σ of value(n, h, w) over all pixels.
template <class Value>
double sum_pixels(cpu_context& ctx, shape extents, Value&& value) {
  auto frame = ctx.scratch().open();
  auto* sums = frame.take<std::array<double, 1>>(extents.n);
  sum_each_image<1>(
      ctx, extents, [&](index_t n, index_t h, index_t w) { return std::array<double, 1>{value(n, h, w)}; }, sums);
  double total = 0;
  for (index_t n = 0; n < extents.n; ++n) total += sums[n][0];
  return total;
}

/// dx(n, h, w) = slope(n, h, w) for every pixel.
template <class T, class Slope>
void assign_pixels(cpu_context& ctx, view<T> dx, Slope&& slope) {
  const auto [N, H, W, C] = dx.extents();
  parallel_for(ctx.workers(), N * H, std::max<index_t>(1, 4096 / W), [&, H = H, W = W](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < W; ++w) dx(row / H, row % H, w, 0) = static_cast<T>(slope(row / H, row % H, w));
  });
}

}  // namespace detail
}  // namespace lamina
