// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace lamina {

/// Square windows without padding; what is left over at the bottom and at the right belongs to no window.
struct pool2d_params {
  index_t kernel = 2, stride = 2;
};

/// Bits 0 … 15 of `bits` at the even places of the result, and the way back.
constexpr std::uint32_t spread_bits(std::uint32_t bits) {
  bits = (bits | bits << 8) & 0x00ff00ffu;
  bits = (bits | bits << 4) & 0x0f0f0f0fu;
  bits = (bits | bits << 2) & 0x33333333u;
  return (bits | bits << 1) & 0x55555555u;
}
constexpr std::uint32_t gather_bits(std::uint32_t bits) {
  bits &= 0x55555555u;
  bits = (bits | bits >> 1) & 0x33333333u;
  bits = (bits | bits >> 2) & 0x0f0f0f0fu;
  bits = (bits | bits >> 4) & 0x00ff00ffu;
  return (bits | bits >> 8) & 0x0000ffffu;
}

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/max_pool2d.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// The shape of y: floor((size − kernel)/stride) + 1 rows and columns.
/// Throws `error` unless 1 ≤ kernel ≤ 16, stride ≥ 1 and a window fits.
inline shape pool2d_output_shape(shape x, pool2d_params params) {
  require(params.kernel >= 1 && params.kernel <= 16, "pool2d: kernel ", params.kernel, " is outside [1, 16]");
  require(params.stride >= 1, "pool2d: stride ", params.stride, " is not positive");
  require(x.h >= params.kernel && x.w >= params.kernel, "pool2d: no window of ", params.kernel, "×", params.kernel,
          " fits x ", x, " (NHWC)");
  return {x.n, (x.h - params.kernel) / params.stride + 1, (x.w - params.kernel) / params.stride + 1, x.c};
}

/// The shape, in bytes, of the indices that belong to y. An index is the position of the maximum within its window, row
/// by row. Windows of up to four positions take two bits: channel c lies in bits 2·(c mod 4) of byte c/4. Others take a
/// byte a channel.
inline shape pool2d_index_shape(shape y, pool2d_params params) {
  return {y.n, y.h, y.w, params.kernel <= 2 ? ceil_div(y.c, 4) : y.c};
}

namespace reference {

inline index_t pool2d_index(view<const std::uint8_t> indices, pool2d_params params, index_t n, index_t h, index_t w,
                            index_t c) {
  return params.kernel <= 2 ? indices(n, h, w, c / 4) >> (2 * (c % 4)) & 3 : indices(n, h, w, c);
}

template <class T>
void max_pool2d_forward(view<const T> x, pool2d_params params, view<T> y, view<std::uint8_t> indices) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          T best = x(n, h * params.stride, w * params.stride, c);
          index_t index = 0;
          for (index_t i = 1; i < params.kernel * params.kernel; ++i) {
            const T v = x(n, h * params.stride + i / params.kernel, w * params.stride + i % params.kernel, c);
            const double value = static_cast<double>(v);
            if (value > static_cast<double>(best) || std::isnan(value)) best = v, index = i;
          }
          y(n, h, w, c) = best;
          if (indices.empty()) continue;
          if (params.kernel <= 2) {
            std::uint8_t& byte = indices(n, h, w, c / 4);
            byte = static_cast<std::uint8_t>((c % 4 == 0 ? 0 : byte) | index << (2 * (c % 4)));
          } else {
            indices(n, h, w, c) = static_cast<std::uint8_t>(index);
          }
        }
}

template <class T>
void max_pool2d_backward(view<const T> dy, view<const std::uint8_t> indices, pool2d_params params, bool accumulate,
                         view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = accumulate ? static_cast<double>(dx(n, h, w, c)) : 0;
          for (index_t oh = 0; oh < dy.extents().h; ++oh)
            for (index_t ow = 0; ow < dy.extents().w; ++ow) {
              const index_t index = pool2d_index(indices, params, n, oh, ow, c);
              if (oh * params.stride + index / params.kernel == h && ow * params.stride + index % params.kernel == w)
                sum += static_cast<double>(dy(n, oh, ow, c));
            }
          dx(n, h, w, c) = static_cast<T>(sum);
        }
}

}  // namespace reference

