// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/relu.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// Rectified linear unit and its leaky form. slope = 0 is the plain one (Nair & Hinton 2010); Maas et al. 2013 use
/// 0.01.
struct relu_params {
  float slope = 0;  // of the negative side, ≥ 0
};

namespace reference {

template <class T>
void relu_forward(view<const T> x, relu_params params, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c)
          y(n, h, w, c) = static_cast<T>(activation(static_cast<double>(x(n, h, w, c)), params.slope));
}

template <class T>
void relu_backward(view<const T> y, view<const T> dy, relu_params params, view<T> dx) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double d = static_cast<double>(dy(n, h, w, c));
          dx(n, h, w, c) = static_cast<T>(static_cast<double>(y(n, h, w, c)) > 0 ? d : params.slope * d);
        }
}

}  // namespace reference

/// y = x where x > 0, else slope·x; 0 for x = −∞ and slope 0. NaN stays NaN.
///   x, y  [N,H,W,C]; y may be x
/// Writes y. Throws `error` when the shapes differ or slope < 0.
template <class T>
void relu_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, relu_params params, view<T> y) {
  require_same_shape("relu_forward", "x", x, "y", y);
  require(params.slope >= 0, "relu_forward: slope ", params.slope, " is negative");
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const T> from, pixel_run<T> to) {
        LAMINA_DISPATCH(ctx.isa(), relu_forward(extents, from, params.slope, to));
      },
      x, y);
}

/// dx = dy where y > 0, else slope·dy. It reads the *output*, whose sign is the input's, so x need not be kept.
///   y, dy, dx  [N,H,W,C]; dx may be dy
/// Assigns dx. Throws `error` when the shapes differ or slope < 0.
template <class T>
void relu_backward(cpu_context& ctx, std::type_identity_t<view<const T>> y, std::type_identity_t<view<const T>> dy,
                   relu_params params, view<T> dx) {
  require_same_shape("relu_backward", "y", y, "dy", dy);
  require_same_shape("relu_backward", "y", y, "dx", dx);
  require(params.slope >= 0, "relu_backward: slope ", params.slope, " is negative");
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const T> output, pixel_run<const T> from, pixel_run<T> to) {
        LAMINA_DISPATCH(ctx.isa(), relu_backward(extents, output, from, params.slope, to));
      },
      y, dy, dx);
}

}  // namespace lamina
