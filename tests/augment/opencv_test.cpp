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

TEST_CASE("mirror, flip, transposition: cv::flip and cv::transpose exactly") {
  const int compared = for_each_golden("move", [](const auto& x, const auto& p, const auto& expected) {
    const auto op = p[0] == "mirror" ? augment::augmentation(augment::mirror{1})
                    : p[0] == "flip" ? augment::augmentation(augment::flip{1})
                                     : augment::augmentation(augment::transpose{1});
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 3);
}

TEST_CASE("centre crop: cv::getRectSubPix exactly") {
  const int compared = for_each_golden("crop", [](const auto& x, const auto& p, const auto& expected) {
    const augment::center_crop op{image_size{std::stol(p[0]), std::stol(p[1])}};
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 3);
}

TEST_CASE("crop beyond the edges: cv::copyMakeBorder exactly") {
  const int compared = for_each_golden("border", [](const auto& x, const auto& p, const auto& expected) {
    const augment::random_crop op{{18, 14}, *border_named(p[0]), 99};
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 5);
}

TEST_CASE("letterbox: cv::resize and cv::copyMakeBorder exactly") {
  const int compared = for_each_golden("letterbox", [](const auto& x, const auto& p, const auto& expected) {
    const augment::letterbox op{{std::stol(p[0]), std::stol(p[1])}, 7};
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 2);
}

TEST_CASE("affine: cv::warpAffine exactly") {
  const int compared = for_each_golden("affine", [](const auto& x, const auto& p, const auto& expected) {
    const float angle = number(p[0]), scale = number(p[1]) / 100, shear = number(p[2]), shift = number(p[3]) / 1000;
    const augment::affine op{{angle, angle}, {scale, scale}, {shear, shear}, {shift, shift}};
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 3);
}

TEST_CASE("grid distortion: cv::remap exactly") {
  const int compared = for_each_golden("grid", [](const auto& x, const auto& p, const auto& expected) {
    const float cells = number(p[0]), stretch = number(p[1]) / 100;
    CHECK(largest_difference(augmented_bytes(augment::grid_distortion{{cells, cells}, {stretch, stretch}}, x),
                             expected) == 0);
  });
  CHECK(compared == 2);
}

TEST_CASE("Gaussian and median blur: cv::GaussianBlur and cv::medianBlur exactly") {
  int compared = for_each_golden("gaussian", [](const auto& x, const auto& p, const auto& expected) {
    const float sigma = number(p[0]) / 100;
    CHECK(largest_difference(augmented_bytes(augment::gaussian_blur{{sigma, sigma}}, x), expected) == 0);
  });
  CHECK(compared == 3);
  compared = for_each_golden("median", [](const auto& x, const auto& p, const auto& expected) {
    CHECK(largest_difference(augmented_bytes(augment::median_blur{{number(p[0]), number(p[0])}}, x), expected) == 0);
  });
  CHECK(compared == 2);
}

TEST_CASE("motion blur: cv::filter2D within 1") {
  const int compared = for_each_golden("motion", [](const auto& x, const auto& p, const auto& expected) {
    const float side = number(p[0]), angle = number(p[1]);
    CHECK(largest_difference(augmented_bytes(augment::motion_blur{{side, side}, {angle, angle}}, x), expected) <= 1);
  });
  CHECK(compared == 3);
}

TEST_CASE("gamma: cv::LUT exactly") {
  const int compared = for_each_golden("gamma", [](const auto& x, const auto& p, const auto& expected) {
    const float gamma = number(p[0]) / 100;
    CHECK(largest_difference(augmented_bytes(augment::gamma_contrast{{gamma, gamma}}, x), expected) == 0);
  });
  CHECK(compared == 2);
}

TEST_CASE("brightness, contrast, scaling of an interval: cv::Mat::convertTo exactly, rounded and saturated") {
  int compared = for_each_golden("brightness", [](const auto& x, const auto& p, const auto& expected) {
    const float beta = number(p[0]) + 0.25f;
    CHECK(largest_difference(augmented_bytes(augment::brightness{{beta, beta}}, x), expected) == 0);
  });
  CHECK(compared == 2);
  compared = for_each_golden("contrast", [](const auto& x, const auto& p, const auto& expected) {
    const float alpha = number(p[0]) / 100;
    CHECK(largest_difference(augmented_bytes(augment::contrast{{alpha, alpha}}, x), expected) == 0);
  });
  CHECK(compared == 2);
  compared = for_each_golden("scale_from_to", [](const auto& x, const auto& p, const auto& expected) {
    const augment::scale_from_to op{number(p[0]), number(p[1]), number(p[2]), number(p[3])};
    CHECK(largest_difference(augmented_bytes(op, x), expected) == 0);
  });
  CHECK(compared == 1);
}

TEST_CASE("scaling of the extremes: cv::normalize exactly") {
  const int compared = for_each_golden("scale_to", [](const auto& x, const auto& p, const auto& expected) {
    CHECK(largest_difference(augmented_bytes(augment::scale_to{number(p[0]), number(p[1])}, x), expected) == 0);
  });
  CHECK(compared == 2);
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
