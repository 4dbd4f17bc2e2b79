// lamina::image · SPDX-License-Identifier: Apache-2.0
// How the functions on pictures share out their rows and unroll their channels.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace lamina::detail {

/// A number that loops unroll by.
template <index_t Value>
using fixed = std::integral_constant<index_t, Value>;

/// Calls body(fixed) for the usual numbers of channels, so that loops over them unroll; else body(C).
template <class Body>
void with_fixed_channels(index_t channels, Body&& body) {
  switch (channels) {
    case 1: return body(fixed<1>{});
    case 3: return body(fixed<3>{});
    case 4: return body(fixed<4>{});
    default: return body(channels);
  }
}

/// Calls body(n, begin, end) for pieces of the rows of every image of y: always the same ones.
template <class Body>
void for_each_rows(cpu_context& ctx, const shape& y, index_t rows_per_piece, Body&& body) {
  const index_t pieces = ceil_div(y.h, rows_per_piece);
  ctx.workers().run(y.n * pieces, [&](index_t piece, int) {
    const index_t begin = piece % pieces * rows_per_piece;
    body(piece / pieces, begin, std::min(begin + rows_per_piece, y.h));
  });
}
template <class Body>
void for_each_rows(cpu_context& ctx, const shape& y, Body&& body) {
  for_each_rows(ctx, y, 64, body);
}

/// Whether the pixels of each row of both follow each other without gaps.
template <class T, class U>
bool rows_are_dense(view<T> x, view<U> y) {
  return x.pixel_stride() == x.extents().c && y.pixel_stride() == y.extents().c;
}

/// Calls body(from, to, count) for runs of elements that together cover x and y, whose rows are dense; each run begins
/// with a pixel's first channel.
template <class T, class U, class Body>
void for_each_dense_run(cpu_context& ctx, std::string_view op, view<T> x, view<U> y, Body&& body) {
  require(x.extents() == y.extents(), op, ": x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
  const index_t row = x.extents().w * x.extents().c;
  for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    if (x.row_stride() == row && y.row_stride() == row)
      return body(x.pixel(n, begin, 0), y.pixel(n, begin, 0), (end - begin) * row);
    for (index_t h = begin; h < end; ++h) body(x.pixel(n, h, 0), y.pixel(n, h, 0), row);
  });
}

/// The W·C elements at `from`, as row h of image n of y.
template <class T>
void write_row(const T* from, index_t n, index_t h, view<T> y) {
  const index_t W = y.extents().w, C = y.extents().c;
  if (y.pixel_stride() == C) {
    std::copy_n(from, W * C, y.pixel(n, h, 0));
  } else {
    for (index_t w = 0; w < W; ++w) std::copy_n(from + w * C, C, y.pixel(n, h, w));
  }
}

}  // namespace lamina::detail
