// lamina::image · SPDX-License-Identifier: Apache-2.0
// Flips, transposition and quarter turns. Each is a *place*, not a copy: a view of the same pixels with other strides,
// which any function takes; `copy_pixels` makes it real.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace lamina::portable {

/// y(i) = x(pixels − 1 − i) for pixels of `Bytes` bytes that follow each other in both.
template <index_t Bytes>
void reverse_pixels(const std::uint8_t* x, index_t pixels, std::uint8_t* y) {
  for (index_t i = 0; i < pixels; ++i) std::memcpy(y + i * Bytes, x + (pixels - 1 - i) * Bytes, Bytes);
}

/// y(h, w) = x(w, h) for pixels of three bytes, rows and columns of y in multiples of four. Reads and writes up to 4
/// bytes beyond each row.
inline void transpose_colours(const std::uint8_t* x, index_t x_stride, index_t rows, index_t columns, std::uint8_t* y,
                              index_t y_stride) {
  for (index_t h = 0; h < rows; ++h)
    for (index_t w = 0; w < columns; ++w) std::memcpy(y + h * y_stride + 3 * w, x + w * x_stride + 3 * h, 3);
}

}  // namespace lamina::portable

#define LAMINA_KERNEL <lamina/kernels/copy_pixels.inl>
#include <lamina/simd/foreach_block_isa.hpp>

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

namespace detail {

/// One row: `pixels` pixels of C channels each.
template <class T, class Channels>
void copy_row(const T* x, index_t x_stride, index_t pixels, Channels C, T* y, index_t y_stride) {
  const auto copy = [&](index_t w, index_t elements) {
    std::memcpy(y + w * y_stride, x + w * x_stride, static_cast<std::size_t>(elements) * sizeof(T));
  };
  if (C == 3 && y_stride == 3 && std::abs(x_stride) >= 3 && pixels > 0) {
    // Four elements move at once; the fourth is overwritten by the next pixel. Some pixel of the row lies beyond all
    // but the first or the last one, so nothing is read outside.
    copy(0, 3);
    for (index_t w = 1; w < pixels - 1; ++w) copy(w, 4);
    copy(pixels - 1, 3);
  } else {
    for (index_t w = 0; w < pixels; ++w) copy(w, C);
  }
}

/// Pixels from (h0, w0) on, `rows` times `columns` of them.
template <class T, class Channels>
void copy_block(isa set, view<const T> x, index_t n, index_t h0, index_t w0, index_t rows, index_t columns,
                Channels channels, view<T> y) {
  index_t rows_done = 0, columns_done = 0;
  if constexpr (std::is_same_v<T, std::uint8_t>)
    if (channels == 3 && x.row_stride() == 3 && y.pixel_stride() == 3) {
      // Four pixels are moved by 16 bytes, so two more must follow, which are written later.
      const auto in_fours = [](index_t count, index_t left) {
        return std::max<index_t>(std::min(count, left - 2), 0) / 4 * 4;
      };
      rows_done = in_fours(rows, x.extents().h - h0);
      columns_done = in_fours(columns, x.extents().w - w0);
      [&] {
        LAMINA_DISPATCH(set, transpose_colours(x.pixel(n, h0, w0), x.pixel_stride(), rows_done, columns_done,
                                               y.pixel(n, h0, w0), y.row_stride()));
      }();
    }
  for (index_t i = 0; i < rows; ++i) {
    const index_t h = h0 + i, done = i < rows_done ? columns_done : 0;
    copy_row(x.pixel(n, h, w0 + done), x.pixel_stride(), columns - done, channels, y.pixel(n, h, w0 + done),
             y.pixel_stride());
  }
}

/// Rows that are the same but for their direction. Returns false where they are not, or pixels are too large to gain.
template <class T>
bool reverse_rows(isa set, view<const T> x, index_t n, index_t begin, index_t end, view<T> y) {
  const index_t W = x.extents().w, C = x.extents().c;
  if (x.pixel_stride() != -C || y.pixel_stride() != C) return false;
  const auto reverse = [&](auto bytes) {
    for (index_t h = begin; h < end; ++h)
      [&] {
        const auto* from = reinterpret_cast<const std::uint8_t*>(x.pixel(n, h, W - 1));
        auto* to = reinterpret_cast<std::uint8_t*>(y.pixel(n, h, 0));
        LAMINA_DISPATCH(set, reverse_pixels<bytes>(from, W, to));
      }();
    return true;
  };
  switch (C * static_cast<index_t>(sizeof(T))) {
    case 1: return reverse(fixed<1>{});
    case 2: return reverse(fixed<2>{});
    case 3: return reverse(fixed<3>{});
    case 4: return reverse(fixed<4>{});
    case 6: return reverse(fixed<6>{});
    case 8: return reverse(fixed<8>{});
    default: return false;
  }
}

}  // namespace detail

/// y = x, whatever their strides.
///   x, y  [N,H,W,C], no element in common
/// Writes y. Throws `error` when the shapes differ.
template <class T>
void copy_pixels(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  require(x.extents() == y.extents(), "copy_pixels: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  const index_t W = x.extents().w, C = x.extents().c;
  if (x.row_stride() == -C) {  // columns that are read upwards: the same pixels from the last row on
    x = flip_up_down(x);
    y = flip_up_down(y);
  }
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    if (detail::rows_are_dense(x, y)) {
      for (index_t h = begin; h < end; ++h) std::copy_n(x.pixel(n, h, 0), W * C, y.pixel(n, h, 0));
      return;
    }
    if (detail::reverse_rows<T>(ctx.isa(), x, n, begin, end, y)) return;
    constexpr index_t block = 32;  // of rows and columns, so that a transposition stays in cache
    detail::with_fixed_channels(C, [&](auto channels) {
      for (index_t h0 = begin; h0 < end; h0 += block)
        for (index_t w0 = 0; w0 < W; w0 += block)
          detail::copy_block(ctx.isa(), x, n, h0, w0, std::min(end - h0, block), std::min(W - w0, block), channels, y);
    });
  });
}
/// The same on the calling thread, with a context of its own.
template <class T>
void copy_pixels(std::type_identity_t<view<const T>> x, view<T> y) {
  cpu_context here;
  copy_pixels(here, x, y);
}

/// The elements of x in a tensor of their own.
template <class T>
tensor<std::remove_const_t<T>> copy_of(view<T> x) {
  tensor<std::remove_const_t<T>> y(x.extents(), uninitialized);
  copy_pixels(x, y.view());
  return y;
}

}  // namespace lamina
