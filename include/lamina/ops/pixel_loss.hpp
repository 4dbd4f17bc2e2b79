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
#include <cstdint>
#include <cstring>
#include <string_view>

#define LAMINA_KERNEL <lamina/kernels/pixel_loss.inl>
#include <lamina/simd/foreach_isa.hpp>

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

/// What the losses need of a pixel's logit z.
struct logit_terms {
  double z;
  double y, rest;  // σ(z), and 1 − σ(z) without cancellation
  double entropy;  // ln(1 + e^−|z|)
};

/// Calls body(w, terms) for the pixels of a row in their order. A body may write where it has read.
template <class T, class Body>
void for_each_logit(isa set, view<const T> logits, index_t n, index_t h, Body&& body) {
  constexpr index_t most = 64;  // few enough to stay in the first cache
  alignas(alignment) double z[most], y[most], rest[most], entropy[most];
  const index_t W = logits.extents().w;
  for (index_t first = 0; first < W; first += most) {
    const index_t count = std::min(most, W - first), padded = round_up(count, 8);
    for (index_t i = 0; i < count; ++i) z[i] = static_cast<double>(logits(n, h, first + i, 0));
    std::fill(z + count, z + padded, 0.0);
    [&] { LAMINA_DISPATCH(set, logit_terms(padded, z, y, rest, entropy)); }();
    for (index_t i = 0; i < count; ++i) body(first + i, logit_terms{z[i], y[i], rest[i], entropy[i]});
  }
}
/// Calls body(w, y, slope) for the pixels of a row: the probability and its slope in what was given.
template <class T, class Body>
void for_each_probability(isa set, view<const T> prediction, prediction_kind kind, index_t n, index_t h, Body&& body) {
  if (kind == prediction_kind::logits) {
    for_each_logit(set, prediction, n, h, [&](index_t w, const logit_terms& p) { body(w, p.y, p.y * p.rest); });
  } else {
    for (index_t w = 0; w < prediction.extents().w; ++w) body(w, static_cast<double>(prediction(n, h, w, 0)), 1.0);
  }
}

template <class A, class B>
void require_loss_shapes(std::string_view op, view<A> prediction, view<B> target) {
  require_same_shape(op, "prediction", prediction, "target", target);
  require(prediction.extents().c == 1, op, ": prediction ", prediction.extents(), " has more than one channel");
  require(prediction.size() > 0, op, ": prediction ", prediction.extents(), " is empty");
}

/// K sums over the rows of each image: add(n, h, sum) adds what a row has. `sums` are N arrays, assigned.
/// Pieces are cut by shape and combined in order, so the bits don't depend on the threads.
template <std::size_t K, class Add>
void sum_each_image(cpu_context& ctx, shape extents, Add&& add, std::array<double, K>* sums) {
  const index_t N = extents.n, H = extents.h;
  const index_t rows = std::max<index_t>(1, 4096 / extents.w), pieces = ceil_div(H, rows);
  auto frame = ctx.scratch().open();
  auto* partial = frame.take<std::array<double, K>>(N * pieces);
  parallel_for(ctx.workers(), N * pieces, 1, [&](index_t piece, index_t) {
    const index_t n = piece / pieces, first = piece % pieces * rows;
    std::array<double, K> sum{};
    for (index_t h = first; h < std::min(first + rows, H); ++h) add(n, h, sum);
    partial[piece] = sum;
  });
  for (index_t n = 0; n < N; ++n) {
    sums[n] = {};
    for (index_t piece = 0; piece < pieces; ++piece)
      for (std::size_t k = 0; k < K; ++k) sums[n][k] += partial[n * pieces + piece][k];
  }
}

/// The sum over all rows: add(n, h, sum) adds what a row has.
template <class Add>
double sum_rows(cpu_context& ctx, shape extents, Add&& add) {
  auto frame = ctx.scratch().open();
  auto* sums = frame.take<std::array<double, 1>>(extents.n);
  sum_each_image<1>(ctx, extents, [&](index_t n, index_t h, std::array<double, 1>& sum) { add(n, h, sum[0]); }, sums);
  double total = 0;
  for (index_t n = 0; n < extents.n; ++n) total += sums[n][0];
  return total;
}
/// Σ of value(n, h, w) over all pixels.
template <class Value>
double sum_pixels(cpu_context& ctx, shape extents, Value&& value) {
  return sum_rows(ctx, extents, [&, W = extents.w](index_t n, index_t h, double& sum) {
    for (index_t w = 0; w < W; ++w) sum += value(n, h, w);
  });
}

/// Calls body(n, h) for every row.
template <class Body>
void for_each_row(cpu_context& ctx, shape extents, Body&& body) {
  parallel_for(ctx.workers(), extents.n * extents.h, std::max<index_t>(1, 4096 / extents.w),
               [&, H = extents.h](index_t begin, index_t end) {
                 for (index_t row = begin; row < end; ++row) body(row / H, row % H);
               });
}

/// dx(n, h, w) = slope(n, h, w) for every pixel.
template <class T, class Slope>
void assign_pixels(cpu_context& ctx, view<T> dx, Slope&& slope) {
  for_each_row(ctx, dx.extents(), [&, W = dx.extents().w](index_t n, index_t h) {
    for (index_t w = 0; w < W; ++w) dx(n, h, w, 0) = static_cast<T>(slope(n, h, w));
  });
}

}  // namespace detail
}  // namespace lamina
