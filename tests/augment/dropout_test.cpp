// SPDX-License-Identifier: Apache-2.0
// Lost parts of a picture. Statistics are over fixed seeds: each bound is five standard deviations of what is measured.
#include "../support/augmentation.hpp"

#include <array>
#include <functional>

using namespace lamina;
using namespace lamina::testing;
using namespace lamina::augment;

namespace {

/// The share of elements that fulfil `which`.
template <class T, class Which>
double share(const tensor<T>& x, Which&& which) {
  return static_cast<double>(std::count_if(x.begin(), x.end(), which)) / static_cast<double>(x.size());
}

/// An augmentation with the parameter per_channel, at a probability of 0.3.
struct loss {
  std::string_view name;
  std::function<augmentation(float per_channel)> with;
  index_t unit;              // pixels that are lost together
  double lost_by_channel;    // the share of elements that are lost where each channel has its own chance
  double uneven_by_channel;  // the share of pixels there whose channels differ
};
std::vector<loss> losses() {
  constexpr float p = 0.3f;
  constexpr range chance{p, p}, side{0.0625f, 0.0625f};  // of 40 pixels: 2
  // A pixel's three channels, which take one of three values with these chances, are not all the same.
  const auto differ = [](double a, double b, double c) { return 1 - a * a * a - b * b * b - c * c * c; };
  return {
      {salt::name, [=](float c) { return salt{chance, c}; }, 1, p, differ(p, 1 - p, 0)},
      {pepper::name, [=](float c) { return pepper{chance, c}; }, 1, p, differ(p, 1 - p, 0)},
      {salt_and_pepper::name, [=](float c) { return salt_and_pepper{chance, c}; }, 1, p, differ(p / 2, p / 2, 1 - p)},
      {coarse_dropout::name, [=](float c) { return coarse_dropout{chance, side, c}; }, 4, p / 3,
       differ(p / 3, 1 - p / 3, 0)},
  };
}

}  // namespace

TEST_CASE("dropout: every augmentation with per_channel is among those that are tried here") {
  std::set<std::string_view> known, tried;
  known_augmentations::any([&]<class A>(A op) {
    for_each_parameter(op, [&](std::string_view key, auto&, presence, const limits&) {
      if (key == "per_channel") known.insert(A::name);
    });
    return false;
  });
  for (const loss& l : losses()) tried.insert(l.name);
  CHECK(tried == known);
}

namespace {

constexpr int pictures = 400;
constexpr double pixels = 40 * 40;

/// What is lost in pictures of different seeds.
struct tally {
  int separate = 0;                      // pictures whose channels differ somewhere
  double uneven = 0;                     // pixels of these whose channels differ
  std::array<double, 3> lost{};          // elements of these, by channel
  std::vector<double> lost_in_others{};  // pixels of each of the others
};
tally tally_of(const augmentation& op) {
  tensor<std::uint8_t> x({1, 40, 40, 3});
  x.fill(100);
  tally t;
  for (std::uint64_t seed = 0; seed < pictures; ++seed) {
    const auto y = augmented_bytes(op, x, seed);
    double uneven = 0;
    std::array<double, 3> lost{};
    for (index_t i = 0; i < y.size(); i += 3) {
      uneven += y[i] != y[i + 1] || y[i] != y[i + 2];
      for (index_t c = 0; c < 3; ++c) lost[static_cast<std::size_t>(c)] += y[i + c] != 100;
    }
    if (uneven == 0) {
      t.lost_in_others.push_back(lost[0]);
      continue;
    }
    ++t.separate;
    t.uneven += uneven;
    for (std::size_t c = 0; c < 3; ++c) t.lost[c] += lost[c];
  }
  return t;
}
void check_share(double met, double expected, double trials) {
  CHECK(std::abs(met - expected) <= 5 * std::sqrt(expected * (1 - expected) / trials));
}

}  // namespace

