// SPDX-License-Identifier: Apache-2.0
// Augmentations against what OpenCV 4.6 makes of the same picture: tests/golden/make_augment.py.
#include <lamina/image/homography.hpp>

#include "../support/augmentation.hpp"
#include "../support/golden.hpp"

#include <sstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Calls compare(picture, parameters, expected) for every golden picture of an operation; returns their number.
template <class Compare>
int for_each_golden(const std::string& operation, Compare&& compare) {
  const golden_file golden("augment.safetensors");
  int count = 0;
  for (const std::string& name : golden.names()) {
    if (name.rfind(operation + ".", 0) != 0 || name.back() == 'x') continue;
    CAPTURE(name);
    std::vector<std::string> parts;
    std::istringstream in(name);
    for (std::string part; std::getline(in, part, '.');) parts.push_back(part);
    const auto x = golden.tensor<std::uint8_t>(parts[0] + "." + parts[1] + ".x");
    compare(x, std::vector(parts.begin() + 2, parts.end()), golden.tensor<std::uint8_t>(name));
    ++count;
  }
  return count;
}
float number(const std::string& text) { return std::stof(text); }

int largest_difference(const tensor<std::uint8_t>& a, const tensor<std::uint8_t>& b) {
  REQUIRE(a.extents() == b.extents());
  int largest = 0;
  for (index_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("CLAHE: cv::createCLAHE within 1") {
  const int compared = for_each_golden("clahe", [](const auto& x, const auto& p, const auto& expected) {
    const image_size tiles{std::stol(p[1]), std::stol(p[2])};
    CHECK(largest_difference(augmented_bytes(augment::clahe{{number(p[0]), number(p[0])}, tiles}, x), expected) <= 1);
  });
  CHECK(compared == 12);
}

TEST_CASE("hue, saturation, value: cv::cvtColor of floats within 1") {
  const int compared = for_each_golden("hsv", [](const auto& x, const auto& p, const auto& expected) {
    const float hue = number(p[0]), saturation = number(p[1]) / 100, value = number(p[2]) / 100;
    const augment::hue_saturation_value op{{hue, hue}, {saturation, saturation}, {value, value}};
    CHECK(largest_difference(augmented_bytes(op, x), expected) <= 1);
  });
  CHECK(compared == 5);
}

TEST_CASE("rotation: cv::warpAffine exactly") {
  const int compared = for_each_golden("rotate", [](const auto& x, const auto& p, const auto& expected) {
    augment::rotate op{{number(p[1]), number(p[1])}, {}, number(p[2]) / 100};
    op.interp = *interpolation_named(p[0]);
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 9);
}

TEST_CASE("optical distortion: cv::initUndistortRectifyMap and cv::remap within 1") {
  const int compared = for_each_golden("optical", [](const auto& x, const auto& p, const auto& expected) {
    const float k = number(p[0]) / 100, shift = number(p[1]);
    CHECK(largest_difference(augmented_bytes(augment::optical_distortion{{k, k}, {shift, shift}}, x), expected) <= 1);
  });
  CHECK(compared == 2);
}

TEST_CASE("JPEG compression: cv::imencode and cv::imdecode exactly") {
  const int compared = for_each_golden("jpeg", [](const auto& x, const auto& p, const auto& expected) {
    CHECK(largest_difference(augmented_bytes(augment::jpeg_compression{{number(p[0]), number(p[0])}}, x), expected) ==
          0);
  });
  CHECK(compared == 3);
}

TEST_CASE("homography: cv::getPerspectiveTransform") {
  const golden_file golden("augment.safetensors");
  std::array<point, 4> from, to;
  const auto f = golden.values<float>("homography.from"), t = golden.values<float>("homography.to");
  for (std::size_t i = 0; i < 4; ++i) {
    from[i] = {f[2 * i], f[2 * i + 1]};
    to[i] = {t[2 * i], t[2 * i + 1]};
  }
  const auto expected = golden.values<double>("homography.map");
  const projective_map map = homography(from, to);
  for (std::size_t i = 0; i < 9; ++i) CHECK(map.m[i] == doctest::Approx(expected[i]).epsilon(1e-9));
  check_error([&] { homography({{{0, 0}, {1, 1}, {2, 2}, {0, 1}}}, to); }, "homography: three of four points lie on");
}
