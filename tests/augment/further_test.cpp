// SPDX-License-Identifier: Apache-2.0
// Augmentations beyond those of the original: what each does.
#include "../support/augmentation.hpp"

#include <map>
#include <numbers>
#include <numeric>

using namespace lamina;
using namespace lamina::testing;
using namespace lamina::augment;

namespace {

double mean_of(const tensor<std::uint8_t>& x, index_t channel) {
  double sum = 0;
  for (index_t i = channel; i < x.size(); i += x.extents().c) sum += x[i];
  return sum * static_cast<double>(x.extents().c) / static_cast<double>(x.size());
}

/// A white square of 5 pixels with its middle at (x, y).
tensor<std::uint8_t> spot(index_t x, index_t y) {
  tensor<std::uint8_t> image({1, 101, 101, 1});
  for (index_t h = y - 2; h <= y + 2; ++h)
    for (index_t w = x - 2; w <= x + 2; ++w) image(0, h, w, 0) = 255;
  return image;
}
point middle_of(const tensor<std::uint8_t>& image) {
  double x = 0, y = 0, sum = 0;
  for (index_t h = 0; h < image.extents().h; ++h)
    for (index_t w = 0; w < image.extents().w; ++w) {
      x += static_cast<double>(w) * image(0, h, w, 0);
      y += static_cast<double>(h) * image(0, h, w, 0);
      sum += image(0, h, w, 0);
    }
  return {x / sum, y / sum};
}
void check_place(point p, double x, double y) {
  CHECK(p.x == doctest::Approx(x).epsilon(0.003));
  CHECK(p.y == doctest::Approx(y).epsilon(0.003));
}

}  // namespace

TEST_CASE("affine: each part moves a spot where it should") {
  const auto x = spot(70, 50);  // 20 to the right of the middle
  check_place(middle_of(augmented_bytes(affine{}, x)), 70, 50);
  check_place(middle_of(augmented_bytes(affine{.angle = {90, 90}}, x)), 50, 70);
  check_place(middle_of(augmented_bytes(affine{.angle = {30, 30}}, x)), 50 + 20 * std::cos(std::numbers::pi / 6), 60);
  check_place(middle_of(augmented_bytes(affine{.scale = {1.5f, 1.5f}}, x)), 80, 50);
  check_place(middle_of(augmented_bytes(affine{.translate = {0.1f, 0.1f}}, x)), 80.1, 60.1);
  // Sheared by 45°: what is 20 above the middle goes 20 to the right.
  check_place(middle_of(augmented_bytes(affine{.shear = {45, 45}}, spot(50, 30))), 70, 30);
  // Scaled, sheared, turned, shifted, in this order: (0, −20) → (0, −40) → (40, −40) → (40, 40) → (30, 30).
  check_place(
      middle_of(augmented_bytes(affine{{90, 90}, {2, 2}, {45, 45}, {-10 / 101.0f, -10 / 101.0f}}, spot(50, 30))), 80,
      80);
  const auto full = [] {
    tensor<std::uint8_t> white({1, 40, 50, 1});
    white.fill(255);
    return white;
  }();
  const auto shifted = augmented_bytes(affine{.translate = {0.5f, 0.5f}, .border_value = 9}, full);
  CHECK(shifted(0, 0, 0, 0) == 9);
  CHECK(shifted(0, 39, 49, 0) == 255);
}

TEST_CASE("perspective: no shift changes nothing, a small one little") {
  const auto x = smooth_picture(60, 80);
  CHECK(same_bits<std::uint8_t>(augmented_bytes(perspective{{0, 0}}, x).view(), x.view()));
  const auto y = augmented_bytes(perspective{{0.05f, 0.05f}, interpolation::linear, border::replicate}, x);
  CHECK(mean_difference(x, y) > 0.5);
  CHECK(mean_difference(x, y) < 25);
}

