// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/conv2d_geometry.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace lamina {

/// Square windows, `stride` apart, on an image with zeros around it; what is left over at the bottom and at the right
/// belongs to no window. As PyTorch's avg_pool2d with ceil_mode = False.
struct average_pool2d_params {
  index_t kernel = 2, stride = 2;
  padding2d padding = {};         // each side below kernel, so that every window holds pixels of the image
  bool count_include_pad = true;  // divide by kernel²; false: by the number of those pixels
};

/// The positions of a window along rows or along columns, without padding, and the weight of each.
struct pool_window {
  index_t begin, end;
  float weight;
};
/// The windows [begin, end) that hold a position.
struct pool_readers {
  index_t begin, end;
};

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/average_pool2d.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// The shape of y: floor((size + padding − kernel)/stride) + 1 rows and columns.
/// Throws `error` unless kernel ≥ 1, stride ≥ 1, 0 ≤ padding < kernel and a window fits.
inline shape average_pool2d_output_shape(shape x, const average_pool2d_params& params) {
  const auto [kernel, stride, padding, count_include_pad] = params;
  const auto [top, left, bottom, right] = padding;
  require(kernel >= 1, "average_pool2d: kernel ", kernel, " is not positive");
  require(stride >= 1, "average_pool2d: stride ", stride, " is not positive");
  for (const index_t side : {top, left, bottom, right})
    require(side >= 0 && side < kernel, "average_pool2d: padding ", padding, " is outside [0, ", kernel,
            "), the kernel");
  const index_t H = x.h + top + bottom, W = x.w + left + right;
  require(x.h > 0 && x.w > 0 && H >= kernel && W >= kernel, "average_pool2d: no window of ", kernel, "×", kernel,
          " fits x ", x, " (NHWC) with padding ", padding);
  return {x.n, (H - kernel) / stride + 1, (W - kernel) / stride + 1, x.c};
}

namespace reference {

/// Calls body(row, column) for the pixels of x that window (h, w) holds.
template <class Body>
void for_each_pixel_of_window(shape x, const average_pool2d_params& params, index_t h, index_t w, Body&& body) {
  for (index_t i = 0; i < params.kernel; ++i)
    for (index_t j = 0; j < params.kernel; ++j) {
      const index_t row = h * params.stride - params.padding.top + i;
      const index_t column = w * params.stride - params.padding.left + j;
      if (row >= 0 && row < x.h && column >= 0 && column < x.w) body(row, column);
    }
}

/// By what the sum over window (h, w) is divided.
inline double average_pool2d_divisor(shape x, const average_pool2d_params& params, index_t h, index_t w) {
  if (params.count_include_pad) return static_cast<double>(params.kernel * params.kernel);
  double inside = 0;
  for_each_pixel_of_window(x, params, h, w, [&](index_t, index_t) { ++inside; });
  return inside;
}

template <class T>
void average_pool2d_forward(view<const T> x, const average_pool2d_params& params, view<T> y) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = 0;
          for_each_pixel_of_window(x.extents(), params, h, w, [&, n = n, c = c](index_t row, index_t column) {
            sum += static_cast<double>(x(n, row, column, c));
          });
          y(n, h, w, c) = static_cast<T>(sum / average_pool2d_divisor(x.extents(), params, h, w));
        }
}

template <class T>
void average_pool2d_backward(view<const T> dy, const average_pool2d_params& params, bool accumulate, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = accumulate ? static_cast<double>(dx(n, h, w, c)) : 0;
          for (index_t oh = 0; oh < dy.extents().h; ++oh)
            for (index_t ow = 0; ow < dy.extents().w; ++ow) {
              const index_t i = h + params.padding.top - oh * params.stride;
              const index_t j = w + params.padding.left - ow * params.stride;
              if (i >= 0 && i < params.kernel && j >= 0 && j < params.kernel)
                sum += static_cast<double>(dy(n, oh, ow, c)) / average_pool2d_divisor(dx.extents(), params, oh, ow);
            }
          dx(n, h, w, c) = static_cast<T>(sum);
        }
}

}  // namespace reference

