// lamina::image · SPDX-License-Identifier: Apache-2.0
// A mask as bits and edges: what components and contours are found in, 64 pixels at a time.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>

#define LAMINA_KERNEL <lamina/kernels/mask_bits.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::detail {

/// One bit a pixel, set where the mask is ≥ 128, and one bit an *edge*: where a pixel and the one to its left differ.
/// A row's runs of inside pixels lie between its edges: from the first to the second, from the third to the fourth.
/// Every row of bits ends with a zero or more, above and below the mask lies a row of zeros, and before and behind all
/// of that a word of zeros, so that a pixel's neighbours may be read without a question. Edges have numbers in raster
/// order; `edges_before` tells for each word how many lie before it.
struct mask_bits {
  index_t height = 0, width = 0, row_words = 0;  // row_words: of 64 pixels, the last with a zero at least
  std::uint64_t *bits = nullptr, *edges = nullptr;
  std::int32_t* edges_before = nullptr;
  index_t edge_count = 0;

  /// The words of row h.
  const std::uint64_t* bits_of(index_t h) const { return bits + (h + 1) * row_words; }
  const std::uint64_t* edges_of(index_t h) const { return edges + (h + 1) * row_words; }

  /// Calls body(x) for the edges of row h from left to right.
  template <class Body>
  void for_each_edge(index_t h, Body&& body) const {
    const std::uint64_t* row = edges_of(h);
    for (index_t i = 0; i < row_words; ++i)
      for (std::uint64_t left = row[i]; left != 0; left &= left - 1)
        body(static_cast<std::int32_t>(64 * i + std::countr_zero(left)));
  }
};

inline void pack_top_bits(isa set, const std::uint8_t* bytes, index_t count, std::uint64_t* words) {
  LAMINA_DISPATCH(set, pack_top_bits(bytes, count, words));
}
inline std::int32_t find_edges(isa set, const std::uint64_t* bits, index_t count, std::int32_t before,
                               std::uint64_t* edges, std::int32_t* edges_before) {
  LAMINA_DISPATCH(set, find_edges(bits, count, before, edges, edges_before));
}

/// The bits and edges of a mask [1,H,W,1], in the memory of `scratch`. Throws `error` naming `op` on other shapes and
/// on more pixels than an int32 counts.
inline mask_bits bits_of_mask(cpu_context& ctx, arena::frame& scratch, std::string_view op,
                              view<const std::uint8_t> mask) {
  const auto [N, H, W, C] = mask.extents();
  require(N == 1 && C == 1, op, ": mask ", mask.extents(), " is not [1,H,W,1]");
  require(H * (W + 1) < std::numeric_limits<std::int32_t>::max(), op, ": mask ", mask.extents(),
          " has too many pixels for labels of 32 bits");
  mask_bits found{.height = H, .width = W, .row_words = W / 64 + 1};
  const index_t words = (H + 2) * found.row_words;
  found.bits = scratch.take<std::uint64_t>(words + 2) + 1;
  found.edges = scratch.take<std::uint64_t>(words);
  found.edges_before = scratch.take<std::int32_t>(words);
  std::fill_n(found.bits - 1, found.row_words + 1, std::uint64_t{0});
  std::fill_n(found.bits + (H + 1) * found.row_words, found.row_words + 1, std::uint64_t{0});

  std::uint8_t* dense = mask.pixel_stride() == 1 ? nullptr : scratch.take<std::uint8_t>(W);
  std::int32_t edges = 0;
  for (index_t h = 0; h < H; ++h) {
    const std::uint8_t* row = mask.pixel(0, h, 0);
    for (index_t w = 0; dense != nullptr && w < W; ++w) dense[w] = mask(0, h, w, 0);
    const index_t at = (h + 1) * found.row_words;
    pack_top_bits(ctx.isa(), dense != nullptr ? dense : row, W, found.bits + at);
    edges = find_edges(ctx.isa(), found.bits + at, found.row_words, edges, found.edges + at, found.edges_before + at);
  }
  found.edge_count = edges;
  return found;
}

}  // namespace lamina::detail
