// lamina::image · SPDX-License-Identifier: Apache-2.0
// Flips, transposition and quarter turns. Each is a *place*, not a copy: a view of the same pixels with other strides,
// which any function takes; `copy_pixels` makes it real.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>

namespace lamina {

/// y(h, w) = x(h, W−1−w). Shares x's elements.
template <class T>
view<T> flip_left_right(view<T> x) {
  return {x.data() + (x.extents().w - 1) * x.pixel_stride(), x.extents(), x.image_stride(), x.row_stride(),
          -x.pixel_stride()};
}

/// y(h, w) = x(H−1−h, w). Shares x's elements.
template <class T>
view<T> flip_up_down(view<T> x) {
  return {x.data() + (x.extents().h - 1) * x.row_stride(), x.extents(), x.image_stride(), -x.row_stride(),
          x.pixel_stride()};
}

/// y(h, w) = x(w, h): height and width change places. Shares x's elements.
template <class T>
view<T> transpose(view<T> x) {
  const auto [N, H, W, C] = x.extents();
  return {x.data(), {N, W, H, C}, x.image_stride(), x.pixel_stride(), x.row_stride()};
}

/// Turned clockwise by `quarter_turns` · 90° (negative: the other way). Shares x's elements.
template <class T>
view<T> rotate_quarters(view<T> x, int quarter_turns) {
  switch (((quarter_turns % 4) + 4) % 4) {
    case 1: return flip_left_right(transpose(x));
    case 2: return flip_left_right(flip_up_down(x));
    case 3: return flip_up_down(transpose(x));
    default: return x;
  }
}

/// The picture upright, when its camera noted EXIF `orientation` 1 to 8 (any other: as it is). Shares x's elements.
template <class T>
view<T> upright(view<T> x, int orientation) {
  switch (orientation) {
    case 2: return flip_left_right(x);
    case 3: return rotate_quarters(x, 2);
    case 4: return flip_up_down(x);
    case 5: return transpose(x);
    case 6: return rotate_quarters(x, 1);
    case 7: return rotate_quarters(transpose(x), 2);
    case 8: return rotate_quarters(x, 3);
    default: return x;
  }
}

/// y = x, whatever their strides.
///   x, y  [N,H,W,C], no element in common
/// Writes y. Throws `error` when the shapes differ.
template <class T>
void copy_pixels(std::type_identity_t<view<const T>> x, view<T> y) {
  require(x.extents() == y.extents(), "copy_pixels: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  constexpr index_t block = 32;  // of rows and columns, so that a transposition stays in cache
  const auto [N, H, W, C] = x.extents();
  const bool dense_rows = x.pixel_stride() == C && y.pixel_stride() == C;
  for (index_t n = 0; n < N; ++n)
    for (index_t h0 = 0; h0 < H; h0 += block)
      for (index_t w0 = 0; w0 < W; w0 += dense_rows ? W : block)
        for (index_t h = h0; h < std::min(H, h0 + block); ++h) {
          const T* from = x.pixel(n, h, w0);
          T* to = y.pixel(n, h, w0);
          if (dense_rows) {
            std::copy_n(from, W * C, to);
            continue;
          }
          for (index_t w = w0; w < std::min(W, w0 + block); ++w, from += x.pixel_stride(), to += y.pixel_stride())
            for (index_t c = 0; c < C; ++c) to[c] = from[c];
        }
}

/// The same, its rows divided among the context's workers.
template <class T>
void copy_pixels(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  require(x.extents() == y.extents(), "copy_pixels: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  const auto [N, H, W, C] = x.extents();
  const auto rows = [W = W, C = C](auto of, index_t n, index_t begin, index_t end) {
    return decltype(of){of.pixel(n, begin, 0), {1, end - begin, W, C}, of.image_stride(), of.row_stride(),
                        of.pixel_stride()};
  };
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    copy_pixels<T>(rows(x, n, begin, end), rows(y, n, begin, end));
  });
}

/// The elements of x in a tensor of their own.
template <class T>
tensor<std::remove_const_t<T>> copy_of(view<T> x) {
  tensor<std::remove_const_t<T>> y(x.extents(), uninitialized);
  copy_pixels(x, y.view());
  return y;
}

}  // namespace lamina
