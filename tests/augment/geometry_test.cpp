// SPDX-License-Identifier: Apache-2.0
#include "../support/augmentation.hpp"

using namespace lamina;
using namespace lamina::testing;
using namespace lamina::augment;

namespace {

/// Every augmentation that changes geometry, with interpolations that make new values in the image.
std::vector<augmentation> geometric() {
  return {resize_dim{{70, 45}, interpolation::cubic},
          resize_dim{{200, 140}},
          resize_scale{{0.7f, 1.3f}, interpolation::lanczos4},
          augment::mirror{1},
          augment::flip{1},
          augment::transpose{1},
          rotate{{-180, 180}},
          rotate{{20, 40}, {{10, 12}}, 1.7f, interpolation::cubic},
          center_crop{{{61, 44}}},
          center_crop{},
          random_crop{{50, 60}},
          random_crop{{150, 130}, border::reflect_101},
          elastic_transform{{20, 30}, {2, 4}},
          grid_distortion{{3, 8}, {-0.3f, 0.3f}},
          optical_distortion{{-0.5f, 0.5f}, {-8, 8}, interpolation::cubic},
          affine{{-180, 180}, {0.8f, 1.25f}, {-8, 8}, {-0.1f, 0.1f}},
          perspective{{0.05f, 0.12f}},
          random_resized_crop{{64, 80}, {0.4f, 1}},
          letterbox{{90, 120}}};
}

/// Each pixel's column in the first channel, its row in the second.
tensor<std::uint8_t> coordinates(index_t height, index_t width) {
  tensor<std::uint8_t> x({1, height, width, 2});
  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w) {
      x(0, h, w, 0) = static_cast<std::uint8_t>(w);
      x(0, h, w, 1) = static_cast<std::uint8_t>(h);
    }
  return x;
}

/// The mask three times: an image that shows what the mask shows.
tensor<std::uint8_t> image_of(const tensor<std::uint8_t>& mask) { return with_channels(mask.clone(), 3); }

/// Horizontal and vertical bars, 20 pixels wide.
tensor<std::uint8_t> grid_mask(index_t height, index_t width) {
  tensor<std::uint8_t> m({1, height, width, 1});
  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w) m(0, h, w, 0) = h % 50 < 20 || w % 50 < 20 ? 255 : 0;
  return m;
}

}  // namespace

TEST_CASE("geometry: masks of 0 and 255 stay so, single and fused") {
  const auto x = smooth_picture(96, 120), m = ellipse_mask(96, 120);
  for (const augmentation& op : geometric())
    for (index_t sample = 0; sample < 3; ++sample) {
      CAPTURE(*op.line());
      const auto made = recipe(sequential{op}).apply({.seed = 1, .sample = sample}, x.view(), m.view());
      CHECK(values_of(bytes(made.mask)) == std::set<std::uint8_t>{0, 255});
      const shape image = bytes(made.image).extents();
      CHECK(bytes(made.mask).extents() == shape{1, image.h, image.w, 1});
    }
  for (const bool fuse : {true, false}) {
    const auto made = recipe(sequential(geometric()), fuse).apply({.seed = 1}, x.view(), m.view());
    CHECK(values_of(bytes(made.mask)) == std::set<std::uint8_t>{0, 255});
  }
}

