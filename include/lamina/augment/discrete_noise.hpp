// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Noise of whole numbers on bytes: v + k. A byte is a whole number, so the sum with real noise x, rounded, is the sum
// with x rounded: one method serves every distribution.
#pragma once

#include <lamina/core/view.hpp>
#include <lamina/simd/philox.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

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

  /// Marks, in a table of the cells' upper 16 bits, where the lower ones decide.
  static constexpr std::int16_t undecided = INT16_MIN;
  static constexpr index_t table_size = index_t{1} << 16;
  /// table[h] = the number of all cells with these upper bits, or `undecided`.
  void fill_table(std::int16_t* table) const {
    index_t filled = 0;
    int k = lowest_;
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
  const auto half = [](std::uint32_t word, index_t i) { return (word >> (16 * (i & 1))) & 0xffffu; };
  for_each_piece_of_blocks(ctx, upper, blocks, [&](index_t first, std::span<const std::uint32_t> words) {
    const index_t begin = 8 * first, count = std::min(2 * static_cast<index_t>(words.size()), x.size() - begin);
    std::uint8_t* const to = x.data() + begin;
    for (index_t i = 0; i < count; ++i) {
      const std::uint32_t bits = half(words[static_cast<std::size_t>(i / 2)], i);
      int k = table[bits];
      if (k == discrete_noise::undecided) [[unlikely]] {
        const index_t element = begin + i;
        const auto block = lower[static_cast<std::uint32_t>(element / 8)];
        k = noise(bits << 16 | half(block[static_cast<std::size_t>(element / 2 % 4)], element));
      }
      to[i] = static_cast<std::uint8_t>(std::clamp(to[i] + k, 0, 255));
    }
  });
}

}  // namespace lamina::augment
