// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>

#define LAMINA_KERNEL <lamina/kernels/ema.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void ema_step(view<const T> weights, float decay, view<T> average) {
  const auto [N, H, W, C] = weights.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c)
          average(n, h, w, c) = static_cast<T>(static_cast<double>(decay) * average(n, h, w, c) +
                                               (1 - static_cast<double>(decay)) * weights(n, h, w, c));
}

}  // namespace reference

/// Exponential moving average of the weights, which predicts better than the last weights do (Polyak & Juditsky 1992;
/// Tarvainen & Valpola 2017, arXiv:1703.01780): average ← decay·average + (1 − decay)·weights.
///   weights, average  one shape; average starts as a copy of the weights
/// Updates average. Throws `error` when shapes differ or decay is outside [0,1].
inline void ema_step(cpu_context& ctx, view<const float> weights, float decay, view<float> average) {
  require_same_shape("ema_step", "weights", weights, "average", average);
  require(decay >= 0 && decay <= 1, "ema_step: decay ", decay, " is outside [0,1]");
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const float> from, pixel_run<float> mean) {
        LAMINA_DISPATCH(ctx.isa(), ema_step(extents, from, 1 - decay, mean));
      },
      weights, average);
}

/// The decay for step 1, 2, …: min(decay, (1 + step) / (10 + step)), so that the first weights are soon forgotten.
inline float ema_decay_at(float decay, index_t step) {
  return std::min(decay, static_cast<float>(1 + step) / static_cast<float>(10 + step));
}

}  // namespace lamina
