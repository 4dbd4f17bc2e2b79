// SPDX-License-Identifier: Apache-2.0
// Statistics over fixed seeds: each bound is five standard deviations of what is measured, or more.
#include "../support/augmentation.hpp"

#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <vector>

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

/// Noise that is added to bytes, and the chance of each whole number.
struct added_noise {
  std::string name;
  augmentation op;
  std::function<double(int)> chance;  // of −128 … 127
};
/// Of noise that is rounded; `below` is its cumulative distribution. What lies beyond counts to the ends.
template <class Below>
std::function<double(int)> rounded(Below below) {
  return [below](int k) { return (k == 127 ? 1 : below(k + 0.5)) - (k == -128 ? 0 : below(k - 0.5)); };
}
double laplace_below(double s, double x) { return x < 0 ? std::exp(x / s) / 2 : 1 - std::exp(-x / s) / 2; }
std::vector<added_noise> added_noises() {
  std::vector<added_noise> noises;
  for (const float lambda : {0.3f, 2.0f, 5.0f, 10.0f, 47.0f})
    noises.push_back({"Poisson " + text_of(lambda), additive_poisson_noise{{lambda, lambda}},
                      [l = double{lambda}](int k) {
                        return k < 0 ? 0 : std::exp(k * std::log(l) - l - std::lgamma(k + 1.0));
                      }});
  for (const float s : {0.2f, 1.0f, 7.5f, 20.0f})
    noises.push_back({"Laplace " + text_of(s), additive_laplace_noise{{s, s}},
                      rounded([s](double x) { return laplace_below(s, x); })});
  for (const float s : {0.4f, 3.0f, 20.0f})
    noises.push_back({"Gauss " + text_of(s), gaussian_noise{{s, s}},
                      rounded([s](double x) { return std::erfc(-x / (s * std::numbers::sqrt2)) / 2; })});
  return noises;
}
/// Σ f(k) · chance(k).
template <class F>
double expectation(const added_noise& noise, F&& f) {
  double sum = 0;
  for (int k = -128; k < 128; ++k) sum += f(k) * noise.chance(k);
  return sum;
}
moments moments_of(const added_noise& noise) {
  const double mean = expectation(noise, [](int k) { return k; });
  return {mean, expectation(noise, [mean](int k) { return (k - mean) * (k - mean); })};
}

/// Pearson's statistic of the counts of what a noise added to bytes of 128, less its degrees of freedom, in its own
/// standard deviations. Numbers that are expected less than 10 times are counted with their neighbours.
double chi_square(const tensor<std::uint8_t>& y, const added_noise& noise) {
  std::map<int, double> counts;
  for (const std::uint8_t v : y) ++counts[v - 128];
  const auto n = static_cast<double>(y.size());
  double statistic = 0, expected = 0, met = 0, freedom = -1;
  for (int k = -128; k < 128; ++k) {
    expected += n * noise.chance(k);
    met += counts[k];
    if (expected < 10) continue;
    statistic += (met - expected) * (met - expected) / expected;
    ++freedom;
    expected = met = 0;
  }
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

}  // namespace

TEST_CASE("noise: each has its distribution, channel by channel") {
  for (const added_noise& noise : added_noises()) {
    CAPTURE(noise.name);
    const moments expected = moments_of(noise);
    const double variance = expected.variance;
    const double fourth = expectation(noise, [&](int k) { return std::pow(k - expected.mean, 4); });
    const auto y = augmented_bytes(noise.op, flat(128), 11);
    CHECK(chi_square(y, noise) < 5);
    for (index_t c = 0; c < 3; ++c) {
      const auto m = moments_of<std::uint8_t>(y.view().channels(c, 1), 128);
      const double n = 256 * 256;
      CHECK(std::abs(m.mean - expected.mean) < 5 * std::sqrt(variance / n));
      CHECK(std::abs(m.variance - variance) < 5 * std::sqrt((fourth - variance * variance) / n));
    }
  }
}

TEST_CASE("noise: neighbours, channels and seeds are independent") {
  for (const added_noise& noise : added_noises()) {
    CAPTURE(noise.name);
    const moments expected = moments_of(noise);
    const auto x = flat(128), y = augmented_bytes(noise.op, x, 13), other = augmented_bytes(noise.op, x, 14);
    const auto correlation = [&](const tensor<std::uint8_t>& z, index_t shift) {
      const double mean = 128 + expected.mean;
      double sum = 0;
      for (index_t i = 0; i + shift < y.size(); ++i) sum += (y[i] - mean) * (z[i + shift] - mean) / expected.variance;
      return sum / std::sqrt(static_cast<double>(y.size()));  // normal of variance 1
    };
    for (const index_t shift : {1, 2, 3, 4, 6, 7, 8, 9, 16, 24, 768, 4096, 8192}) {
      CAPTURE(shift);
      CHECK(std::abs(correlation(y, shift)) < 5);
    }
    CHECK(std::abs(correlation(other, 0)) < 5);
    // All three channels of a pixel change alike as often as chance has it.
    const double alike = expectation(noise, [&](int k) { return noise.chance(k) * noise.chance(k); });
    double met = 0;
    for (index_t i = 0; i < y.size(); i += 3) met += y[i] == y[i + 1] && y[i] == y[i + 2];
    const double count = 256 * 256;
    CHECK(std::abs(met / count - alike) < 5 * std::sqrt(alike * (1 - alike) / count));
  }
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
  const augmentation even[] = {additive_laplace_noise{{10, 10}}, gaussian_noise{{10, 10}}};
  for (const augmentation& op : even)
    for (const int end : {0, 255}) {
      const auto y = augmented_bytes(op, flat(static_cast<std::uint8_t>(end), 64));
      CHECK(std::abs(std::count(y.begin(), y.end(), end) - y.size() / 2) < y.size() / 20);  // half of the noise is lost
      CHECK(std::all_of(y.begin(), y.end(), [end](int v) { return std::abs(v - end) < 128; }));
    }
  CHECK(same_bits<std::uint8_t>(augmented_bytes(additive_poisson_noise{{0, 0}}, x).view(), x.view()));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(additive_laplace_noise{{0, 0}}, x).view(), x.view()));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(gaussian_noise{{0, 0}}, x).view(), x.view()));
}

TEST_CASE("noise: on floats, channel by channel") {
  struct expected {
    augmentation op;
    double mean, variance, fourth;  // moments, the latter two about the mean
  };
  const double n = 256 * 256;
  for (const expected& e : {expected{additive_poisson_noise{{3, 3}}, 3, 3, 3 + 3 * 9},
                            expected{additive_laplace_noise{{0.5f, 0.5f}}, 0, 2 * 0.25, 24 * 0.0625},
                            expected{gaussian_noise{{2, 2}}, 0, 4, 3 * 16}}) {
    CAPTURE(*e.op.line());
    const auto y = augmented_floats(sequential{augment::to_float{255}, e.op}, flat(51));
    for (index_t c = 0; c < 3; ++c) {
      const auto m = moments_of<float>(y.view().channels(c, 1), 0.2);
      CHECK(std::abs(m.mean - e.mean) < 5 * std::sqrt(e.variance / n));
      CHECK(std::abs(m.variance - e.variance) < 5 * std::sqrt((e.fourth - e.variance * e.variance) / n));
    }
  }
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