TEST_CASE("geometry: image and mask stay registered: a drawn grid, warped as both, agrees") {
  const auto m = grid_mask(150, 160), x = image_of(m);
  for (const augmentation& op : geometric())
    for (const bool fuse : {true, false}) {
      CAPTURE(*op.line());
      const auto made = recipe(sequential{op, rotate{{20, 30}}}, fuse).apply({.seed = 2}, x.view(), m.view());
      const auto &image = bytes(made.image), &mask = bytes(made.mask);
      const auto beside_an_edge = [&](index_t h, index_t w) {
        const shape& e = mask.extents();
        for (index_t i = std::max<index_t>(0, h - 1); i <= std::min(h + 1, e.h - 1); ++i)
          for (index_t j = std::max<index_t>(0, w - 1); j <= std::min(w + 1, e.w - 1); ++j)
            if (mask(0, i, j, 0) != mask(0, h, w, 0)) return true;
        return false;
      };
      index_t at_edges = 0, elsewhere = 0;
      for (index_t h = 0; h < mask.extents().h; ++h)
        for (index_t w = 0; w < mask.extents().w; ++w)
          if ((image(0, h, w, 0) >= 128) != (mask(0, h, w, 0) == 255)) ++(beside_an_edge(h, w) ? at_edges : elsewhere);
      // The pixel on an edge may fall to either side, as the image is interpolated and the mask is not; no other may.
      CHECK(static_cast<double>(elsewhere) <= 0.001 * static_cast<double>(mask.size()));
      CHECK(static_cast<double>(at_edges) < 0.1 * static_cast<double>(mask.size()));
    }
}

TEST_CASE("geometry: with nearest for both, image and mask are the same pixels") {
  const auto m = grid_mask(150, 160), x = image_of(m);
  const std::vector<augmentation> nearest{resize_dim{{70, 45}, interpolation::nearest},
                                          rotate{{-180, 180}, {}, 1, interpolation::nearest},
                                          random_crop{{200, 100}, border::wrap},
                                          elastic_transform{{20, 30}, {2, 4}, interpolation::nearest},
                                          grid_distortion{{3, 8}, {-0.3f, 0.3f}, interpolation::nearest},
                                          optical_distortion{{-0.5f, 0.5f}, {-8, 8}, interpolation::nearest}};
  for (const bool fuse : {true, false}) {
    const auto made = recipe(sequential(nearest), fuse).apply({.seed = 3}, x.view(), m.view());
    CHECK(same_bits<std::uint8_t>(bytes(made.image).view().channels(0, 1), bytes(made.mask).view()));
    CHECK(values_of(bytes(made.mask)).size() == 2);
  }
}

TEST_CASE("geometry: mirror, flip and transpose") {
  const auto x = random_picture(5, 7);
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::mirror{1}, x).view(), flip_left_right(x.view())));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::flip{1}, x).view(), flip_up_down(x.view())));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::transpose{1}, x).view(), lamina::transpose(x.view())));
  index_t mirrored = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    mirrored += !same_bits<std::uint8_t>(augmented_bytes(augment::mirror{0.3f}, x, seed).view(), x.view());
  CHECK(std::abs(static_cast<double>(mirrored) - 300) < 5 * std::sqrt(1000 * 0.3 * 0.7));
}

TEST_CASE("geometry: positive angles turn clockwise on the screen") {
  const auto x = random_picture(7, 7);
  for (const bool fuse : {true, false}) {
    const auto turned = [&](float degrees) {
      const auto made = recipe(rotate{{degrees, degrees}, {{3, 3}}}, fuse).apply({}, x.view());
      return bytes(made.image).clone();
    };
    CHECK(same_bits<std::uint8_t>(turned(90).view(), rotate_quarters(x.view(), 1)));
    CHECK(same_bits<std::uint8_t>(turned(-90).view(), rotate_quarters(x.view(), 3)));
    CHECK(same_bits<std::uint8_t>(turned(180).view(), rotate_quarters(x.view(), 2)));
    CHECK(same_bits<std::uint8_t>(turned(0).view(), x.view()));
  }
  // About (W/2, H/2) unless said otherwise, so a half turn leaves an empty first row and column.
  const auto y = augmented_bytes(rotate{{180, 180}}, random_picture(8, 6));
  const auto source = random_picture(8, 6);
  for (index_t h = 0; h < 8; ++h)
    for (index_t w = 0; w < 6; ++w)
      for (index_t c = 0; c < 3; ++c) CHECK(y(0, h, w, c) == (h == 0 || w == 0 ? 0 : source(0, 8 - h, 6 - w, c)));
}

