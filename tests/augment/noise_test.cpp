// SPDX-License-Identifier: Apache-2.0
// Statistics over fixed seeds: each bound is five standard deviations of what is measured, or more.
#include "../support/augmentation.hpp"

#include <map>

using namespace lamina;
using namespace lamina::testing;
using namespace lamina::augment;

namespace {

struct moments {
  double mean, variance;
};
template <class T>
moments moments_of(view<const T> x, double offset) {
  double sum = 0, squares = 0;
  const auto [N, H, W, C] = x.extents();
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      for (index_t c = 0; c < C; ++c) {
        const double v = static_cast<double>(x(0, h, w, c)) - offset;
        sum += v;
        squares += v * v;
      }
  const auto n = static_cast<double>(x.size());
  return {sum / n, squares / n - sum / n * (sum / n)};
}

tensor<std::uint8_t> flat(std::uint8_t value, index_t side = 256) {
  tensor<std::uint8_t> x({1, side, side, 3});
  x.fill(value);
  return x;
}

/// Pearson's statistic of the values' counts, less its degrees of freedom, in its own standard deviations. Values of
/// fewer than 10 expected are counted with their neighbours.
///   probability(k)  of value offset + k
template <class Probability>
double chi_square(const tensor<std::uint8_t>& y, int offset, int lowest, int highest, Probability&& probability) {
  std::map<int, double> counts;
  for (const std::uint8_t v : y) ++counts[static_cast<int>(v) - offset];
  const auto n = static_cast<double>(y.size());
  double statistic = 0, expected = 0, met = 0, freedom = -1;
  for (int k = lowest; k <= highest; ++k) {
    expected += n * probability(k);
    met += counts[k];
    if (expected < 10) continue;
    statistic += (met - expected) * (met - expected) / expected;
    ++freedom;
    expected = met = 0;
  }
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

double poisson(double lambda, int k) { return std::exp(k * std::log(lambda) - lambda - std::lgamma(k + 1.0)); }
double laplace_below(double s, double x) { return x < 0 ? std::exp(x / s) / 2 : 1 - std::exp(-x / s) / 2; }

}  // namespace

TEST_CASE("noise: Poisson counts have their distribution, channel by channel") {
  for (const float lambda : {0.3f, 2.0f, 5.0f, 10.0f, 47.0f}) {
    CAPTURE(lambda);
    const auto x = flat(60), y = augmented_bytes(additive_poisson_noise{{lambda, lambda}}, x, 11);
    CHECK(chi_square(y, 60, 0, 195, [&](int k) { return poisson(lambda, k); }) < 5);
    for (index_t c = 0; c < 3; ++c) {
      const auto m = moments_of<std::uint8_t>(y.view().channels(c, 1), 60);
      const double n = 256 * 256, l = lambda;
      CHECK(std::abs(m.mean - l) < 5 * std::sqrt(l / n));
      CHECK(std::abs(m.variance - l) < 5 * std::sqrt((2 * l * l + l) / n));
    }
  }
}

TEST_CASE("noise: Laplace noise has its distribution, rounded to whole numbers") {
  for (const float s : {0.2f, 1.0f, 7.5f, 20.0f}) {
    CAPTURE(s);
    const auto x = flat(128), y = augmented_bytes(additive_laplace_noise{{s, s}}, x, 12);
    const auto chance = [&](int k) {
      const double low = k == -128 ? 0 : laplace_below(s, k - 0.5), high = k == 127 ? 1 : laplace_below(s, k + 0.5);
      return high - low;
    };
    CHECK(chi_square(y, 128, -128, 127, chance) < 5);
    double variance = 0, fourth = 0;
    for (int k = -128; k < 128; ++k) {
      variance += chance(k) * k * k;
      fourth += chance(k) * k * k * k * k;
    }
    for (index_t c = 0; c < 3; ++c) {
      const auto m = moments_of<std::uint8_t>(y.view().channels(c, 1), 128);
      const double n = 256 * 256;
      CHECK(std::abs(m.mean) < 5 * std::sqrt(variance / n));
      CHECK(std::abs(m.variance - variance) < 5 * std::sqrt((fourth - variance * variance) / n));
    }
  }
}

TEST_CASE("noise: neighbours, channels and seeds are independent") {
  const auto x = flat(100), y = augmented_bytes(additive_poisson_noise{{8, 8}}, x, 13);
  const auto other = augmented_bytes(additive_poisson_noise{{8, 8}}, x, 14);
  const auto correlation = [&](const tensor<std::uint8_t>& z, index_t shift) {
    double sum = 0;
    for (index_t i = 0; i + shift < y.size(); ++i)
      sum += (static_cast<double>(y[i]) - 108) * (static_cast<double>(z[i + shift]) - 108) / 8;
    return sum / std::sqrt(static_cast<double>(y.size()));  // normal of variance 1
  };
  for (const index_t shift : {1, 2, 3, 4, 6, 7, 8, 9, 16, 24, 768, 4096, 8192}) {
    CAPTURE(shift);
    CHECK(std::abs(correlation(y, shift)) < 5);
  }
  CHECK(std::abs(correlation(other, 0)) < 5);
}

TEST_CASE("noise: the drawn parameter is uniform, and the sum saturates") {
  double sum = 0;
  const auto x = flat(100, 32);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto y = augmented_bytes(additive_poisson_noise{{0, 10}}, x, seed);
    sum += moments_of<std::uint8_t>(y.view(), 100).mean;
  }
  CHECK(std::abs(sum / 400 - 5) < 5 * std::sqrt(100.0 / 12 / 400));
  const auto high = augmented_bytes(additive_poisson_noise{{20, 20}}, flat(250));
  CHECK(values_of(high).size() <= 6);
  CHECK(high[0] >= 250);
  CHECK(values_of(augmented_bytes(additive_poisson_noise{{1e6f, 1e6f}}, x)) == std::set<std::uint8_t>{255});
  const auto low = augmented_bytes(additive_laplace_noise{{30, 30}}, flat(1));
  CHECK(*std::min_element(low.begin(), low.end()) == 0);
  CHECK(same_bits<std::uint8_t>(augmented_bytes(additive_poisson_noise{{0, 0}}, x).view(), x.view()));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(additive_laplace_noise{{0, 0}}, x).view(), x.view()));
}

