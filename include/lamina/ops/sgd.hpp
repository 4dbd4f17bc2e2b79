// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

namespace lamina {

/// Stochastic gradient descent with momentum (Polyak 1964) or Nesterov's form of it, as Sutskever et al., ICML 2013,
/// and PyTorch write them.
struct sgd_params {
  float learning_rate = 1e-2f;
  float momentum = 0.9f;  // μ in [0,1)
  bool nesterov = false;
  float weight_decay = 0;  // λ ≥ 0, added to the gradient as λ·θ
};

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/sgd.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void sgd_step(view<const T> gradient, sgd_params params, view<T> weights, view<T> velocity) {
  const double mu = params.momentum, eta = params.learning_rate, lambda = params.weight_decay;
  const auto [N, H, W, C] = gradient.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double theta = weights(n, h, w, c), g = gradient(n, h, w, c) + lambda * theta;
          const double u = mu * velocity(n, h, w, c) + g;
          velocity(n, h, w, c) = static_cast<T>(u);
          weights(n, h, w, c) = static_cast<T>(theta - eta * (params.nesterov ? g + mu * u : u));
        }
}

}  // namespace reference

/// One step: u ← μ·u + g, θ ← θ − η·u, by Nesterov θ ← θ − η·(g + μ·u); g includes λ·θ.
///   gradient g, weights θ, velocity u  one shape, usually all parameters as a vector [1,1,1,P]; u starts at zero
/// Updates weights and velocity. Throws `error` when shapes differ or a parameter is out of its range.
inline void sgd_step(cpu_context& ctx, view<const float> gradient, sgd_params params, view<float> weights,
                     view<float> velocity) {
  require_same_shape("sgd_step", "gradient", gradient, "weights", weights);
  require_same_shape("sgd_step", "gradient", gradient, "velocity", velocity);
  require(params.momentum >= 0 && params.momentum < 1, "sgd_step: momentum ", params.momentum, " must be in [0,1)");
  require(params.learning_rate >= 0 && params.weight_decay >= 0, "sgd_step: learning_rate ", params.learning_rate,
          " and weight_decay ", params.weight_decay, " must not be negative");
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const float> g, pixel_run<float> theta, pixel_run<float> u) {
        LAMINA_DISPATCH(ctx.isa(), sgd_step(extents, g, params, theta, u));
      },
      gradient, weights, velocity);
}

}  // namespace lamina
