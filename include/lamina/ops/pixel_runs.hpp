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

/// Calls body(set, extents, run of each operand…) for all pixels of the operands, in parallel, and always cut at the
/// same places. The pixels fall into `sets` of equal size, such as images, and no run belongs to two of them.
template <class Body, class T, class... Ts>
void for_each_run_of_sets(cpu_context& ctx, index_t sets, Body&& body, view<T> first, view<Ts>... rest) {
  constexpr index_t elements_per_piece = 16 * 1024;  // about what is worth waking a thread for
  if (first.size() == 0) return;
  const index_t C = first.extents().c, pixels = first.extents().pixels() / sets;  // of a set
  const index_t pixels_per_piece = std::min(pixels, ceil_div(elements_per_piece, C));
  const index_t pieces = ceil_div(pixels, pixels_per_piece), grain = ceil_div(elements_per_piece, pixels_per_piece * C);
  parallel_for(ctx.workers(), sets * pieces, pieces == 1 ? grain : 1, [&](index_t begin, index_t end) {
    for (index_t piece = begin; piece < end; ++piece) {
      const index_t set = piece / pieces, from = piece % pieces * pixels_per_piece;
      for_each_run_within(
          set * pixels + from, set * pixels + std::min(from + pixels_per_piece, pixels),
          [&](run_extents extents, auto... runs) { body(set, extents, runs...); }, first, rest...);
    }
  });
}

/// Rows to give a thread at once where a row of `extents` is a unit of work.
inline index_t rows_per_piece(shape extents) {
  constexpr index_t elements_per_piece = 16 * 1024;
  return std::max<index_t>(1, elements_per_piece / std::max<index_t>(1, extents.w * extents.c));
}

}  // namespace lamina
