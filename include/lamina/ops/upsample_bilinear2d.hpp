// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace lamina {

/// Where an output position o lies among the inputs: align_corners maps the outermost pixels' centres onto each other,
/// o·(in − 1)/(out − 1); otherwise the images' edges meet, max(0, (o + ½)·in/out − ½). As in PyTorch.
struct upsample_bilinear2d_params {
  bool align_corners = false;
};

/// An output position between two neighbouring inputs.
struct linear_source {
  index_t first, second;  // second = first + 1, or first at the end
  float weight;           // of second; first has the rest

  float weight_of(index_t i) const { return (i == first ? 1 - weight : 0.0f) + (i == second ? weight : 0.0f); }
};
/// The output positions [begin, end) that may read one input.
struct linear_readers {
  index_t begin, end;
};

inline linear_source linear_source_of(index_t o, index_t in, index_t out, bool align_corners) {
  const double o_ = static_cast<double>(o), in_ = static_cast<double>(in), out_ = static_cast<double>(out);
  const double place =
      align_corners ? (out > 1 ? o_ * (in_ - 1) / (out_ - 1) : 0) : std::max(0.0, (o_ + 0.5) * in_ / out_ - 0.5);
  const index_t first = std::min(static_cast<index_t>(place), in - 1);
  return {first, std::min(first + 1, in - 1), static_cast<float>(place - static_cast<double>(first))};
}

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/upsample_bilinear2d.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void upsample_bilinear2d_forward(view<const T> x, upsample_bilinear2d_params params, view<T> y) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const auto [h0, h1, below] = linear_source_of(h, x.extents().h, H, params.align_corners);
          const auto [w0, w1, right] = linear_source_of(w, x.extents().w, W, params.align_corners);
          const double b = static_cast<double>(below), r = static_cast<double>(right);
          y(n, h, w, c) = static_cast<T>(
              (1 - b) * ((1 - r) * static_cast<double>(x(n, h0, w0, c)) + r * static_cast<double>(x(n, h0, w1, c))) +
              b * ((1 - r) * static_cast<double>(x(n, h1, w0, c)) + r * static_cast<double>(x(n, h1, w1, c))));
        }
}

template <class T>
void upsample_bilinear2d_backward(view<const T> dy, upsample_bilinear2d_params params, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  const shape large = dy.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = 0;
          for (index_t i = 0; i < large.h; ++i)
            for (index_t j = 0; j < large.w; ++j)
              sum += static_cast<double>(linear_source_of(i, H, large.h, params.align_corners).weight_of(h)) *
                     static_cast<double>(linear_source_of(j, W, large.w, params.align_corners).weight_of(w)) *
                     static_cast<double>(dy(n, i, j, c));
          dx(n, h, w, c) = static_cast<T>(sum);
        }
}

}  // namespace reference

namespace detail {

template <class A, class B>
void require_upsample_bilinear2d(std::string_view op, std::string_view name_a, view<A> a, std::string_view name_b,
                                 view<B> b) {
  const shape x = a.extents(), y = b.extents();
  require(x.n == y.n && x.c == y.c, op, ": ", name_a, " ", x, " and ", name_b, " ", y,
          " differ in images or channels (NHWC)");
  require(x.h > 0 && x.w > 0 && y.h > 0 && y.w > 0, op, ": ", name_a, " ", x, " or ", name_b, " ", y, " has no pixels");
}

inline linear_source* linear_sources(arena::frame& scratch, index_t in, index_t out, bool align_corners) {
  auto* sources = scratch.take<linear_source>(out);
  for (index_t o = 0; o < out; ++o) sources[o] = linear_source_of(o, in, out, align_corners);
  return sources;
}

/// `sources` never steps back, so the readers of an input are neighbours.
inline linear_readers* readers_of(arena::frame& scratch, const linear_source* sources, index_t in, index_t out) {
  auto* readers = scratch.take<linear_readers>(in);
  index_t begin = 0, end = 0;
  for (index_t i = 0; i < in; ++i) {
    while (begin < out && sources[begin].second < i) ++begin;
    while (end < out && sources[end].first <= i) ++end;
    readers[i] = {begin, end};
  }
  return readers;
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes; x is the small image, y the large one.
inline std::size_t upsample_bilinear2d_forward_scratch(shape y) {
  return aligned_size(static_cast<std::size_t>(y.h) * sizeof(linear_source)) +
         aligned_size(static_cast<std::size_t>(y.w) * sizeof(linear_source));
}
inline std::size_t upsample_bilinear2d_backward_scratch(shape x, shape y) {
  return upsample_bilinear2d_forward_scratch(y) + aligned_size(static_cast<std::size_t>(x.h) * sizeof(linear_readers)) +
         aligned_size(static_cast<std::size_t>(x.w) * sizeof(linear_readers));
}

/// y = x resampled to y's size, linear along rows and columns (upsampling: no low-pass filter).
///   x  [N,H,W,C];  y  [N,any,any,C]
/// Writes y. Throws `error` when images or channels differ.
template <class T>
void upsample_bilinear2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x,
                                 upsample_bilinear2d_params params, view<T> y) {
  detail::require_upsample_bilinear2d("upsample_bilinear2d_forward", "x", x, "y", y);
  const index_t H = y.extents().h, W = y.extents().w, C = y.extents().c;
  auto scratch = ctx.scratch().open();
  const auto* rows = detail::linear_sources(scratch, x.extents().h, H, params.align_corners);
  const auto* columns = detail::linear_sources(scratch, x.extents().w, W, params.align_corners);
  parallel_for(ctx.workers(), y.extents().n * H, rows_per_piece(y.extents()), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < W; ++w) {
        const index_t n = row / H, h = row % H;
        const linear_source r = rows[h], c = columns[w];
        [&] {
          LAMINA_DISPATCH(ctx.isa(), blend_pixels(x.pixel(n, r.first, c.first), x.pixel(n, r.first, c.second),
                                                  x.pixel(n, r.second, c.first), x.pixel(n, r.second, c.second),
                                                  c.weight, r.weight, C, y.pixel(n, h, w)));
        }();
      }
  });
}

/// dx = the sum of dy over the pixels that read it, with the weights they used.
///   dy  [N,any,any,C];  dx  [N,H,W,C]
/// Assigns dx. Throws `error` when images or channels differ.
template <class T>
void upsample_bilinear2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy,
                                  upsample_bilinear2d_params params, view<T> dx) {
  detail::require_upsample_bilinear2d("upsample_bilinear2d_backward", "dx", dx, "dy", dy);
  const index_t H = dx.extents().h, W = dx.extents().w;
  auto scratch = ctx.scratch().open();
  const auto* rows = detail::linear_sources(scratch, H, dy.extents().h, params.align_corners);
  const auto* columns = detail::linear_sources(scratch, W, dy.extents().w, params.align_corners);
  const auto* row_readers = detail::readers_of(scratch, rows, H, dy.extents().h);
  const auto* column_readers = detail::readers_of(scratch, columns, W, dy.extents().w);
  parallel_for(ctx.workers(), dx.extents().n * H, rows_per_piece(dx.extents()), [&](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < W; ++w) {
        const index_t n = row / H, h = row % H;
        [&] {
          LAMINA_DISPATCH(ctx.isa(), gather_pixel(dy, n, h, w, rows, columns, row_readers[h], column_readers[w],
                                                  dx.pixel(n, h, w)));
        }();
      }
  });
}

}  // namespace lamina
