// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/scalar.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace lamina {

/// Philox 4×32-10: a bijection of 128-bit counters under a 64-bit key, ten rounds of two 32×32→64 bit products.
/// Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3. SC 2011, doi:10.1145/2063384.2063405.
LAMINA_HOST_DEVICE inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                              std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// What a stream is for. Streams of different purposes never share a number.
enum class random_purpose : std::uint8_t {
  initialise,
  shuffle,
  augment,
  synthetic,
  test,
  bootstrap,
  dropout,
  mix,
  report
};

/// A random stream that is a pure function of where it stands: (seed, purpose, epoch, sample, position) and the number
/// of draws so far. No state outlives it, so any thread may make the same stream and read the same numbers.
class random_stream {
 public:
  struct place {
    std::uint64_t seed = 0;
    random_purpose purpose = random_purpose::test;
    std::uint32_t epoch = 0, sample = 0;
    std::uint32_t position = 0;  // below 2^24: the step of a recipe, the number of a parameter

    /// The Philox counter of draws 4·block … 4·block + 3. The key is the seed's low half, then its high one.
    constexpr std::array<std::uint32_t, 4> counter(std::uint32_t block) const {
      return {block, sample, epoch, static_cast<std::uint32_t>(purpose) << 24 | position};
    }
  };
  using result_type = std::uint32_t;

  explicit random_stream(place where) : place_(where) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xFFFFFFFFu; }

  /// 32 random bits.
  result_type operator()() {
    if (left_ == 0) {
      block_ = philox(place_.counter(drawn_++), key0(), key1());
      left_ = 4;
    }
    return block_[static_cast<std::size_t>(4 - left_--)];
  }
  /// Blocks of four numbers: block i is philox(counter with i added to its first word, key0, key1).
  struct blocks {
    std::array<std::uint32_t, 4> counter{};
    std::uint32_t key0 = 0, key1 = 0;

    std::array<std::uint32_t, 4> operator[](std::uint32_t i) const {
      return philox({counter[0] + i, counter[1], counter[2], counter[3]}, key0, key1);
    }
  };
  /// The next `count` whole blocks, to be made later, many at once or in any order. The stream goes on behind them.
  blocks take_blocks(std::uint32_t count) {
    left_ = 0;
    const std::uint32_t first = std::exchange(drawn_, drawn_ + count);
    return {place_.counter(first), key0(), key1()};
  }
  /// Uniform on [0, 1): a multiple of 2^-24, so exact in float.
  float uniform() { return static_cast<float>((*this)() >> 8) * 0x1p-24f; }
  /// Uniform on [a, b); a where the interval is empty.
  float uniform(float a, float b) {
    const float value = a + (b - a) * uniform();
    return value < b ? value : a;
  }
  /// Uniform on 0 … count − 1, without bias (Lemire 2019, arXiv:1805.10941). `count` > 0.
  std::uint32_t below(std::uint32_t count) {
    std::uint64_t product = static_cast<std::uint64_t>((*this)()) * count;
    for (const std::uint32_t threshold = (0u - count) % count; static_cast<std::uint32_t>(product) < threshold;)
      product = static_cast<std::uint64_t>((*this)()) * count;
    return static_cast<std::uint32_t>(product >> 32);
  }
  /// Standard normal by Box and Muller; two uniforms a number.
  float normal() {
    const double radius = std::sqrt(-2 * std::log(1.0 - uniform()));
    return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform()));
  }

 private:
  std::uint32_t key0() const { return static_cast<std::uint32_t>(place_.seed); }
  std::uint32_t key1() const { return static_cast<std::uint32_t>(place_.seed >> 32); }

  place place_;
  std::array<std::uint32_t, 4> block_{};
  std::uint32_t drawn_ = 0;
  int left_ = 0;
};

/// 0 … count − 1 in random order (Fisher and Yates).
inline std::vector<index_t> random_permutation(index_t count, random_stream stream) {
  std::vector<index_t> order(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<index_t>(i);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.below(static_cast<std::uint32_t>(i))]);
  return order;
}

}  // namespace lamina
