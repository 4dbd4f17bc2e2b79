// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/lesion_figures.hpp>

#include "../support/masks.hpp"

#include <numbers>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// 255 where inside(x, y) holds of a pixel's centre.
template <class Inside>
tensor<std::uint8_t> mask_where(index_t height, index_t width, Inside&& inside) {
  tensor<std::uint8_t> mask({1, height, width, 1});
  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w)
      mask(0, h, w, 0) = inside(static_cast<double>(w), static_cast<double>(h)) ? 255 : 0;
  return mask;
}

}  // namespace

TEST_CASE("lesion_figures: equal to scikit-image's regionprops, asymmetry to SciPy's interpolation") {
  const golden_file golden("lesion_figures.safetensors");
  for (index_t number = 0; number < 8; ++number) {
    CAPTURE(number);
    const auto expected = golden.values<double>(std::to_string(number));
    const lesion_figures f = measure_lesion(speckled_mask(number));
    const double found[] = {static_cast<double>(f.area),   static_cast<double>(f.left),
                            static_cast<double>(f.top),    static_cast<double>(f.width),
                            static_cast<double>(f.height), f.centroid.x,
                            f.centroid.y,                  f.perimeter,
                            f.equivalent_diameter,         f.major_axis,
                            f.minor_axis,                  f.eccentricity,
                            f.orientation,                 f.asymmetry_about_major,
                            f.asymmetry_about_minor};
    REQUIRE(expected.size() == std::size(found));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(i);
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-9));
    }
    CHECK(f.compactness == doctest::Approx(4 * std::numbers::pi * expected[0] / (expected[7] * expected[7])));
    CHECK(f.border_irregularity * f.compactness == doctest::Approx(1));
  }
}

TEST_CASE("lesion_figures: a disk") {
  const lesion_figures f =
      measure_lesion(mask_where(140, 130, [](double x, double y) { return std::hypot(x - 60, y - 70) < 50; }));
  CHECK(f.perimeter == doctest::Approx(2 * std::numbers::pi * 50).epsilon(0.01));
  CHECK(f.equivalent_diameter == doctest::Approx(100).epsilon(0.01));
  CHECK(f.major_axis == doctest::Approx(100).epsilon(0.01));
  CHECK(f.eccentricity < 1e-6);
  CHECK(f.compactness == doctest::Approx(1).epsilon(0.02));
  CHECK((f.centroid.x == 60 && f.centroid.y == 70));
  CHECK((f.left == 11 && f.top == 21 && f.width == 99 && f.height == 99));
  CHECK(f.asymmetry_score(0.02) == 0);
}

TEST_CASE("lesion_figures: the axes of an ellipse that is turned, and its symmetry") {
  for (const double degrees : {-60.0, 0.0, 25.0, 80.0}) {
    CAPTURE(degrees);
    const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
    const lesion_figures f = measure_lesion(mask_where(160, 150, [&](double x, double y) {
      const double down = y - 80, right = x - 75, along = down * c + right * s, across = right * c - down * s;
      return along * along / (60 * 60) + across * across / (30 * 30) < 1;
    }));
    CHECK(f.major_axis == doctest::Approx(120).epsilon(0.01));
    CHECK(f.minor_axis == doctest::Approx(60).epsilon(0.01));
    CHECK(f.orientation == doctest::Approx(angle).epsilon(0.002));
    CHECK(f.eccentricity == doctest::Approx(std::sqrt(0.75)).epsilon(0.005));
    CHECK(f.asymmetry_about_major < 0.03);
    CHECK(f.asymmetry_about_minor < 0.03);
  }
}

TEST_CASE("lesion_figures: a triangle is symmetric over one axis, a comma over none") {
  const auto triangle = mask_where(100, 100, [](double x, double y) { return y < 90 && std::abs(x - 50) < y / 4; });
  const lesion_figures f = measure_lesion(triangle);
  CHECK(f.asymmetry_about_major < 0.01);
  CHECK(f.asymmetry_about_minor > 0.2);
  CHECK(f.asymmetry_score() == 1);
  const auto comma = mask_where(100, 100, [](double x, double y) {
    return std::hypot(x - 40, y - 30) < 20 || (std::abs(x - 25) < 5 && y > 25 && y < 90);
  });
  CHECK(measure_lesion(comma).asymmetry_score() == 2);
}

TEST_CASE("lesion_figures: one pixel, and none") {
  tensor<std::uint8_t> mask({1, 5, 7, 1});
  const lesion_figures none = measure_lesion(mask);
  CHECK((none.area == 0 && none.left == 0 && none.top == 0 && none.width == 0 && none.height == 0));
  for (const double figure : {none.centroid.x, none.centroid.y, none.perimeter, none.equivalent_diameter,
                              none.major_axis, none.minor_axis, none.eccentricity, none.orientation, none.compactness,
                              none.border_irregularity, none.asymmetry_about_major, none.asymmetry_about_minor})
    CHECK(std::isnan(figure));
  CHECK(none.asymmetry_score() == 0);
  mask(0, 4, 6, 0) = 128;
  const lesion_figures one = measure_lesion(mask);
  CHECK((one.area == 1 && one.left == 6 && one.top == 4 && one.width == 1 && one.height == 1));
  CHECK((one.centroid.x == 6 && one.centroid.y == 4));
  CHECK((one.major_axis == 0 && one.eccentricity == 0));
  CHECK((one.asymmetry_about_major == 0 && one.asymmetry_about_minor == 0));
}

TEST_CASE("lesion_figures: wrong shapes are refused") {
  const tensor<std::uint8_t> colours({1, 4, 4, 3});
  check_error([&] { measure_lesion(colours); }, "measure_lesion: mask [1,4,4,3] is not [1,H,W,1]");
}
