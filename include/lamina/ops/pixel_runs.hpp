// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What ops share whose arithmetic differs from channel to channel: pixels are divided among threads, channels are not.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>

namespace lamina {

/// Calls body(extents, run of each operand…) for runs that together cover the pixels [begin, end) of the operands,
/// which have the same N, H, W. Pixels are counted along rows, then images.
template <class Body, class T, class... Ts>
void for_each_run_within(index_t begin, index_t end, Body&& body, view<T> first, view<Ts>... rest) {
  const auto [N, H, W, C] = first.extents();
  if (first.pixels_are_evenly_spaced() && (rest.pixels_are_evenly_spaced() && ...)) {
    body(run_extents{end - begin, C}, pixel_run<T>{first.data() + begin * first.pixel_stride(), first.pixel_stride()},
         pixel_run<Ts>{rest.data() + begin * rest.pixel_stride(), rest.pixel_stride()}...);
    return;
  }
  while (begin < end) {
    const index_t row = begin / W, w = begin % W, pixels = std::min(W - w, end - begin);
    body(run_extents{pixels, C}, pixel_run<T>{first.pixel(row / H, row % H, w), first.pixel_stride()},
         pixel_run<Ts>{rest.pixel(row / H, row % H, w), rest.pixel_stride()}...);
    begin += pixels;
  }
}

/// The same for all pixels of the operands, in parallel, and always cut at the same places.
template <class Body, class T, class... Ts>
void for_each_pixel_run(cpu_context& ctx, Body&& body, view<T> first, view<Ts>... rest) {
  constexpr index_t elements_per_piece = 16 * 1024;  // about what is worth waking a thread for
  if (first.size() == 0) return;
  const index_t pixels_per_piece = ceil_div(elements_per_piece, first.extents().c);
  parallel_for(ctx.workers(), first.extents().pixels(), pixels_per_piece,
               [&](index_t begin, index_t end) { for_each_run_within(begin, end, body, first, rest...); });
}

/// Rows to give a thread at once where a row of `extents` is a unit of work.
inline index_t rows_per_piece(shape extents) {
  constexpr index_t elements_per_piece = 16 * 1024;
  return std::max<index_t>(1, elements_per_piece / std::max<index_t>(1, extents.w * extents.c));
}

}  // namespace lamina
