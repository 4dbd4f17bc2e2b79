// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What is left of an image when its place is forgotten. Lin, Chen, Yan: Network In Network, 2013, arXiv:1312.4400.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/channel_affine.hpp>
#include <lamina/ops/copy.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace lamina {

namespace reference {

template <class T>
void global_average_pool2d_forward(view<const T> x, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t c = 0; c < C; ++c) {
      double sum = 0;
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) sum += static_cast<double>(x(n, h, w, c));
      y(n, 0, 0, c) = static_cast<T>(sum / static_cast<double>(H * W));
    }
}

template <class T>
void global_average_pool2d_backward(view<const T> dy, bool accumulate, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double before = accumulate ? static_cast<double>(dx(n, h, w, c)) : 0;
          dx(n, h, w, c) = static_cast<T>(before + static_cast<double>(dy(n, 0, 0, c)) / static_cast<double>(H * W));
        }
}

}  // namespace reference

namespace detail {

template <class A, class B>
void require_global_average_pool2d(std::string_view op, std::string_view full_name, view<A> full,
                                   std::string_view pooled_name, view<B> pooled) {
  const shape &x = full.extents(), expected{x.n, 1, 1, x.c};
  require(pooled.extents() == expected, op, ": ", pooled_name, " ", pooled.extents(), " must be ", expected, ", as ",
          full_name, " is ", x, " (NHWC)");
  require(x.size() > 0, op, ": ", full_name, " ", x, " has no elements");
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes.
inline std::size_t global_average_pool2d_forward_scratch(shape x) {
  return aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(double)) + channel_sums_scratch(x, x.n);
}
template <class T>
std::size_t global_average_pool2d_backward_scratch(shape x) {
  return aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(T));
}

/// y = the mean of each channel over the pixels of each image.
///   x  [N,H,W,C];  y  [N,1,1,C]
/// Writes y. Throws `error` when a shape is wrong or x has no pixels.
template <class T>
void global_average_pool2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  detail::require_global_average_pool2d("global_average_pool2d_forward", "x", x, "y", y);
  const auto [N, H, W, C] = x.extents();
  auto scratch = ctx.scratch().open();
  double* sums = scratch.take<double>(N * C);
  channel_sums<T>(ctx, N, x, sums);
  for (index_t n = 0; n < N; ++n)
    for (index_t c = 0; c < C; ++c) y(n, 0, 0, c) = static_cast<T>(sums[n * C + c] / static_cast<double>(H * W));
}

/// dx = dy/(H·W) at every pixel.
///   dy  [N,1,1,C];  dx  [N,H,W,C]
/// Assigns dx, or adds to it when `accumulate`. Throws `error` when a shape is wrong.
template <class T>
void global_average_pool2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, bool accumulate,
                                    view<T> dx) {
  detail::require_global_average_pool2d("global_average_pool2d_backward", "dx", dx, "dy", dy);
  const auto [N, H, W, C] = dx.extents();
  auto scratch = ctx.scratch().open();
  T* shares = scratch.take<T>(N * C);
  for (index_t n = 0; n < N; ++n)
    for (index_t c = 0; c < C; ++c)
      shares[n * C + c] = static_cast<T>(static_cast<double>(dy(n, 0, 0, c)) / static_cast<double>(H * W));
  for_each_run_of_sets(
      ctx, N,
      [&, C = C](index_t n, run_extents extents, pixel_run<T> to) {
        const pixel_run<const T> from{shares + n * C, 0};  // the same pixel again and again
        if (accumulate)
          [&] { LAMINA_DISPATCH(ctx.isa(), add(extents, from, to)); }();
        else
          for (index_t p = 0; p < extents.pixels; ++p) std::copy_n(from[p], C, to[p]);
      },
      dx);
}

}  // namespace lamina