TEST_CASE("random resized crop: areas and aspects are those asked for") {
  tensor<std::uint8_t> x({1, 200, 250, 2});  // its columns and rows
  for (index_t h = 0; h < 200; ++h)
    for (index_t w = 0; w < 250; ++w) {
      x(0, h, w, 0) = static_cast<std::uint8_t>(w);
      x(0, h, w, 1) = static_cast<std::uint8_t>(h);
    }
  double areas = 0;
  constexpr int trials = 300;
  for (std::uint64_t seed = 0; seed < trials; ++seed) {
    const random_resized_crop op{{32, 32}, {0.2f, 0.6f}, {0.8f, 1.25f}, interpolation::nearest};
    const auto y = augmented_bytes(op, x, seed);
    const double width = (y(0, 0, 31, 0) - y(0, 0, 0, 0)) * 32.0 / 31,
                 height = (y(0, 31, 0, 1) - y(0, 0, 0, 1)) * 32.0 / 31;
    const double area = width * height / (200 * 250), aspect = width / height;
    CHECK(area > 0.18);
    CHECK(area < 0.63);
    CHECK(aspect > 0.76);
    CHECK(aspect < 1.32);
    areas += area;
  }
  CHECK(areas / trials == doctest::Approx(0.4).epsilon(0.06));
  // A picture that no allowed part fits into: the largest one about the middle.
  const auto strip = augmented_bytes(random_resized_crop{{10, 10}, {1, 1}, {1, 1}}, random_picture(20, 200));
  CHECK(strip.extents() == shape{1, 10, 10, 3});
}

TEST_CASE("letterbox: the aspect is kept, and undone exactly") {
  for (const image_size size : {image_size{90, 60}, {60, 90}, {64, 64}, {100, 7}, {41, 33}}) {
    CAPTURE(lamina::to_text(size));
    const index_t h = size.height, w = size.width;
    tensor<std::uint8_t> white({1, h, w, 3});
    white.fill(255);
    const auto y = augmented_bytes(letterbox{{64, 64}, 5}, white);
    const letterbox_placement placement(size, {64, 64});
    CHECK(placement.inside.width * h - placement.inside.height * w <= std::max(h, w));  // to half a pixel
    CHECK(placement.inside.height * w - placement.inside.width * h <= std::max(h, w));
    CHECK((placement.inside.width == 64 || placement.inside.height == 64));
    index_t bad = 0;
    for (index_t i = 0; i < 64; ++i)
      for (index_t j = 0; j < 64; ++j) {
        const bool inside = i >= placement.top && i < placement.top + placement.inside.height && j >= placement.left &&
                            j < placement.left + placement.inside.width;
        bad += y(0, i, j, 0) != (inside ? 255 : 5);
      }
    CHECK(bad == 0);
  }
  // The same pixels as lamina::letterboxed, which prediction uses.
  cpu_context ctx;
  const auto x = random_picture(33, 41);
  for (const interpolation method : all_interpolations)
    for (const image_size frame : {image_size{64, 64}, {20, 50}, {41, 60}}) {
      const auto y = augmented_bytes(letterbox{frame, 77.5f, method}, x);
      CHECK(same_bits<std::uint8_t>(y.view(), letterboxed(ctx, x, frame, method, 77.5f).view()));
    }
  // A mask that was enlarged by a whole number comes back bit by bit; one that was shrunk, at its own size and place.
  const auto mask = ellipse_mask(30, 50);
  const letterbox_placement larger({50, 30}, {150, 150});
  const auto framed = recipe(letterbox{{150, 150}}).apply({}, random_picture(30, 50).view(), mask.view());
  CHECK(same_bits<std::uint8_t>(larger.undo(bytes(framed.mask).view()).view(), mask.view()));
  const auto big = ellipse_mask(300, 500);
  const letterbox_placement smaller({500, 300}, {64, 64});
  const auto shrunk = recipe(letterbox{{64, 64}}).apply({}, random_picture(300, 500).view(), big.view());
  const auto back = smaller.undo(bytes(shrunk.mask).view());
  CHECK(back.extents() == big.extents());
  CHECK(mean_difference(back, big) / 255 < 0.03);
  check_error([&] { smaller.undo(big.view()); }, "letterbox_placement: x [1,300,500,1] is not a frame of 64×64");
}