TEST_CASE("geometry: rotation enlarges by its scale") {
  const auto x = coordinates(100, 100);
  const auto y = augmented_bytes(rotate{{0, 0}, {{50, 50}}, 2}, x);
  CHECK(y(0, 50, 50, 0) == 50);
  CHECK(y(0, 50, 90, 0) == 70);
  CHECK(y(0, 10, 50, 1) == 30);
}

TEST_CASE("geometry: resizing alone is lamina::resize") {
  const auto x = random_picture(40, 50);
  for (const interpolation method : all_interpolations) {
    const auto y = augmented_bytes(resize_dim{{70, 30}, method}, x);
    CHECK(same_bits<std::uint8_t>(y.view(), resized(x.view(), method, 30, 70).view()));
  }
  CHECK(augmented_bytes(resize_scale{{0.5f, 1.5f}}, random_picture(5, 7)).extents() == shape{1, 8, 4, 3});
  CHECK(augmented_bytes(resize_scale{{0.01f, 0.01f}}, random_picture(5, 7)).extents() == shape{1, 1, 1, 3});
}

TEST_CASE("geometry: crops") {
  const auto x = random_picture(9, 12);
  const auto middle = augmented_bytes(center_crop{{{5, 4}}}, x);
  CHECK(same_bits<std::uint8_t>(middle.view(), pixel_move{pixel_move::kind::crop, 3, 2, {5, 4}}(x.view())));
  CHECK(augmented_bytes(center_crop{}, x).extents() == shape{1, 9, 9, 3});

  const auto places = coordinates(9, 12);
  std::set<std::pair<int, int>> met;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto y = augmented_bytes(random_crop{{10, 8}}, places, seed);
    met.insert({y(0, 0, 0, 0), y(0, 0, 0, 1)});
    CHECK(y(0, 7, 9, 0) == y(0, 0, 0, 0) + 9);
    CHECK(y(0, 7, 9, 1) == y(0, 0, 0, 1) + 7);
  }
  CHECK(met.size() == 3 * 2);
  // Wider than the picture: two columns on the left, three on the right; lower: a random place.
  for (const border kind : all_borders) {
    CAPTURE(name(kind));
    const auto y = augmented_bytes(random_crop{{17, 6}, kind, 99}, places);
    for (index_t w = 0; w < 17; ++w) {
      const index_t source = border_position(kind, w - 2, 12);
      CHECK(y(0, 0, w, 0) == (source < 0 ? 99 : source));
      CHECK(y(0, 5, w, 1) == (source < 0 ? 99 : y(0, 0, 2, 1) + 5));
    }
  }
}

TEST_CASE("geometry: elastic displacements have the size that they should have") {
  const auto x = coordinates(250, 250);
  const auto y = augmented_bytes(elastic_transform{{30, 30}, {3, 3}}, x);
  // A mean of uniform numbers, of variance 1/3 each, with the squared weights of the Gaussian.
  double squares = 0;
  for (const double w : lamina::detail::gaussian_values(17, 3)) squares += w * w;
  const double expected = 30 * std::sqrt(squares * squares / 3);
  for (index_t c = 0; c < 2; ++c) {
    double sum = 0, sum2 = 0;
    index_t count = 0;
    for (index_t h = 20; h < 230; ++h)
      for (index_t w = 20; w < 230; ++w, ++count) {
        const double d = static_cast<double>(y(0, h, w, c)) - static_cast<double>(c == 0 ? w : h);
        sum += d;
        sum2 += d * d;
      }
    const double mean = sum / static_cast<double>(count), deviation = std::sqrt(sum2 / static_cast<double>(count));
    CHECK(std::abs(mean) < 0.2);
    CHECK(deviation == doctest::Approx(expected).epsilon(0.06));
  }
  CHECK(same_bits<std::uint8_t>(augmented_bytes(elastic_transform{{0, 0}, {3, 3}}, x).view(), x.view()));
}

