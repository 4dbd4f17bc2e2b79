// lamina::image · SPDX-License-Identifier: Apache-2.0
// How the functions on pictures share out their rows and unroll their channels.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/shape.hpp>

#include <algorithm>
#include <type_traits>

namespace lamina::detail {

/// Calls body(std::integral_constant) for the usual numbers of channels, so that loops over them unroll; else body(C).
template <class Body>
void with_fixed_channels(index_t channels, Body&& body) {
  switch (channels) {
    case 1: return body(std::integral_constant<index_t, 1>{});
    case 3: return body(std::integral_constant<index_t, 3>{});
    case 4: return body(std::integral_constant<index_t, 4>{});
    default: return body(channels);
  }
}

/// Calls body(n, begin, end) for pieces of the rows of every image of y: always the same ones.
template <class Body>
void for_each_rows(cpu_context& ctx, const shape& y, Body&& body) {
  constexpr index_t rows_per_piece = 64;
  const index_t pieces = ceil_div(y.h, rows_per_piece);
  ctx.workers().run(y.n * pieces, [&](index_t piece, int) {
    const index_t begin = piece % pieces * rows_per_piece;
    body(piece / pieces, begin, std::min(begin + rows_per_piece, y.h));
  });
}

}  // namespace lamina::detail
