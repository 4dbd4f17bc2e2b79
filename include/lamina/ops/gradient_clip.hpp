// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/copy.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#define LAMINA_KERNEL <lamina/kernels/gradient_clip.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
double global_norm(view<const T> gradient) {
  double sum = 0;
  const auto [N, H, W, C] = gradient.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double g = static_cast<double>(gradient(n, h, w, c));
          sum += g * g;
        }
  return std::sqrt(sum);
}

}  // namespace reference

namespace detail {

/// Σ x² in double. Eight sums side by side, because one would wait for each addition.
inline double sum_of_squares(const float* x, index_t count) {
  std::array<double, 8> sums{};
  index_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (index_t k = 0; k < 8; ++k) sums[static_cast<std::size_t>(k)] += static_cast<double>(x[i + k]) * x[i + k];
  for (; i < count; ++i) sums[0] += static_cast<double>(x[i]) * x[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace detail

/// Σ g²: summed in double, in pieces cut by the shape and added in order, so the same bits for any number of threads
/// and on any instruction set.
///   gradient  any shape, contiguous
/// Throws `error` when the gradient is not contiguous.
inline double squared_norm(cpu_context& ctx, view<const float> gradient) {
  constexpr index_t piece = 16 * 1024;
  require(gradient.contiguous() || gradient.size() == 0, "global_norm: gradient ", gradient.extents(),
          " is not contiguous");
  const index_t pieces = ceil_div(gradient.size(), piece);
  auto frame = ctx.scratch().open();
  double* sums = frame.take<double>(pieces);
  parallel_for(ctx.workers(), gradient.size(), piece, [&](index_t begin, index_t end) {
    sums[begin / piece] = detail::sum_of_squares(gradient.data() + begin, end - begin);
  });
  double sum = 0;
  for (index_t i = 0; i < pieces; ++i) sum += sums[i];
  return sum;
}
/// √Σ g² of all parameters as a vector [1,1,1,P], or of any view that is contiguous.
inline double global_norm(cpu_context& ctx, view<const float> gradient) {
  return std::sqrt(squared_norm(ctx, gradient));
}

/// Scales the gradient so that its norm is at most `limit`: g ← g · limit / ‖g‖ where ‖g‖ > limit.
/// Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2012, arXiv:1211.5063.
///   gradient  any shape, contiguous
/// Returns the norm before. Where that is infinite or NaN the gradient stays as it is, for the caller to skip the step.
/// Throws `error` when the gradient is not contiguous or limit ≤ 0.
inline double clip_by_global_norm(cpu_context& ctx, float limit, view<float> gradient) {
  require(limit > 0, "clip_by_global_norm: limit ", limit, " is not positive");
  const double norm = global_norm(ctx, gradient);
  if (!std::isfinite(norm) || norm <= limit) return norm;
  scale(ctx, static_cast<float>(limit / norm), gradient);
  return norm;
}

/// g ← min(max(g, −limit), limit); NaN stays NaN.
///   gradient  any shape
/// Throws `error` when limit ≤ 0.
inline void clip_by_value(cpu_context& ctx, float limit, view<float> gradient) {
  require(limit > 0, "clip_by_value: limit ", limit, " is not positive");
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<float> g) { LAMINA_DISPATCH(ctx.isa(), clip_by_value(extents, limit, g)); },
      gradient);
}

}  // namespace lamina
