// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Upsampling with the indices of a max pooling: what SegNet's decoder does.
// Badrinarayanan, Kendall, Cipolla: SegNet, 2015, arXiv:1511.00561.
#pragma once

#include <lamina/ops/max_pool2d.hpp>

#define LAMINA_KERNEL <lamina/kernels/max_unpool2d.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void max_unpool2d_forward(view<const T> x, view<const std::uint8_t> indices, pool2d_params params, view<T> y) {
  max_pool2d_backward<T>(x, indices, params, false, y);
}

template <class T>
void max_unpool2d_backward(view<const T> dy, view<const std::uint8_t> indices, pool2d_params params, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const index_t index = pool2d_index(indices, params, n, h, w, c);
          dx(n, h, w, c) =
              dy(n, h * params.stride + index / params.kernel, w * params.stride + index % params.kernel, c);
        }
}

}  // namespace reference

namespace detail {

template <class T, class U>
void require_max_unpool2d(std::string_view op, std::string_view full_name, view<T> full, std::string_view pooled_name,
                          view<U> pooled, view<const std::uint8_t> indices, pool2d_params params) {
  require_pool2d_shapes(op, full_name, full, pooled_name, pooled, indices, params);
  require(!indices.empty(), op, ": the indices are missing");
  require(params.stride >= params.kernel, op, ": windows of ", params.kernel, " at stride ", params.stride,
          " overlap, so several values would want one place");
}

}  // namespace detail

/// y = x at the places that a pooling found its maxima, zero elsewhere.
///   x        [N,OH,OW,C]
///   indices  as max_pool2d_forward wrote them, pool2d_index_shape(x)
///   y        [N,H,W,C], of the size that was pooled: pool2d_output_shape(y) is x's shape
/// Writes y. Throws `error` when a shape is wrong or windows overlap.
template <class T>
void max_unpool2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const std::uint8_t> indices,
                          pool2d_params params, view<T> y) {
  detail::require_max_unpool2d("max_unpool2d_forward", "y", y, "x", x, indices, params);
  detail::scatter_to_windows<T>(ctx, x, indices, params, false, y);
}

/// dx = dy at the place where x went.
///   dy  [N,H,W,C];  dx  [N,OH,OW,C];  indices as in the forward pass
/// Assigns dx. Throws `error` when a shape is wrong or windows overlap.
template <class T>
void max_unpool2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, view<const std::uint8_t> indices,
                           pool2d_params params, view<T> dx) {
  detail::require_max_unpool2d("max_unpool2d_backward", "dy", dy, "dx", dx, indices, params);
  const auto [N, H, W, C] = dx.extents();
  parallel_for(ctx.workers(), N * H, rows_per_piece(dx.extents()),
               [&, H = H, W = W, C = C](index_t begin, index_t end) {
                 for (index_t row = begin; row < end; ++row) {
                   const index_t n = row / H, h = row % H;
                   const pixel_run<const T> from{dy.pixel(n, h * params.stride, 0), dy.pixel_stride()};
                   const pixel_run<const std::uint8_t> index{indices.pixel(n, h, 0), indices.pixel_stride()};
                   const pixel_run<T> to{dx.pixel(n, h, 0), dx.pixel_stride()};
                   [&, W = W, C = C] {
                     LAMINA_DISPATCH(
                         ctx.isa(), max_unpool2d_backward(run_extents{W, C}, from, dy.row_stride(), index, params, to));
                   }();
                 }
               });
}

}  // namespace lamina