TEST_CASE("colour: the hue of a full turn, saturation and value at their ends") {
  const auto x = random_picture(30, 40);
  CHECK(mean_difference(augmented_bytes(hue_saturation_value{{360, 360}}, x), x) < 0.5);
  const auto grey = augmented_bytes(hue_saturation_value{.saturation = {-1, -1}}, x);
  for (index_t i = 0; i < x.size(); i += 3) {
    CHECK(grey[i] == std::max({x[i], x[i + 1], x[i + 2]}));
    CHECK(grey[i] == grey[i + 1]);
    CHECK(grey[i] == grey[i + 2]);
  }
  CHECK(values_of(augmented_bytes(hue_saturation_value{.value = {-1, -1}}, x)) == std::set<std::uint8_t>{0});
  const auto floats = augmented_floats(sequential{div_by_255{}, hue_saturation_value{{40, 40}, {0.1f, 0.1f}}}, x);
  const auto as_bytes = augmented_bytes(hue_saturation_value{{40, 40}, {0.1f, 0.1f}}, x);
  for (index_t i = 0; i < x.size(); ++i) CHECK(std::abs(floats[i] * 255 - as_bytes[i]) < 0.51);
  check_error([&] { augmented_bytes(hue_saturation_value{}, random_picture(3, 3, 1)); },
              "AugHueSaturationValue: the picture has 1 channels instead of 3");
}

TEST_CASE("colour: shuffled channels are the same channels, in all orders") {
  const auto x = random_picture(6, 7);
  std::map<std::vector<index_t>, int> orders;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const auto y = augmented_bytes(channel_shuffle{1}, x, seed);
    std::vector<index_t> order;
    for (index_t c = 0; c < 3; ++c)
      for (index_t from = 0; from < 3; ++from)
        if (same_bits<std::uint8_t>(y.view().channels(c, 1), x.view().channels(from, 1))) order.push_back(from);
    REQUIRE(order.size() == 3);
    ++orders[order];
  }
  CHECK(orders.size() == 6);
  for (const auto& [order, count] : orders) CHECK(std::abs(count - 100) < 5 * std::sqrt(600.0 / 6 * 5 / 6));
}

