// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace lamina;

TEST_CASE("philox: the known answers of its authors") {  // Random123, kat_vectors, philox4x32 10 rounds
  using block = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, 0, 0) == block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t all = 0xffffffff;
  CHECK(philox({all, all, all, all}, all, all) == block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random_stream: a function of its place alone") {
  const random_stream::place here{
      .seed = 5, .purpose = random_purpose::augment, .epoch = 2, .sample = 9, .position = 3};
  random_stream a(here), b(here);
  for (int i = 0; i < 9; ++i) CHECK(a() == b());
  std::set<std::uint32_t> first;
  for (auto [seed, purpose, epoch, sample, position] :
       {here, {6, here.purpose, 2, 9, 3}, {5, random_purpose::test, 2, 9, 3}, {5, here.purpose, 1, 9, 3},
        random_stream::place{5, here.purpose, 2, 8, 3}, {5, here.purpose, 2, 9, 4}}) {
    random_stream stream({seed, purpose, epoch, sample, position});
    first.insert(stream());
  }
  CHECK(first.size() == 6);
}

TEST_CASE("random_stream: uniform, below and normal have the right moments") {
  random_stream stream({.seed = 11});
  const int count = 200'000;
  double sum = 0, squares = 0, least = 1, most = 0;
  for (int i = 0; i < count; ++i) {
    const double u = stream.uniform();
    sum += u, squares += u * u, least = std::min(least, u), most = std::max(most, u);
  }
  CHECK(least >= 0);
  CHECK(most < 1);
  CHECK(sum / count == doctest::Approx(0.5).epsilon(0.005));
  CHECK(squares / count == doctest::Approx(1.0 / 3).epsilon(0.01));

  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) ++counts[stream.below(6)];
  double chi_square = 0;
  for (const int c : counts) chi_square += (c - 10'000.0) * (c - 10'000.0) / 10'000.0;
  CHECK(chi_square < 20.5);  // 0.1% of 5 degrees of freedom

  sum = squares = 0;
  for (int i = 0; i < count; ++i) {
    const double z = stream.normal();
    sum += z, squares += z * z;
  }
  CHECK(std::abs(sum / count) < 0.01);
  CHECK(squares / count == doctest::Approx(1).epsilon(0.01));
  for (int i = 0; i < 1000; ++i) {
    const float v = stream.uniform(2, 3);
    CHECK((v >= 2 && v < 3));
  }
  CHECK(stream.uniform(4, 4) == 4);
}

TEST_CASE("random_permutation: every index once") {
  const auto order = random_permutation(1000, random_stream({.seed = 1, .purpose = random_purpose::shuffle}));
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (index_t i = 0; i < 1000; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
  CHECK(order != sorted);
  CHECK(random_permutation(0, random_stream({})).empty());
}
