// lamina::image · SPDX-License-Identifier: Apache-2.0
// How filters walk over a picture: rows are extended beyond the edges, made once each, and kept while a window needs
// them.
#pragma once

#include <lamina/core/parallel.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>
#include <vector>

namespace lamina::detail {

/// A buffer of `count` elements, zero, and of as many more as let kernels read and write whole vectors, two at a time.
template <class E>
tensor<E> row_buffer(index_t count) {
  return tensor<E>(vector_shape(count + 64));
}

/// One image whose rows are extended by `before` pixels on the left and `after` on the right; a constant border is
/// `outside`.
template <class T>
class extended_rows {
 public:
  extended_rows(view<const T> image, border edges, index_t before, index_t after, T outside = {})
      : x_(image), edges_(edges), outside_(outside) {
    for (index_t p = -before; p < 0; ++p) before_.push_back(border_position(edges, p, x_.extents().w));
    for (index_t p = 0; p < after; ++p) after_.push_back(border_position(edges, x_.extents().w + p, x_.extents().w));
  }
  /// Elements of an extended row.
  index_t length() const {
    return (x_.extents().w + static_cast<index_t>(before_.size() + after_.size())) * x_.extents().c;
  }
  /// Row h, which may lie outside.
  void write(index_t h, T* to) const {
    const index_t row = border_position(edges_, h, x_.extents().h), W = x_.extents().w, C = x_.extents().c;
    if (row < 0) {
      std::fill_n(to, length(), outside_);
      return;
    }
    const T* from = x_.pixel(0, row, 0);
    with_fixed_channels(C, [&](auto channels) {
      const auto copy = [&](index_t column) {
        for (index_t c = 0; c < channels; ++c) *to++ = column < 0 ? outside_ : from[column * x_.pixel_stride() + c];
      };
      for (const index_t column : before_) copy(column);
      if (x_.pixel_stride() == C)
        to = std::copy_n(from, W * C, to);
      else
        for (index_t w = 0; w < W; ++w) copy(w);
      for (const index_t column : after_) copy(column);
    });
  }

 private:
  view<const T> x_;
  border edges_;
  T outside_;
  std::vector<index_t> before_, after_;  // the columns that stand for what lies outside
};

/// Calls use(h, window) for h in [begin, end), where window[i] points to row h − before + i, 0 ≤ i < rows. Each row is
/// made once, by make(row, to), in a buffer of `length` elements that has room for a vector more.
template <class E, class Make, class Use>
void for_each_window(index_t begin, index_t end, index_t rows, index_t before, index_t length, Make&& make, Use&& use) {
  const index_t stride = round_up(length, index_t{alignment}) + index_t{alignment};
  tensor<E> ring(vector_shape(rows * stride));
  std::vector<const E*> window(static_cast<std::size_t>(rows));
  const auto place = [&](index_t row) { return ring.data() + ((row % rows) + rows) % rows * stride; };
  index_t made = begin - before;
  for (index_t h = begin; h < end; ++h) {
    for (; made < h - before + rows; ++made) make(made, place(made));
    for (index_t i = 0; i < rows; ++i) window[static_cast<std::size_t>(i)] = place(h - before + i);
    use(h, window.data());
  }
}

}  // namespace lamina::detail