TEST_CASE("colour: shades of grey take out a tint, always the same") {
  auto x = smooth_picture(40, 50);
  for (index_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<std::uint8_t>(x[i] * (i % 3 == 0 ? 1.0 : i % 3 == 1 ? 0.8 : 0.6));
  const auto even = augmented_bytes(shades_of_grey{1}, x);  // power 1: equal means
  CHECK(mean_of(even, 0) == doctest::Approx(mean_of(even, 1)).epsilon(0.01));
  CHECK(mean_of(even, 0) == doctest::Approx(mean_of(even, 2)).epsilon(0.01));
  CHECK(mean_of(even, 0) == doctest::Approx((mean_of(x, 0) + mean_of(x, 1) + mean_of(x, 2)) / 3).epsilon(0.01));
  const auto six = augmented_bytes(shades_of_grey{}, x, 1), again = augmented_bytes(shades_of_grey{}, x, 2);
  CHECK(same_bits<std::uint8_t>(six.view(), again.view()));
  const auto floats = augmented_floats(sequential{div_by_255{}, shades_of_grey{}}, x);
  for (index_t i = 0; i < x.size(); ++i) CHECK(std::abs(std::min(floats[i], 1.0f) * 255 - six[i]) < 0.51);
  x.fill(0);
  CHECK(values_of(augmented_bytes(shades_of_grey{}, x)) == std::set<std::uint8_t>{0});
}

TEST_CASE("contrast: about the mean, which stays") {
  const auto x = smooth_picture(40, 50);
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  const auto half = augmented_bytes(contrast{{0.5f, 0.5f}}, x);
  for (index_t i = 0; i < x.size(); ++i) CHECK(std::abs(half[i] - (mean + 0.5 * (x[i] - mean))) <= 0.501);
  CHECK(values_of(augmented_bytes(contrast{{0, 0}}, x)).size() == 1);
}

TEST_CASE("CLAHE: of colour it changes the brightness only, and makes more of a flat picture") {
  auto x = smooth_picture(64, 64);
  for (auto& v : x) v = static_cast<std::uint8_t>(100 + v / 8);
  const auto y = augmented_bytes(augment::clahe{{3, 3}}, x);
  index_t uneven = 0;
  for (index_t i = 0; i < x.size(); i += 3) {
    const bool inside = *std::max_element(y.data() + i, y.data() + i + 3) < 255 &&
                        *std::min_element(y.data() + i, y.data() + i + 3) > 0;
    uneven += inside && (y[i] - x[i] != y[i + 1] - x[i + 1] || y[i] - x[i] != y[i + 2] - x[i + 2]);
  }
  CHECK(uneven == 0);
  const auto spread = [](const auto& z) {
    return *std::max_element(z.begin(), z.end()) - *std::min_element(z.begin(), z.end());
  };
  CHECK(spread(y) > 1.5 * spread(x));
  check_error(
      [&] {
        augmented_floats(sequential{div_by_255{}, augment::clahe{{3, 3}}}, x);
      },
      "AugCLAHE: it works on bytes, and stands behind a step that makes floats");
  cpu_context ctx;
  tensor<std::uint8_t> grey({1, 9, 7, 1});
  CHECK_NOTHROW(lamina::clahe(ctx, grey, 2, 256, 256, grey.view()));
  check_error([&] { lamina::clahe(ctx, grey, 2, 257, 8, grey.view()); },
              "clahe: 257×8 tiles: 257 is not between 1 and 256");
  check_error([&] { lamina::clahe(ctx, grey, 2, 8, 0, grey.view()); }, "clahe: 8×0 tiles: 0 is not between 1 and 256");
  check_error([&] { lamina::clahe(ctx, grey, -1, 8, 8, grey.view()); }, "clahe: clip_limit -1 is negative");
}

TEST_CASE("blur: medians and motion") {
  const auto x = random_picture(30, 40);
  tensor<std::uint8_t> expected(x.extents());
  cpu_context ctx;
  std::set<index_t> sides;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto y = augmented_bytes(augment::median_blur{{3, 5}}, x, seed);
    for (const index_t side : {3, 5}) {
      lamina::median_blur(ctx, x.view(), side, expected.view());
      if (same_bits<std::uint8_t>(y.view(), expected.view())) sides.insert(side);
    }
  }
  CHECK(sides == std::set<index_t>{3, 5});

  const auto across = motion_blur::line_kernel(5, 0), down = motion_blur::line_kernel(5, 90);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) {
      CHECK(across[5 * i + j] == doctest::Approx(down[5 * j + i]));
      if (i != 2) CHECK(across[5 * i + j] == doctest::Approx(0));
    }
  for (const float degrees : {0.0f, 30.0f, 135.0f}) {
    const auto kernel = motion_blur::line_kernel(9, degrees);
    CHECK(std::accumulate(kernel.begin(), kernel.end(), 0.0) == doctest::Approx(1));
  }
  // Along a line nothing changes, across it does.
  tensor<std::uint8_t> stripes({1, 30, 30, 1});
  for (index_t i = 0; i < stripes.size(); ++i) stripes[i] = i / 30 % 2 == 0 ? 255 : 0;
  CHECK(same_bits<std::uint8_t>(augmented_bytes(motion_blur{{7, 7}, {0, 0}}, stripes).view(), stripes.view()));
  const auto grey = augmented_bytes(motion_blur{{7, 7}, {90, 90}}, stripes);
  for (index_t h = 3; h < 27; ++h) CHECK(std::abs(grey(0, h, 9, 0) - 127.5) < 25);
}

TEST_CASE("JPEG compression: worse quality, larger difference") {
  const auto x = smooth_picture(64, 80);
  double last = 0;
  for (const float quality : {95.0f, 60.0f, 20.0f, 5.0f}) {
    const double difference = mean_difference(augmented_bytes(jpeg_compression{{quality, quality}}, x), x);
    CHECK(difference > last);
    last = difference;
  }
  CHECK(last < 30);
}

TEST_CASE("hair: dark lines over part of the picture, none for a count of 0") {
  tensor<std::uint8_t> x({1, 128, 160, 3});
  x.fill(200);
  CHECK(values_of(augmented_bytes(hair{{0, 0}}, x)) == std::set<std::uint8_t>{200});
  double covered = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto y = augmented_bytes(hair{{10, 10}}, x, seed);
    CHECK(*std::max_element(y.begin(), y.end()) == 200);
    CHECK(*std::min_element(y.begin(), y.end()) < 130);
    covered += static_cast<double>(std::count_if(y.begin(), y.end(), [](auto v) { return v < 190; })) /
               static_cast<double>(y.size());
  }
  CHECK(covered / 20 > 0.01);
  CHECK(covered / 20 < 0.15);
  check_error(
      [&] {
        augmented_bytes(hair{{3, 3}}, random_picture(4, 4, 1));
      },
      "AugHair: the picture has 1 channels instead of 3");
}