TEST_CASE("geometry: grid distortion stretches cell by cell") {
  const auto x = coordinates(90, 90);
  CHECK(same_bits<std::uint8_t>(augmented_bytes(grid_distortion{{4, 4}, {0, 0}}, x).view(), x.view()));
  const auto half = augmented_bytes(grid_distortion{{3, 3}, {-0.5f, -0.5f}}, x);
  for (index_t p = 0; p < 90; p += 2) {
    CHECK(half(0, p, p, 0) == p / 2);
    CHECK(half(0, p, p, 1) == p / 2);
  }
  // Three cells of 30 pixels: within each the step is the same, up to the rounding of values, and cells join.
  const auto y = augmented_bytes(grid_distortion{{3, 3}, {-0.3f, 0}}, x, 7);
  for (const index_t first : {0, 30, 60}) {
    const double step = (static_cast<double>(y(0, 0, first + 29, 0)) - static_cast<double>(y(0, 0, first, 0))) / 29;
    CHECK(step > 0.65);
    CHECK(step < 1.05);
    for (index_t w = first; w < first + 30; ++w)
      CHECK(std::abs(y(0, 0, w, 0) - (y(0, 0, first, 0) + step * static_cast<double>(w - first))) <= 1.1);
    if (first > 0) CHECK(y(0, 0, first, 0) - y(0, 0, first - 1, 0) <= 2);
  }
}

TEST_CASE("geometry: optical distortion is radial, looked up about a shifted middle") {
  const auto x = coordinates(200, 160);
  CHECK(same_bits<std::uint8_t>(augmented_bytes(optical_distortion{{0, 0}, {0, 0}}, x).view(), x.view()));
  const auto shifted = augmented_bytes(optical_distortion{{0, 0}, {3, 3}}, x);
  CHECK(shifted(0, 70, 80, 0) == 83);
  CHECK(shifted(0, 70, 80, 1) == 73);
  const auto y = augmented_bytes(optical_distortion{{-0.4f, -0.4f}, {6, 6}}, x);
  for (const auto& [w, h] : {std::pair<index_t, index_t>{80, 100}, {20, 30}, {150, 180}, {86, 10}}) {
    const double u = (static_cast<double>(w) - 79.5) / 160, v = (static_cast<double>(h) - 99.5) / 200;
    const double r2 = u * u + v * v, factor = 1 - 0.4 * r2 - 0.4 * r2 * r2;
    CHECK(std::abs(y(0, h, w, 0) - (85.5 + 160 * u * factor)) < 0.6);
    CHECK(std::abs(y(0, h, w, 1) - (105.5 + 200 * v * factor)) < 0.6);
  }
}

TEST_CASE("geometry: places beyond an edge lie where the border's rule has whole pixels") {
  for (const border kind : all_borders)
    for (const index_t extent : {1, 2, 7})
      for (index_t p = -30; p < 30; ++p) {
        CAPTURE(name(kind));
        CAPTURE(extent);
        CAPTURE(p);
        const index_t pixel = border_position(kind, p, extent);
        const double place = augment::detail::border_place(kind, static_cast<double>(p), extent);
        if (pixel < 0)
          CHECK(std::isnan(place));
        else
          CHECK(place == static_cast<double>(pixel));
      }
}

TEST_CASE("geometry: places between pixels beyond an edge are mirrored or continued") {
  const auto place = [](border kind, double p) { return augment::detail::border_place(kind, p, 5); };
  CHECK(place(border::reflect, -1.25) == doctest::Approx(0.25));  // about −0.5
  CHECK(place(border::reflect, 5.5) == doctest::Approx(3.5));     // about 4.5
  CHECK(place(border::reflect_101, -1.25) == doctest::Approx(1.25));
  CHECK(place(border::reflect_101, 5.5) == doctest::Approx(2.5));
  CHECK(place(border::wrap, -1.25) == doctest::Approx(3.75));
  CHECK(place(border::replicate, 5.5) == 4);
  CHECK(place(border::constant, -0.25) == -0.25);  // the outer half of a pixel is the picture's
  CHECK(std::isnan(place(border::constant, -0.75)));
}
