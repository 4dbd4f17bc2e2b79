// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/upsample_nearest2d.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

struct upsample_nearest2d_params {
  index_t scale = 2;  // of rows and of columns, ≥ 1
};

namespace reference {

template <class T>
void upsample_nearest2d_forward(view<const T> x, upsample_nearest2d_params params, view<T> y) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) y(n, h, w, c) = x(n, h / params.scale, w / params.scale, c);
}

template <class T>
void upsample_nearest2d_backward(view<const T> dy, upsample_nearest2d_params params, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = 0;
          for (index_t i = 0; i < params.scale; ++i)
            for (index_t j = 0; j < params.scale; ++j)
              sum += static_cast<double>(dy(n, h * params.scale + i, w * params.scale + j, c));
          dx(n, h, w, c) = static_cast<T>(sum);
        }
}

}  // namespace reference

namespace detail {

template <class A, class B>
void require_upsample_nearest2d(std::string_view op, std::string_view small_name, view<A> small,
                                std::string_view large_name, view<B> large, upsample_nearest2d_params params) {
  require(params.scale >= 1, op, ": scale ", params.scale, " is not positive");
  const shape s = small.extents(), expected{s.n, s.h * params.scale, s.w * params.scale, s.c};
  require(large.extents() == expected, op, ": ", large_name, " ", large.extents(), " must be ", expected, ", ",
          params.scale, " times ", small_name, " ", s, " (NHWC)");
}

}  // namespace detail

/// y(n,h,w,c) = x(n, floor(h/scale), floor(w/scale), c).
///   x  [N,H,W,C];  y  [N,H·scale,W·scale,C]
/// Writes y. Throws `error` when y has another shape.
template <class T>
void upsample_nearest2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x,
                                upsample_nearest2d_params params, view<T> y) {
  detail::require_upsample_nearest2d("upsample_nearest2d_forward", "x", x, "y", y, params);
  const index_t H = y.extents().h, C = y.extents().c;
  parallel_for(ctx.workers(), y.extents().n * H, rows_per_piece(y.extents()), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < x.extents().w; ++w) {
        const T* const from = x.pixel(row / H, row % H / params.scale, w);
        for (index_t j = 0; j < params.scale; ++j)
          std::copy_n(from, C, y.pixel(row / H, row % H, w * params.scale + j));
      }
  });
}

/// dx = the sum of dy over the scale × scale pixels that were copied from it.
///   dy  [N,H·scale,W·scale,C];  dx  [N,H,W,C]
/// Assigns dx. Throws `error` when dy has another shape.
template <class T>
void upsample_nearest2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy,
                                 upsample_nearest2d_params params, view<T> dx) {
  detail::require_upsample_nearest2d("upsample_nearest2d_backward", "dx", dx, "dy", dy, params);
  const auto [N, H, W, C] = dx.extents();
  parallel_for(
      ctx.workers(), N * H, rows_per_piece(dy.extents()), [&, H = H, W = W, C = C](index_t begin, index_t end) {
        for (index_t row = begin; row < end; ++row) {
          const run_extents extents{W, C};
          const pixel_run<const T> from{dy.pixel(row / H, row % H * params.scale, 0), dy.pixel_stride()};
          const pixel_run<T> to{dx.pixel(row / H, row % H, 0), dx.pixel_stride()};
          [&] {
            LAMINA_DISPATCH(ctx.isa(), upsample_nearest2d_backward(extents, from, dy.row_stride(), params.scale, to));
          }();
        }
      });
}

}  // namespace lamina