TEST_CASE("dropout: per_channel is the share of pictures whose channels are lost one by one") {
  for (const loss& l : losses())
    for (const double per_channel : {0.0, 0.25, 0.625, 1.0}) {
      CAPTURE(l.name);
      CAPTURE(per_channel);
      const tally t = tally_of(l.with(static_cast<float>(per_channel)));
      check_share(t.separate / double{pictures}, per_channel, pictures);
      const double units = pixels / static_cast<double>(l.unit);
      if (t.separate > 0) {
        check_share(t.uneven / pixels / t.separate, l.uneven_by_channel, units * t.separate);
        for (const double lost : t.lost) check_share(lost / pixels / t.separate, l.lost_by_channel, units * t.separate);
      }
      if (!t.lost_in_others.empty()) {  // a binomial number of units each
        const auto n = static_cast<double>(t.lost_in_others.size());
        const double variance = 0.3 * 0.7 * units;
        double sum = 0, squares = 0;
        for (const double lost : t.lost_in_others) {
          const double off = (lost - 0.3 * pixels) / static_cast<double>(l.unit);
          sum += off;
          squares += off * off;
        }
        CHECK(std::abs(sum / n) < 5 * std::sqrt(variance / n));
        CHECK(std::abs(squares / n - variance) < 5 * variance * std::sqrt(2 / n));
      }
    }
}

TEST_CASE("dropout: coarse dropout loses whole tiles") {
  tensor<std::uint8_t> x({1, 110, 90, 3});
  x.fill(200);
  // 90 · 0.1 = 9 across, 110 · 0.1 = 11 down.
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto y = augmented_bytes(coarse_dropout{{0.3f, 0.3f}, {0.1f, 0.1f}, 0}, x, seed);
    for (index_t h = 0; h < 110; ++h)
      for (index_t w = 0; w < 90; ++w)
        for (index_t c = 0; c < 3; ++c)
          if (y(0, h, w, c) != y(0, h / 11 * 11, w / 9 * 9, 0)) FAIL_CHECK("no tile at ", h, ", ", w);
    CHECK(values_of(y) == std::set<std::uint8_t>{0, 200});
  }
  CHECK(values_of(augmented_bytes(coarse_dropout{{0, 0}, {0, 0}, 0}, x)) == std::set<std::uint8_t>{200});
  CHECK(values_of(augmented_bytes(coarse_dropout{{1, 1}, {0, 0}, 0}, x)) == std::set<std::uint8_t>{0});
}

TEST_CASE("dropout: salt is white, pepper black, both are as often either") {
  tensor<std::uint8_t> x({1, 200, 200, 3});
  x.fill(100);
  const double n = 200 * 200;  // of elements at least, each with its own chance or that of its pixel
  for (const float p : {0.001f, 0.1f, 0.6f}) {
    CAPTURE(p);
    const double pd = p;
    const auto check_value = [&](const augmentation& op, int value, double expected) {
      check_share(share(augmented_bytes(op, x), [value](auto v) { return v == value; }), expected, n);
    };
    for (const float per_channel : {0.0f, 1.0f}) {
      CAPTURE(per_channel);
      check_value(salt{{p, p}, per_channel}, 255, pd);
      check_value(pepper{{p, p}, per_channel}, 0, pd);
      check_value(salt_and_pepper{{p, p}, per_channel}, 0, pd / 2);
      check_value(salt_and_pepper{{p, p}, per_channel}, 255, pd / 2);
    }
  }
  CHECK(values_of(augmented_bytes(salt{{1, 1}, 0}, x)) == std::set<std::uint8_t>{255});
  CHECK(values_of(augmented_bytes(salt{{0, 0}, 0}, x)) == std::set<std::uint8_t>{100});
  const auto white = augmented_floats(sequential{augment::to_float{255}, salt{{1, 1}, 0}}, x);
  CHECK(values_of(white) == std::set<float>{1});
}
