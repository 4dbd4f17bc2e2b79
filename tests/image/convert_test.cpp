// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/convert.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("convert: saturates and rounds to nearest, ties to even") {
  CHECK(saturate_cast<std::uint8_t>(2.5f) == 2);
  CHECK(saturate_cast<std::uint8_t>(3.5f) == 4);
  CHECK(saturate_cast<std::uint8_t>(-7.0) == 0);
  CHECK(saturate_cast<std::uint8_t>(1e30f) == 255);
  CHECK(saturate_cast<std::uint8_t>(std::numeric_limits<float>::infinity()) == 255);
  CHECK(saturate_cast<std::uint8_t>(std::numeric_limits<float>::quiet_NaN()) == 0);
  CHECK(saturate_cast<std::uint8_t>(-3) == 0);
  CHECK(saturate_cast<std::int16_t>(std::uint32_t{70000}) == 32767);
  CHECK(saturate_cast<std::int32_t>(3e9f) == 2147483647);
  CHECK(saturate_cast<std::int32_t>(-3e9f) == -2147483647 - 1);
  CHECK(saturate_cast<float>(std::uint8_t{7}) == 7.0f);

  tensor<float> x({1, 1, 1, 3});
  x[0] = 0.4f, x[1] = 254.6f, x[2] = 300;
  tensor<std::uint8_t> y(x.extents());
  convert(as_const(x.view()), y.view());
  CHECK(y[0] == 0);
  CHECK(y[1] == 255);
  CHECK(y[2] == 255);
}

TEST_CASE_TEMPLATE("convert_to: every element by saturate_cast, with every isa and in any layout", To, std::uint8_t,
                   std::uint16_t, std::int16_t, std::int32_t, float) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float edges[] = {-infinity, -3e9f, -32768.5f, -1.5f, -0.5f, -0.0f,  0.5f,     1.5f,     2.5f,
                         254.5f,    255.5f, 256,      32767.5f, 65534.5f, 65535.5f, 2147483648.0f, 1e30f, infinity};
  tensor<float> x({1, 7, 9, 3});
  for (index_t i = 0; i < x.size(); ++i) x[i] = edges[i % std::ssize(edges)];
  if constexpr (std::is_integral_v<To>) x[5] = nan;  // 0
  tensor<To> expected(x.extents());
  for (index_t i = 0; i < x.size(); ++i) expected[i] = saturate_cast<To>(x[i]);
  CHECK(same_bits<To>(convert_to<To>(x), expected));
  CHECK(same_bits<To>(convert_to<To>(x.view()), expected));
  for_each_isa([&](cpu_context& ctx) {
    tensor<To> y(x.extents());
    convert(ctx, as_const(x.view()), y.view());
    CHECK(same_bits<To>(y, expected));
    sliced_tensor<float> wide(x.extents());
    copy_elements(as_const(x.view()), wide.slice());
    convert(ctx, as_const(wide.slice()), y.view());
    CHECK(same_bits<To>(y, expected));
  });
  if constexpr (std::is_integral_v<To>) {
    CHECK(expected[0] == std::numeric_limits<To>::min());
    CHECK(expected[4] == 0);
    CHECK(expected[5] == 0);
    CHECK(expected[8] == 2);
    CHECK(expected[17] == std::numeric_limits<To>::max());
  }
}

TEST_CASE("convert: denormalize undoes to_float and normalize for every byte") {
  tensor<std::uint8_t> x({1, 16, 16, 3}), back(x.extents());
  for (index_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i / 3);
  const float mean[] = {0.67501814f, 0.5663187f, 0.52339128f}, deviation[] = {0.11092593f, 0.10669603f, 0.119005f};
  tensor<float> y(x.extents());
  to_float(x.view(), y.view());
  CHECK(y(0, 15, 15, 0) == doctest::Approx(1));
  normalize(y.view(), mean, deviation, y.view());
  CHECK(y(0, 0, 0, 1) == doctest::Approx(-0.5663187 / 0.10669603));
  denormalize(y.view(), mean, deviation, back.view());
  CHECK(same_bits<std::uint8_t>(x.view(), back.view()));
}

TEST_CASE("convert: to_float and normalize, element by element, with every isa and in any layout") {
  for (const index_t C : {1, 2, 3, 5, 17}) {
    CAPTURE(C);
    const auto x = random_tensor<std::uint8_t>({2, 13, 29, C}, 1, 0, 256);
    const auto mean = random_tensor<float>(vector_shape(C), 2);
    const auto deviation = random_tensor<float>(vector_shape(C), 3, 1, 2);
    const std::span<const float> means(mean.data(), static_cast<std::size_t>(C));
    const std::span<const float> deviations(deviation.data(), static_cast<std::size_t>(C));
    tensor<float> scaled(x.extents()), normal(x.extents());
    for (index_t i = 0; i < x.size(); ++i) {
      scaled[i] = 0.0625f * static_cast<float>(x[i]);
      normal[i] = (scaled[i] - mean[i % C]) / deviation[i % C];
    }
    for_each_isa([&](cpu_context& ctx) {
      tensor<float> y(x.extents());
      to_float(ctx, x, y, 0.0625f);
      CHECK(same_bits<float>(y, scaled));
      normalize(ctx, y, means, deviations, y);
      CHECK(same_bits<float>(y, normal));
      for_each_layout(scaled, x.extents(), [&](view<const float> lying_x, view<float> lying_y) {
        normalize(ctx, lying_x, means, deviations, lying_y);
        CHECK(same_bits<float>(as_const(lying_y), normal));
        to_float(ctx, x, lying_y, 0.0625f);
        CHECK(same_bits<float>(as_const(lying_y), scaled));
      });
    });
  }
}

TEST_CASE("convert: channels") {
  tensor<std::uint8_t> rgb({1, 1, 2, 3});
  rgb[0] = 255, rgb[4] = 255;  // red, green
  const auto grey = with_channels(rgb.clone(), 1);
  CHECK(grey[0] == 76);
  CHECK(grey[1] == 150);
  const auto again = with_channels(grey.clone(), 3);
  CHECK(again.extents() == rgb.extents());
  CHECK(again[5] == 150);
  tensor<std::uint16_t> rgba({1, 1, 1, 4});
  rgba.fill(65535);
  CHECK(with_channels(rgba.clone(), 1)[0] == 65535);
  CHECK(with_channels(rgba.clone(), 3).extents() == shape{1, 1, 1, 3});
  CHECK(with_channels(rgba.clone(), 0).extents() == rgba.extents());
  check_error([&] { with_channels(rgb.clone(), 4); }, "with_channels: 4 channels wanted of [1,1,2,3]");
}

TEST_CASE("convert: wrong shapes and statistics are refused") {
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 2, 1});
  const float three[] = {1, 1, 1}, zero[] = {1, 0, 1};
  check_error([&] { normalize(x.view(), three, std::span(three).first(2), x.view()); },
              "normalize: 3 means and 2 deviations for 3 channels");
  check_error([&] { normalize(x.view(), three, zero, x.view()); }, "normalize: deviation 0 is not positive");
  check_error([&] { convert(as_const(x.view()), y.view()); }, "convert: x [1,2,2,3] and y [1,2,2,1] differ in shape");
  tensor<std::uint8_t> bytes({1, 2, 2, 3});
  check_error([&] { rgb_to_grey(bytes.view(), bytes.view()); }, "rgb_to_grey: x [1,2,2,3] and y [1,2,2,3]");
}
