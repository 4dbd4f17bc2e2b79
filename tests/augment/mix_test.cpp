// SPDX-License-Identifier: Apache-2.0
#include <lamina/augment/mix.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;
using augment::cutmix;
using augment::mixup;

namespace {

random_stream stream_of(std::uint32_t number) { return random_stream({.seed = 5, .position = number}); }

struct batch_of_pictures {
  tensor<float> images = random_tensor<float>({5, 12, 9, 3}, 1), masks = random_tensor<float>({5, 12, 9, 1}, 2, 0, 1);
  tensor<float> mixed_images = poisoned_tensor<float>(images.extents()),
                mixed_masks = poisoned_tensor<float>(masks.extents());
};

void check_permutation(const std::vector<index_t>& partner, index_t count) {
  std::vector<index_t> sorted = partner;
  std::sort(sorted.begin(), sorted.end());
  for (index_t i = 0; i < count; ++i) CHECK(sorted[static_cast<std::size_t>(i)] == i);
}

}  // namespace

TEST_CASE("mix: beta variates have their mean and variance") {
  for (const double a : {0.2, 0.5, 1.0, 4.0}) {
    CAPTURE(a);
    random_stream random = stream_of(1);
    constexpr int trials = 20000;
    double sum = 0, squares = 0;
    for (int i = 0; i < trials; ++i) {
      const double x = augment::symmetric_beta_variate(random, a);
      REQUIRE(x >= 0);
      REQUIRE(x <= 1);
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    const double variance = 1 / (4 * (2 * a + 1));
    CHECK(std::abs(sum / trials - 0.5) < 5 * std::sqrt(variance / trials));
    CHECK(squares / trials == doctest::Approx(variance).epsilon(0.05));
  }
}

TEST_CASE("mixup: images and masks are blended with the same partner and share") {
  for (std::uint32_t number = 0; number < 10; ++number) {
    batch_of_pictures b;
    const auto m = mixup(stream_of(number), 0.4, b.images, b.masks, b.mixed_images, b.mixed_masks);
    check_permutation(m.partner, 5);
    for (index_t n = 0; n < 5; ++n) {
      const index_t other = m.partner[static_cast<std::size_t>(n)];
      for (index_t i = 0; i < 12 * 9 * 3; ++i) {
        const index_t p = n * 324 + i, q = other * 324 + i;
        REQUIRE(b.mixed_images[p] == doctest::Approx(m.own * b.images[p] + (1 - m.own) * b.images[q]));
      }
      for (index_t i = 0; i < 12 * 9; ++i) {
        const index_t p = n * 108 + i, q = other * 108 + i;
        REQUIRE(b.mixed_masks[p] == doctest::Approx(m.own * b.masks[p] + (1 - m.own) * b.masks[q]));
      }
    }
  }
}

TEST_CASE("cutmix: a rectangle of each picture is its partner's, its area as told") {
  bool some_mixed = false;
  for (std::uint32_t number = 0; number < 30; ++number) {
    batch_of_pictures b;
    const auto m = cutmix(stream_of(number), 1, b.images, b.masks, b.mixed_images, b.mixed_masks);
    check_permutation(m.partner, 5);
    for (index_t n = 0; n < 5; ++n) {
      const index_t other = m.partner[static_cast<std::size_t>(n)];
      if (other == n) continue;
      index_t left = 99, right = -1, top = 99, bottom = -1, changed = 0;
      for (index_t h = 0; h < 12; ++h)
        for (index_t w = 0; w < 9; ++w) {
          const bool own = b.mixed_images(n, h, w, 0) == b.images(n, h, w, 0);
          REQUIRE(b.mixed_masks(n, h, w, 0) == b.masks(own ? n : other, h, w, 0));
          REQUIRE(b.mixed_images(n, h, w, 2) == b.images(own ? n : other, h, w, 2));
          if (own) continue;
          ++changed;
          left = std::min(left, w), right = std::max(right, w), top = std::min(top, h), bottom = std::max(bottom, h);
        }
      if (changed > 0) CHECK(changed == (right - left + 1) * (bottom - top + 1));
      CHECK(m.own == doctest::Approx(1 - static_cast<double>(changed) / 108));
      some_mixed = some_mixed || (changed > 0 && changed < 108);
    }
  }
  CHECK(some_mixed);
}

TEST_CASE("mix: wrong shapes are refused") {
  batch_of_pictures b;
  tensor<float> other({4, 12, 9, 1});
  check_error([&] { mixup(stream_of(0), 1, b.images, other, b.mixed_images, b.mixed_masks); },
              "mixup: images [5,12,9,3] and masks [4,12,9,1] differ in N, H or W");
  check_error([&] { cutmix(stream_of(0), 1, b.images, b.masks, b.mixed_images, other); },
              "cutmix: [5,12,9,3] and [5,12,9,1] can't be mixed into [5,12,9,3] and [4,12,9,1]");
  check_error([&] { mixup(stream_of(0), 0, b.images, b.masks, b.mixed_images, b.mixed_masks); },
              "mixup: alpha 0 is not positive");
}
