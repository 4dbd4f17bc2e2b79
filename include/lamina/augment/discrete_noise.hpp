// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Noise of whole numbers on bytes: v + k. A byte is a whole number, so the sum with real noise x, rounded, is the sum
// with x rounded: one method serves every distribution.
#pragma once

#include <lamina/core/view.hpp>
#include <lamina/simd/integer.hpp>
#include <lamina/simd/philox.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/add_to_bytes.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::augment {

/// A distribution of whole numbers, by inversion of its cumulative distribution: 2³² equal cells, each with its number.
class discrete_noise {
 public:
  /// Numbers lowest … highest, those beyond counted to the ends; at most 512 of them.
  ///   cdf(k)  P(K ≤ k), for lowest ≤ k < highest
  template <class Cdf>
  discrete_noise(int lowest, int highest, Cdf&& cdf) : lowest_(lowest) {
    std::uint64_t last = 0;
    for (int k = lowest; k < highest; ++k) {
      const double cells = std::nearbyint(std::clamp(static_cast<double>(cdf(k)), 0.0, 1.0) * 0x1p32);
      last = std::max(last, static_cast<std::uint64_t>(cells));  // rounding must not make it fall
      if (last == std::uint64_t{1} << 32) break;
      ends_.push_back(static_cast<std::uint32_t>(last));
    }
  }

  /// The number of a cell.
  int operator()(std::uint32_t cell) const {
    return lowest_ + static_cast<int>(std::upper_bound(ends_.begin(), ends_.end(), cell) - ends_.begin());
  }

  /// A table of the cells' upper 16 bits: the number that all cells with these bits have, plus `zero`; where the lower
  /// bits decide, `undecided`.
  static constexpr std::int16_t zero = 256, undecided = 0x4000;
  static constexpr index_t table_size = index_t{1} << 16;
  void fill_table(std::int16_t* table) const {
    index_t filled = 0;
    int k = lowest_ + zero;
    for (const std::uint32_t end : ends_) {
      const auto whole = static_cast<index_t>(end >> 16);
      if (whole >= filled) {
        std::fill(table + filled, table + whole, static_cast<std::int16_t>(k));
        filled = whole;
        if ((end & 0xffff) != 0) table[filled++] = undecided;
      }
      ++k;
    }
    std::fill(table + filled, table + table_size, static_cast<std::int16_t>(k));
  }

 private:
  int lowest_;
  std::vector<std::uint32_t> ends_;  // ends_[i]: the first cell of a number above lowest + i
};

/// P(K ≤ k) of Poisson's distribution, for k = 0, 1, 2, … in turn. λ ≥ 0. By logarithms, as exp(−λ) can be 0.
class poisson_cdf {
 public:
  explicit poisson_cdf(double lambda) : log_lambda_(std::log(lambda)), log_probability_(-lambda) {}
  double operator()(int k) {
    if (k > 0) log_probability_ += log_lambda_ - std::log(k);
    return sum_ += std::exp(log_probability_);
  }

 private:
  double log_lambda_, log_probability_, sum_ = 0;
};

/// x = x + k − offset, saturated; 0 ≤ k.
inline void add_to_bytes(isa set, const std::int16_t* k, std::int16_t offset, index_t count, std::uint8_t* x) {
  LAMINA_DISPATCH(set, add_to_bytes(k, offset, count, x));
}

/// x = x + k, saturated, with a k of its own for each element. Element i takes 16 bits of word i/2 of one run of
/// blocks, the lower half first, and where those don't decide, the same bits of a second run.
///   x  without gaps
inline void add_noise(cpu_context& ctx, random_stream& random, const discrete_noise& noise, view<std::uint8_t> x) {
  const index_t blocks = ceil_div(x.size(), 8);
  const auto upper = random.take_blocks(static_cast<std::uint32_t>(blocks));
  const auto lower = random.take_blocks(static_cast<std::uint32_t>(blocks));
  auto scratch = ctx.scratch().open();
  auto* const table = scratch.take<std::int16_t>(discrete_noise::table_size);
  noise.fill_table(table);
  const auto decide = [&](index_t element, std::uint32_t bits) {
    const auto block = lower[static_cast<std::uint32_t>(element / 8)];
    const std::uint32_t word = block[static_cast<std::size_t>(element / 2 % 4)];
    return static_cast<std::int16_t>(noise(bits << 16 | (element % 2 == 0 ? word & 0xffff : word >> 16)) +
                                     discrete_noise::zero);
  };
  for_each_piece_of_blocks(ctx, upper, blocks, [&](index_t first, std::span<const std::uint32_t> words) {
    const index_t begin = 8 * first, count = std::min(2 * static_cast<index_t>(words.size()), x.size() - begin);
    constexpr index_t words_at_once = 16;  // few enough that seldom one of them needs the lower bits
    alignas(alignment) std::array<std::int16_t, 2 * words_at_once> k;
    for (index_t word = 0; 2 * word < count; word += words_at_once) {
      const std::uint32_t* const w = words.data() + word;
      const index_t here = std::min(words_at_once, static_cast<index_t>(words.size()) - word);
      int any = 0;
      for (index_t i = 0; i < here; ++i) {
        const std::int16_t even = table[w[i] & 0xffff], odd = table[w[i] >> 16];
        k[static_cast<std::size_t>(2 * i)] = even;
        k[static_cast<std::size_t>(2 * i + 1)] = odd;
        any |= even | odd;
      }
      if ((any & discrete_noise::undecided) != 0) [[unlikely]]
        for (index_t i = 0; i < 2 * here; ++i)
          if (std::int16_t& n = k[static_cast<std::size_t>(i)]; n == discrete_noise::undecided)
            n = decide(begin + 2 * word + i, i % 2 == 0 ? w[i / 2] & 0xffff : w[i / 2] >> 16);
      add_to_bytes(ctx.isa(), k.data(), discrete_noise::zero, std::min(2 * here, count - 2 * word),
                   x.data() + begin + 2 * word);
    }
  });
}

}  // namespace lamina::augment
