// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <cmath>

namespace lamina {

/// Kingma & Ba: Adam, 2014, arXiv:1412.6980; with decoupled weight decay AdamW: Loshchilov & Hutter, 2017,
/// arXiv:1711.05101.
struct adam_params {
  float learning_rate = 1e-3f;
  float beta1 = 0.9f, beta2 = 0.999f;  // in [0,1)
  float epsilon = 1e-8f;
  bool epsilon_inside_root = false;  // √(v̂+ε) as the original system has it (with ε = 1e-6), instead of √v̂ + ε
  float weight_decay = 0;            // λ ≥ 0
  bool decoupled_decay = true;       // θ shrinks by η·λ·θ (AdamW); false: λ·θ is added to the gradient (L2)
};

/// What a step needs, with the bias corrections worked in:
/// θ ← shrink·θ − rate·m / (√(v·unbias2 + ε_inside) + ε_outside).
struct adam_constants {
  float beta1, beta2, added_decay, shrink, rate, unbias2, epsilon_inside, epsilon_outside;
};

inline adam_constants adam_constants_at(const adam_params& p, index_t step) {
  const auto t = static_cast<double>(step);
  const double eta = p.learning_rate, lambda = p.weight_decay;
  return {.beta1 = p.beta1,
          .beta2 = p.beta2,
          .added_decay = p.decoupled_decay ? 0 : p.weight_decay,
          .shrink = p.decoupled_decay ? static_cast<float>(1 - eta * lambda) : 1,
          .rate = static_cast<float>(eta / (1 - std::pow(static_cast<double>(p.beta1), t))),
          .unbias2 = static_cast<float>(1 / (1 - std::pow(static_cast<double>(p.beta2), t))),
          .epsilon_inside = p.epsilon_inside_root ? p.epsilon : 0,
          .epsilon_outside = p.epsilon_inside_root ? 0 : p.epsilon};
}

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/adam.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void adam_step(view<const T> gradient, adam_params params, index_t step, view<T> weights, view<T> m, view<T> v) {
  const double beta1 = params.beta1, beta2 = params.beta2, eta = params.learning_rate, lambda = params.weight_decay;
  const auto t = static_cast<double>(step);
  const auto [N, H, W, C] = gradient.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double theta = weights(n, h, w, c), g = gradient(n, h, w, c);
          if (params.decoupled_decay)
            theta -= eta * lambda * theta;
          else
            g += lambda * theta;
          const double first = beta1 * m(n, h, w, c) + (1 - beta1) * g;
          const double second = beta2 * v(n, h, w, c) + (1 - beta2) * g * g;
          const double m_hat = first / (1 - std::pow(beta1, t)), v_hat = second / (1 - std::pow(beta2, t));
          const double root =
              params.epsilon_inside_root ? std::sqrt(v_hat + params.epsilon) : std::sqrt(v_hat) + params.epsilon;
          m(n, h, w, c) = static_cast<T>(first);
          v(n, h, w, c) = static_cast<T>(second);
          weights(n, h, w, c) = static_cast<T>(theta - eta * m_hat / root);
        }
}

}  // namespace reference

/// One step, one pass over memory: m ← β1·m + (1−β1)·g, v ← β2·v + (1−β2)·g², θ ← (1 − η·λ)·θ − η·m̂ / (√v̂ + ε) with
/// m̂ = m / (1−β1^step) and v̂ = v / (1−β2^step).
///   gradient g, weights θ, m, v  one shape, usually all parameters as a vector [1,1,1,P]; m and v start at zero
///   step  number of this step, from 1
/// Updates weights, m, v. Throws `error` when shapes differ, step < 1, or a parameter is out of its range.
inline void adam_step(cpu_context& ctx, view<const float> gradient, adam_params params, index_t step,
                      view<float> weights, view<float> m, view<float> v) {
  require_same_shape("adam_step", "gradient", gradient, "weights", weights);
  require_same_shape("adam_step", "gradient", gradient, "m", m);
  require_same_shape("adam_step", "gradient", gradient, "v", v);
  require(step >= 1, "adam_step: step ", step, " is below 1");
  require(params.beta1 >= 0 && params.beta1 < 1 && params.beta2 >= 0 && params.beta2 < 1, "adam_step: beta1 ",
          params.beta1, " and beta2 ", params.beta2, " must be in [0,1)");
  require(params.learning_rate >= 0 && params.epsilon >= 0 && params.weight_decay >= 0, "adam_step: learning_rate ",
          params.learning_rate, ", epsilon ", params.epsilon, " and weight_decay ", params.weight_decay,
          " must not be negative");
  const adam_constants constants = adam_constants_at(params, step);
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const float> g, pixel_run<float> theta, pixel_run<float> first,
          pixel_run<float> second) {
        LAMINA_DISPATCH(ctx.isa(), adam_step(extents, g, constants, theta, first, second));
      },
      gradient, weights, m, v);
}

}  // namespace lamina