namespace detail {

template <class A, class B>
void require_average_pool2d(std::string_view op, std::string_view full_name, view<A> full, std::string_view pooled_name,
                            view<B> pooled, const average_pool2d_params& params) {
  const shape expected = average_pool2d_output_shape(full.extents(), params);
  require(pooled.extents() == expected, op, ": ", pooled_name, " ", pooled.extents(), " must be ", expected, ", as ",
          full_name, " is ", full.extents(), ", kernel ", params.kernel, ", stride ", params.stride, ", padding ",
          params.padding, " (NHWC)");
}

/// The `count` windows along an extent of `size` positions with `before` zeros in front.
inline pool_window* pool_windows(arena::frame& scratch, index_t count, index_t size, index_t before,
                                 const average_pool2d_params& params) {
  auto* windows = scratch.take<pool_window>(count);
  for (index_t o = 0; o < count; ++o) {
    const index_t first = o * params.stride - before;
    const index_t begin = std::max<index_t>(first, 0), end = std::min(first + params.kernel, size);
    windows[o] = {begin, end, 1 / static_cast<float>(params.count_include_pad ? params.kernel : end - begin)};
  }
  return windows;
}

/// Windows never step back, so the readers of a position are neighbours.
inline pool_readers* pool_readers_of(arena::frame& scratch, const pool_window* windows, index_t count, index_t size) {
  auto* readers = scratch.take<pool_readers>(size);
  index_t begin = 0, end = 0;
  for (index_t i = 0; i < size; ++i) {
    while (begin < count && windows[begin].end <= i) ++begin;
    while (end < count && windows[end].begin <= i) ++end;
    readers[i] = {begin, std::max(begin, end)};
  }
  return readers;
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes.
inline std::size_t average_pool2d_forward_scratch(shape y) {
  return aligned_size(static_cast<std::size_t>(y.h) * sizeof(pool_window)) +
         aligned_size(static_cast<std::size_t>(y.w) * sizeof(pool_window));
}
inline std::size_t average_pool2d_backward_scratch(shape x, shape y) {
  return average_pool2d_forward_scratch(y) + aligned_size(static_cast<std::size_t>(x.h) * sizeof(pool_readers)) +
         aligned_size(static_cast<std::size_t>(x.w) * sizeof(pool_readers));
}

/// y = the mean of each window.
///   x  [N,H,W,C]
///   y  average_pool2d_output_shape(x)
/// Writes y. Throws `error` when a shape is wrong or no window fits.
template <class T>
void average_pool2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x,
                            const average_pool2d_params& params, view<T> y) {
  detail::require_average_pool2d("average_pool2d_forward", "x", x, "y", y, params);
  const index_t H = y.extents().h, W = y.extents().w;
  auto scratch = ctx.scratch().open();
  const pool_window* rows = detail::pool_windows(scratch, H, x.extents().h, params.padding.top, params);
  const pool_window* columns = detail::pool_windows(scratch, W, x.extents().w, params.padding.left, params);
  parallel_for(ctx.workers(), y.extents().n * H, rows_per_piece(y.extents()), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      [&] {
        LAMINA_DISPATCH(ctx.isa(), average_pool2d_forward(x, row / H, rows[row % H], columns, row % H, y));
      }();
  });
}

/// Each pixel gets its share of the dy of every window that holds it.
///   dy  [N,OH,OW,C]
///   dx  [N,H,W,C]
/// Assigns dx everywhere (zero where no window is), or adds to it when `accumulate`. Throws `error` when a shape is
/// wrong.
template <class T>
void average_pool2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy,
                             const average_pool2d_params& params, bool accumulate, view<T> dx) {
  detail::require_average_pool2d("average_pool2d_backward", "dx", dx, "dy", dy, params);
  const index_t H = dx.extents().h, W = dx.extents().w, OH = dy.extents().h, OW = dy.extents().w;
  auto scratch = ctx.scratch().open();
  const pool_window* rows = detail::pool_windows(scratch, OH, H, params.padding.top, params);
  const pool_window* columns = detail::pool_windows(scratch, OW, W, params.padding.left, params);
  const pool_readers* row_readers = detail::pool_readers_of(scratch, rows, OH, H);
  const pool_readers* column_readers = detail::pool_readers_of(scratch, columns, OW, W);
  parallel_for(ctx.workers(), dx.extents().n * H, rows_per_piece(dx.extents()), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      [&] {
        LAMINA_DISPATCH(ctx.isa(), average_pool2d_backward(dy, rows, columns, row_readers[row % H], column_readers,
                                                           accumulate, row / H, row % H, dx));
      }();
  });
}

}  // namespace lamina
