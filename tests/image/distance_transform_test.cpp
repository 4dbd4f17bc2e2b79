// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/distance_transform.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Inside where a byte of the formula is at least `least`.
tensor<std::uint8_t> formula_mask(index_t height, index_t width, int least) {
  auto mask = formula_picture({1, height, width, 1});
  for (std::uint8_t& pixel : mask) pixel = pixel >= least ? 255 : 0;
  return mask;
}

}  // namespace

TEST_CASE("distance_transform: squared, equal to SciPy's to the last digit") {
  thread_pool workers(3);
  cpu_context alone, threaded(workers);
  for_each_golden_digest("distance_transform.txt", 20, [&](std::istream& words, const std::string& digest) {
    index_t height = 0, width = 0;
    int least = 0;
    words >> least >> height >> width;
    for (cpu_context* ctx : {&alone, &threaded}) {
      tensor<std::int64_t> y({1, height, width, 1});
      squared_distance_transform(*ctx, formula_mask(height, width, least), y.view());
      CHECK(digest_of(y) == digest);
    }
  });
}

TEST_CASE("distance_transform: equal to SciPy's in any spacing") {
  const golden_file golden("distance_transform.safetensors");
  int compared = 0;
  cpu_context ctx;
  for (const std::string& entry : golden.names()) {
    CAPTURE(entry);
    pixel_spacing spacing;
    const std::size_t dot = entry.find('.');
    const int least = std::stoi(entry.substr(0, dot));
    if (entry.substr(dot) == ".0.5.2") spacing = {0.5, 2};
    if (entry.substr(dot) == ".3.25.0.7") spacing = {3.25, 0.7};
    const auto expected = golden.values<double>(entry);
    tensor<double> y({1, 23, 31, 1});
    tensor<float> narrow(y.extents());
    distance_transform(ctx, formula_mask(23, 31, least), spacing, y.view());
    distance_transform(ctx, formula_mask(23, 31, least), spacing, narrow.view());
    REQUIRE(static_cast<index_t>(expected.size()) == y.size());
    double worst = 0, worst_narrow = 0;  // in float relative, as its rounding is
    for (index_t i = 0; i < y.size(); ++i) {
      worst = std::max(worst, std::abs(y[i] - expected[static_cast<std::size_t>(i)]));
      worst_narrow = std::max(worst_narrow, std::abs(static_cast<double>(narrow[i]) - y[i]) / std::max(y[i], 1.0));
    }
    CHECK(worst <= 1e-12);
    CHECK(worst_narrow <= std::numeric_limits<float>::epsilon());
    ++compared;
  }
  CHECK(compared == 9);
}

TEST_CASE("distance_transform: equal to OpenCV's within its rounding") {
  const golden_file golden("masks.safetensors");
  cpu_context ctx;
  for (const int least : {1, 4, 100}) {
    const auto expected = golden.values<float>("distances." + std::to_string(least));
    tensor<float> y({1, 40, 57, 1});
    distance_transform(ctx, formula_mask(40, 57, least), {}, y.view());
    REQUIRE(static_cast<index_t>(expected.size()) == y.size());
    float worst = 0;
    for (index_t i = 0; i < y.size(); ++i)
      worst = std::max(worst, std::abs(y[i] - expected[static_cast<std::size_t>(i)]));
    CHECK(worst <= 1e-4f);
  }
}

TEST_CASE("distance_transform: each image by itself, in any layout") {
  auto mask = random_picture<std::uint8_t>({2, 30, 21, 1}, 3);
  for (std::uint8_t& pixel : mask) pixel = pixel >= 20 ? 255 : 0;
  cpu_context ctx;
  tensor<double> expected(mask.extents());
  distance_transform(ctx, mask, {2, 1}, expected.view());
  for (index_t n = 0; n < 2; ++n)
    for (index_t h = 0; h < 30; ++h)
      for (index_t w = 0; w < 21; ++w) {
        double nearest = std::numeric_limits<double>::infinity();
        for (index_t i = 0; i < 30; ++i)
          for (index_t j = 0; j < 21; ++j)
            if (mask(n, i, j, 0) == 0)
              nearest = std::min(nearest, std::hypot(2 * static_cast<double>(i - h), static_cast<double>(j - w)));
        CHECK(expected(n, h, w, 0) == doctest::Approx(nearest).epsilon(1e-14));
      }
  tensor<double> turned({2, 21, 30, 1});
  distance_transform(ctx, transpose(mask.view()), {1, 2}, turned.view());
  CHECK(largest_difference<double>(as_const(transpose(turned.view())), expected) <= 1e-14);
}

TEST_CASE("distance_transform: nothing outside, nothing inside, one pixel") {
  cpu_context ctx;
  tensor<std::uint8_t> mask({1, 3, 5, 1});
  tensor<float> y(mask.extents());
  tensor<std::int64_t> squared(mask.extents());
  distance_transform(ctx, mask, {}, y.view());
  for (const float distance : y) CHECK(distance == 0);
  mask.fill(128);
  distance_transform(ctx, mask, {}, y.view());
  squared_distance_transform(ctx, mask, squared.view());
  for (const float distance : y) CHECK(distance == std::numeric_limits<float>::infinity());
  for (const std::int64_t distance : squared) CHECK(distance == std::numeric_limits<std::int64_t>::max());
  mask(0, 2, 4, 0) = 127;
  squared_distance_transform(ctx, mask, squared.view());
  CHECK(squared(0, 0, 0, 0) == 20);
  CHECK(squared(0, 2, 4, 0) == 0);
}

TEST_CASE("distance_transform: wrong use is refused") {
  cpu_context ctx;
  const tensor<std::uint8_t> mask({1, 4, 4, 1}), colours({1, 4, 4, 3});
  tensor<float> y({1, 4, 4, 1}), other({1, 4, 5, 1}), three({1, 4, 4, 3});
  tensor<std::int64_t> squared({1, 5, 4, 1});
  check_error([&] { distance_transform(ctx, mask, {}, other.view()); },
              "distance_transform: mask [1,4,4,1] and y [1,4,5,1] are not both the same [N,H,W,1]");
  check_error([&] { distance_transform(ctx, colours, {}, three.view()); },
              "distance_transform: mask [1,4,4,3] and y [1,4,4,3] are not both the same [N,H,W,1]");
  check_error([&] { squared_distance_transform(ctx, mask, squared.view()); },
              "squared_distance_transform: mask [1,4,4,1] and y [1,5,4,1]");
  check_error([&] { distance_transform(ctx, mask, {0, 1}, y.view()); },
              "distance_transform: a spacing of 0×1 is not positive and finite");
}