namespace detail {

/// Throws `error` unless `pooled` and `indices` are what pooling `full` gives.
template <class A, class B, class I>
void require_pool2d_shapes(std::string_view op, std::string_view full_name, view<A> full, std::string_view pooled_name,
                           view<B> pooled, view<I> indices, pool2d_params params) {
  const shape expected = pool2d_output_shape(full.extents(), params);
  require(pooled.extents() == expected, op, ": ", pooled_name, " ", pooled.extents(), " must be ", expected, ", as ",
          full_name, " is ", full.extents(), ", kernel ", params.kernel, ", stride ", params.stride, " (NHWC)");
  const shape index_shape = pool2d_index_shape(expected, params);
  require(indices.empty() || indices.extents() == index_shape, op, ": indices ", indices.extents(), " must be ",
          index_shape, " for ", pooled_name, " ", expected, " and kernel ", params.kernel);
}

/// Element i of window o goes to its place in `full`; every other element of it is zero or, on request, kept.
template <class T>
void scatter_to_windows(cpu_context& ctx, view<const T> pooled, view<const std::uint8_t> indices, pool2d_params params,
                        bool accumulate, view<T> full) {
  const auto [N, H, W, C] = full.extents();
  const index_t windows_high = pooled.extents().h;
  const bool tiles = params.kernel == 2 && params.stride == 2 && H == 2 * windows_high && W == 2 * pooled.extents().w;
  if (tiles) {
    parallel_for(ctx.workers(), N * windows_high, rows_per_piece(pooled.extents()), [&](index_t begin, index_t end) {
      for (index_t row = begin; row < end; ++row) {
        const index_t n = row / windows_high, h = row % windows_high;
        const run_extents extents{pooled.extents().w, pooled.extents().c};
        const pixel_run<const T> from{pooled.pixel(n, h, 0), pooled.pixel_stride()};
        const pixel_run<const std::uint8_t> index{indices.pixel(n, h, 0), indices.pixel_stride()};
        const pixel_run<T> to{full.pixel(n, 2 * h, 0), full.pixel_stride()};
        [&] {
          LAMINA_DISPATCH(ctx.isa(), max_pool2d_backward_2x2(extents, from, index, accumulate, to, full.row_stride()));
        }();
      }
    });
  } else {
    parallel_for(ctx.workers(), N * H, rows_per_piece(full.extents()), [&, H = H](index_t begin, index_t end) {
      for (index_t row = begin; row < end; ++row)
        [&] {
          LAMINA_DISPATCH(ctx.isa(), max_pool2d_backward(pooled, indices, params, accumulate, row / H, row % H, full));
        }();
    });
  }
}

}  // namespace detail

/// y = the maximum of each window, and where in the window it stood. Of equal maxima the first counts, row by row; a
/// NaN counts as a maximum (of several the last).
///   x        [N,H,W,C]
///   y        pool2d_output_shape(x)
///   indices  pool2d_index_shape(y), or an empty view where nobody will ask
/// Writes y and indices. Throws `error` when a shape is wrong or no window fits.
template <class T>
void max_pool2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, pool2d_params params, view<T> y,
                        view<std::uint8_t> indices) {
  detail::require_pool2d_shapes("max_pool2d_forward", "x", x, "y", y, indices, params);
  const auto [N, H, W, C] = y.extents();
  parallel_for(ctx.workers(), N * H, rows_per_piece(y.extents()), [&, H = H, W = W, C = C](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row) {
      const index_t n = row / H, h = row % H;
      const pixel_run<const T> from{x.pixel(n, h * params.stride, 0), x.pixel_stride()};
      const pixel_run<T> to{y.pixel(n, h, 0), y.pixel_stride()};
      const pixel_run<std::uint8_t> index{indices.empty() ? nullptr : indices.pixel(n, h, 0), indices.pixel_stride()};
      [&, W = W, C = C] {
        LAMINA_DISPATCH(ctx.isa(), max_pool2d_forward(run_extents{W, C}, from, x.row_stride(), params, to, index));
      }();
    }
  });
}

/// Each dy goes to the element that was the maximum of its window; where windows overlap they add.
///   dy       [N,OH,OW,C]; indices as max_pool2d_forward wrote them
///   dx       [N,H,W,C]
/// Assigns dx everywhere (zero where nothing goes), or adds to it when `accumulate`. Throws `error` when a shape is
/// wrong.
template <class T>
void max_pool2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, view<const std::uint8_t> indices,
                         pool2d_params params, bool accumulate, view<T> dx) {
  detail::require_pool2d_shapes("max_pool2d_backward", "dx", dx, "dy", dy, indices, params);
  require(!indices.empty(), "max_pool2d_backward: the indices are missing");
  detail::scatter_to_windows<T>(ctx, dy, indices, params, accumulate, dx);
}

}  // namespace lamina