TEST_CASE("noise: on floats") {
  const auto x = flat(51);
  const double n = static_cast<double>(x.size());
  const auto p = augmented_floats(sequential{augment::to_float{255}, additive_poisson_noise{{3, 3}}}, x);
  const auto m = moments_of<float>(p.view(), 0.2);
  CHECK(std::abs(m.mean - 3) < 5 * std::sqrt(3 / n));
  CHECK(std::abs(m.variance - 3) < 5 * std::sqrt(21 / n));
  const auto l = augmented_floats(sequential{augment::to_float{255}, additive_laplace_noise{{0.5f, 0.5f}}}, x);
  const auto k = moments_of<float>(l.view(), 0.2);
  CHECK(std::abs(k.mean) < 5 * std::sqrt(0.5 / n));
  CHECK(std::abs(k.variance - 0.5) < 5 * std::sqrt(1.25 / n));  // the fourth moment is 24 s⁴
}

TEST_CASE("noise: the table of upper bits and the search agree for every cell") {
  const discrete_noise noises[] = {discrete_noise(0, 255, poisson_cdf(0.01)), discrete_noise(0, 255, poisson_cdf(6.5)),
                                   discrete_noise(0, 255, poisson_cdf(900)),
                                   discrete_noise(-255, 255, [](int k) { return laplace_below(40, k + 0.5); })};
  std::vector<std::int16_t> table(discrete_noise::table_size);
  for (const discrete_noise& noise : noises) {
    noise.fill_table(table.data());
    index_t undecided = 0;
    for (std::uint32_t h = 0; h < 65536; ++h) {
      const int first = noise(h << 16), last = noise(h << 16 | 0xffff);
      const bool decided = table[h] != discrete_noise::undecided;
      undecided += !decided;
      const int told = table[h] - discrete_noise::zero;
      if (decided ? (first != told || last != told) : first == last) {
        FAIL_CHECK("cell ", h, ": ", first, " … ", last, ", table ", told);
        break;
      }
    }
    CHECK(undecided <= 511);
  }
}

TEST_CASE("noise: blocks of random words are the stream's, on every instruction set") {
  for_each_isa([](cpu_context& ctx) {
    for (const index_t count : {1, 3, 4, 8, 15, 16, 17, 100, 5000}) {
      CAPTURE(count);
      random_stream stream({.seed = 0x123456789abcdefu, .purpose = random_purpose::augment, .epoch = 7, .sample = 9});
      stream();
      stream();  // blocks begin anew
      random_stream behind = stream;
      const auto from = behind.take_blocks(static_cast<std::uint32_t>(count));
      std::vector<std::uint32_t> words(static_cast<std::size_t>(4 * count), 0);
      for_each_piece_of_blocks(ctx, from, count, [&](index_t first, std::span<const std::uint32_t> piece) {
        std::copy(piece.begin(), piece.end(), words.begin() + 4 * first);
      });
      stream();
      stream();
      index_t bad = 0;
      for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint32_t expected = stream();
        bad += words[i] != expected || words[i] != from[static_cast<std::uint32_t>(i / 4)][i % 4];
      }
      CHECK(bad == 0);
      CHECK(behind() == stream());
    }
  });
}
