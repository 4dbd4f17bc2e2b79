// SPDX-License-Identifier: Apache-2.0
// Functions of single values, conversions and blur.
#include "../support/augmentation.hpp"

using namespace lamina;
using namespace lamina::testing;
using namespace lamina::augment;

namespace {

/// All bytes, in each channel.
tensor<std::uint8_t> ramp() {
  tensor<std::uint8_t> x({1, 16, 16, 3});
  for (index_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i / 3);
  return x;
}
template <class Expected>
void check_bytes(const tensor<std::uint8_t>& y, Expected&& expected) {
  const auto x = ramp();
  for (index_t i = 0; i < x.size(); ++i) {
    const double wanted = std::clamp(expected(static_cast<double>(x[i])), 0.0, 255.0);
    if (std::abs(y[i] - wanted) > 0.5 + 1e-4) {
      FAIL_CHECK("value ", static_cast<int>(x[i]), " became ", static_cast<int>(y[i]), " instead of ", wanted);
      return;
    }
  }
  CHECK(y.size() == x.size());
}

}  // namespace

TEST_CASE("pixels: gamma and brightness are rounded, not cut") {
  for (const float gamma : {0.0f, 0.5f, 1.0f, 1.7f}) {
    CAPTURE(gamma);
    check_bytes(augmented_bytes(gamma_contrast{{gamma, gamma}}, ramp()),
                [&](double v) { return 255 * std::pow(v / 255, double{gamma}); });
  }
  for (const float beta : {-300.0f, -20.3f, 0.6f, 33.0f}) {
    CAPTURE(beta);
    check_bytes(augmented_bytes(brightness{{beta, beta}}, ramp()), [&](double v) { return v + double{beta}; });
  }
  // On floats, with what white has become.
  const auto y = augmented_floats(sequential{augment::to_float{255}, gamma_contrast{{2, 2}}}, ramp());
  CHECK(y[3 * 51] == doctest::Approx(0.04));
}

TEST_CASE("pixels: conversions to floats") {
  const auto x = ramp(), m = ellipse_mask(16, 16);
  const auto apply = [&](augmentation op) { return recipe(std::move(op)).apply({}, x.view(), m.view()); };
  const auto plain = apply(augment::to_float{});
  CHECK(as<float>(plain.image)[3 * 200] == 200);
  CHECK(values_of(as<float>(plain.mask)) == std::set<float>{0, 255});
  const auto divided = apply(augment::to_float{.divisor = 2, .divisor_gt = 255});
  CHECK(as<float>(divided.image)[3 * 201] == 100.5f);
  CHECK(values_of(as<float>(divided.mask)) == std::set<float>{0, 1});
  const auto by_255 = apply(div_by_255{});
  CHECK(as<float>(by_255.image)[3 * 51] == 51.0f / 255);
  CHECK(values_of(as<float>(by_255.mask)) == std::set<float>{0, 1});

  const auto normal = apply(sequential{div_by_255{}, augment::normalize{{0.1f, 0.2f, 0.3f}, {0.5f, 0.25f, 2}}});
  for (index_t c = 0; c < 3; ++c) {
    const float mean[] = {0.1f, 0.2f, 0.3f}, deviation[] = {0.5f, 0.25f, 2};
    CHECK(as<float>(normal.image)(0, 3, 4, c) == (52.0f / 255 - mean[c]) / deviation[c]);
  }
  const auto one = apply(sequential{div_by_255{}, augment::normalize{{0.5f}, {0.25f}}});
  CHECK(as<float>(one.image)(0, 3, 4, 2) == (52.0f / 255 - 0.5f) / 0.25f);
  CHECK(std::holds_alternative<tensor<float>>(apply(augment::normalize{{128}, {64}}).image));
  CHECK(bytes(apply(augment::normalize{{128}, {64}}).mask).size() == 256);  // only "divide" ones touch the mask
  const auto grey = random_picture(3, 4, 5);
  CHECK(augmented_floats(augment::normalize{{1, 2, 3, 4, 5}, {1}}, grey)(0, 1, 1, 4) ==
        static_cast<float>(grey(0, 1, 1, 4)) - 5);
}

TEST_CASE("pixels: scaling between intervals") {
  auto x = ramp();
  for (auto& v : x) v = std::clamp<std::uint8_t>(v, 30, 180);
  const auto y = augmented_bytes(scale_to{0, 255}, x);
  CHECK(*std::min_element(y.begin(), y.end()) == 0);
  CHECK(*std::max_element(y.begin(), y.end()) == 255);
  CHECK(y[3 * 60] == 51);
  const auto turned = augmented_floats(sequential{augment::to_float{}, scale_to{1, -1}}, x);
  CHECK(turned[3 * 30] == doctest::Approx(1));
  CHECK(turned[3 * 200] == doctest::Approx(-1));
  x.fill(77);
  CHECK(values_of(augmented_bytes(scale_to{9, 200}, x)) == std::set<std::uint8_t>{9});
  check_bytes(augmented_bytes(scale_from_to{50, 150, 10, 210}, ramp()),
              [](double v) { return 10 + (std::clamp(v, 50.0, 150.0) - 50) * 2; });
}

TEST_CASE("pixels: the Gaussian's side follows the original's formula") {
  for (const auto& pair : {std::pair<double, index_t>{0.1, 3},
                                    {0.8, 3},
                                    {0.81, 3},
                                    {0.96, 5},
                                    {1.1, 5},
                                    {1.4, 7},
                                    {2.0, 11},
                                    {3.0, 17},
                                    {0.2, 3}}) {
    CAPTURE(pair.first);
    CHECK(gaussian_side(pair.first) == pair.second);
  }
  const auto x = random_picture(20, 30);
  const auto expected = [&](double sigma) {
    tensor<std::uint8_t> y(x.extents());
    cpu_context ctx;
    lamina::gaussian_blur(ctx, x.view(), gaussian_side(sigma), sigma, border::replicate, y.view());
    return y;
  };
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::gaussian_blur{{1.5f, 1.5f}}, x).view(), expected(1.5).view()));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::gaussian_blur{{-2, -2}}, x).view(), expected(0.8).view()));
  CHECK(same_bits<std::uint8_t>(augmented_bytes(augment::gaussian_blur{{0, 0}}, x).view(), expected(0.8).view()));
}
