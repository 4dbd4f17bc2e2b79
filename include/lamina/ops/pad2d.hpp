// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace lamina {

/// What lies around the image: zeros, or its outermost pixels repeated.
enum class pad_border { zero, replicate };

/// Where the image's first row and column come to lie in the frame. Negative: that much of it is cropped.
struct pad2d_params {
  index_t top = 0, left = 0;
  pad_border border = pad_border::zero;
};

namespace detail {

inline void require_pad2d_shapes(const char* op, const char* image, const shape& x, const char* frame, const shape& y) {
  require(x.n == y.n && x.c == y.c, op, ": ", image, " ", x, " and ", frame, " ", y,
          " differ in images or channels (NHWC)");
  require(x.size() > 0, op, ": ", image, " ", x, " is empty");
}

}  // namespace detail

namespace reference {

template <class T>
void pad2d_forward(view<const T> x, pad2d_params params, view<T> y) {
  const auto [N, H, W, C] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const index_t row = h - params.top, column = w - params.left;
          const index_t r = std::clamp<index_t>(row, 0, x.extents().h - 1);
          const index_t k = std::clamp<index_t>(column, 0, x.extents().w - 1);
          const bool inside = r == row && k == column;
          y(n, h, w, c) = inside || params.border == pad_border::replicate ? x(n, r, k, c) : static_cast<T>(0.0f);
        }
}

template <class T>
void pad2d_backward(view<const T> dy, pad2d_params params, view<T> dx) {
  const auto [N, H, W, C] = dx.extents();
  const shape frame = dy.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double sum = 0;
          for (index_t row = 0; row < frame.h; ++row)
            for (index_t column = 0; column < frame.w; ++column) {
              index_t r = row - params.top, k = column - params.left;
              if (params.border == pad_border::replicate) {
                r = std::clamp<index_t>(r, 0, H - 1);
                k = std::clamp<index_t>(k, 0, W - 1);
              }
              if (r == h && k == w) sum += static_cast<double>(dy(n, row, column, c));
            }
          dx(n, h, w, c) = static_cast<T>(sum);
        }
}

}  // namespace reference

/// y[h, w] = x[h − top, w − left], and beyond x's edge what `border` says.
///   x  [N,H,W,C]
///   y  [N,H',W',C], any size
/// Writes y. Throws `error` when images or channels differ.
template <class T>
void pad2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, pad2d_params params, view<T> y) {
  detail::require_pad2d_shapes("pad2d_forward", "x", x.extents(), "y", y.extents());
  const auto [N, H, W, C] = y.extents();
  parallel_for(ctx.workers(), N * H, rows_per_piece(y.extents()), [&, H = H, W = W, C = C](index_t begin, index_t end) {
    for (index_t line = begin; line < end; ++line) {
      const index_t n = line / H, h = line % H, row = h - params.top;
      const index_t r = std::clamp<index_t>(row, 0, x.extents().h - 1);
      for (index_t w = 0; w < W; ++w) {
        const index_t column = w - params.left, k = std::clamp<index_t>(column, 0, x.extents().w - 1);
        if ((r == row && k == column) || params.border == pad_border::replicate)
          std::copy_n(x.pixel(n, r, k), C, y.pixel(n, h, w));
        else
          std::fill_n(y.pixel(n, h, w), C, static_cast<T>(0.0f));
      }
    }
  });
}

/// dx[h, w] = Σ dy of the pixels that pad2d_forward filled from x[h, w]; zero where it was cropped.
///   dy  [N,H',W',C]
///   dx  [N,H,W,C]
/// Assigns dx. Throws `error` when images or channels differ.
template <class T>
void pad2d_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, pad2d_params params, view<T> dx) {
  detail::require_pad2d_shapes("pad2d_backward", "dx", dx.extents(), "dy", dy.extents());
  const auto [N, H, W, C] = dx.extents();
  // the pixels [first, last) of the frame that were filled from position i of `extent` positions
  const auto filled_from = [&](index_t i, index_t extent, index_t offset, index_t frame) {
    const bool repeated = params.border == pad_border::replicate;
    const index_t first = repeated && i == 0 ? 0 : i + offset;
    const index_t last = repeated && i == extent - 1 ? frame : i + offset + 1;
    return std::pair(std::clamp<index_t>(first, 0, frame), std::clamp<index_t>(last, 0, frame));
  };
  parallel_for(ctx.workers(), N * H, rows_per_piece(dx.extents()),
               [&, H = H, W = W, C = C](index_t begin, index_t end) {
                 for (index_t line = begin; line < end; ++line) {
                   const index_t n = line / H, h = line % H;
                   const auto [first_row, last_row] = filled_from(h, H, params.top, dy.extents().h);
                   for (index_t w = 0; w < W; ++w) {
                     const auto [first_column, last_column] = filled_from(w, W, params.left, dy.extents().w);
                     for (index_t c = 0; c < C; ++c) {
                       float sum = 0;
                       for (index_t row = first_row; row < last_row; ++row)
                         for (index_t column = first_column; column < last_column; ++column)
                           sum += static_cast<float>(dy(n, row, column, c));
                       dx(n, h, w, c) = static_cast<T>(sum);
                     }
                   }
                 }
               });
}

}  // namespace lamina
