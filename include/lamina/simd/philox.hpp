// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Random numbers by the hundred thousand: the same as random_stream's, several blocks at a time.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/random.hpp>
#include <lamina/simd/words.hpp>

#include <algorithm>
#include <array>
#include <span>

#define LAMINA_KERNEL <lamina/simd/philox.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// words[4·i … 4·i + 3] = from[i] for `count` blocks.
inline void make_blocks(isa set, const random_stream::blocks& from, index_t count, std::uint32_t* words) {
  LAMINA_DISPATCH(set, philox_blocks(from, count, words));
}

/// Calls body(first, words) for pieces of `count` blocks, always the same ones: words[0 … 4·blocks − 1] are those of
/// the blocks from `first` on.
template <class Body>
void for_each_piece_of_blocks(cpu_context& ctx, const random_stream::blocks& from, index_t count, Body&& body) {
  constexpr index_t blocks_per_piece = 256;  // 4 KiB of numbers, which stay in the first-level cache
  parallel_for(ctx.workers(), count, 16 * blocks_per_piece, [&](index_t begin, index_t end) {
    alignas(alignment) std::array<std::uint32_t, 4 * blocks_per_piece> words;
    for (index_t first = begin; first < end; first += blocks_per_piece) {
      random_stream::blocks piece = from;
      piece.counter[0] += static_cast<std::uint32_t>(first);
      const index_t blocks = std::min(blocks_per_piece, end - first);
      make_blocks(ctx.isa(), piece, blocks, words.data());
      body(first, std::span<const std::uint32_t>(words.data(), static_cast<std::size_t>(4 * blocks)));
    }
  });
}

/// x = numbers uniform on [low, high), in the order of its elements.
///   x  without gaps
inline void fill_uniform(cpu_context& ctx, random_stream& random, float low, float high, view<float> x) {
  const index_t blocks = ceil_div(x.size(), 4);
  const auto from = random.take_blocks(static_cast<std::uint32_t>(blocks));
  for_each_piece_of_blocks(ctx, from, blocks, [&](index_t first, std::span<const std::uint32_t> words) {
    float* to = x.data() + 4 * first;
    const index_t count = std::min(static_cast<index_t>(words.size()), x.size() - 4 * first);
    for (index_t i = 0; i < count; ++i)
      to[i] = low + (high - low) * (static_cast<float>(words[static_cast<std::size_t>(i)] >> 8) * 0x1p-24f);
  });
}

}  // namespace lamina
