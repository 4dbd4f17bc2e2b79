// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <cmath>
#include <type_traits>

namespace lamina {

namespace reference {

/// 1/(1 + e^−x) of one number, in the form that can't overflow.
inline double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

}  // namespace reference

/// y = 1/(1 + e^−x). One plain loop for all instruction sets: it runs once a step over one channel of logits.
///   x, y  any shape; y may be x; their element types may differ
/// Writes y. Throws `error` when the shapes differ.
template <class X, class Y>
void sigmoid_forward(cpu_context& ctx, view<X> x, view<Y> y) {
  require_same_shape("sigmoid_forward", "x", x, "y", y);
  for_each_run(
      ctx,
      [](run_extents extents, pixel_run<X> from, pixel_run<Y> to) {
        for (index_t p = 0; p < extents.pixels; ++p)
          for (index_t c = 0; c < extents.channels; ++c) {
            const float v = static_cast<float>(from[p][c]), e = std::exp(-std::abs(v));
            to[p][c] = static_cast<Y>((v < 0 ? e : 1.0f) / (1.0f + e));
          }
      },
      x, y);
}

/// dx = dy·y·(1 − y), from the *output* of the forward pass.
///   y, dy, dx  any shape; dx may be dy
/// Assigns dx. Throws `error` when the shapes differ.
template <class T>
void sigmoid_backward(cpu_context& ctx, std::type_identity_t<view<const T>> y, std::type_identity_t<view<const T>> dy,
                      view<T> dx) {
  require_same_shape("sigmoid_backward", "y", y, "dy", dy);
  require_same_shape("sigmoid_backward", "y", y, "dx", dx);
  for_each_run(
      ctx,
      [](run_extents extents, pixel_run<const T> output, pixel_run<const T> from, pixel_run<T> to) {
        for (index_t p = 0; p < extents.pixels; ++p)
          for (index_t c = 0; c < extents.channels; ++c) {
            const float v = static_cast<float>(output[p][c]);
            to[p][c] = static_cast<T>(static_cast<float>(from[p][c]) * v * (1.0f - v));
          }
      },
      y, dy, dx);
}

}  // namespace lamina
