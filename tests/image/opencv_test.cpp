// SPDX-License-Identifier: Apache-2.0
// Functions on pixels against what OpenCV 4.6 makes of the same picture: tests/golden/make_pixels.py. Resizing, warps
// and filters are compared in the tests that are named for them, augmentations in tests/augment/opencv_test.cpp.
#include <lamina/image/convert.hpp>
#include <lamina/image/lookup.hpp>

#include "../support/pictures.hpp"

#include <array>
#include <utility>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("moves: cv::flip, cv::transpose and cv::rotate exactly", T, std::uint8_t, std::uint16_t, float) {
  const std::string type = type_name<T>();
  const golden_file golden("pixels.safetensors");
  const auto x = golden.tensor<T>(type + ".x");
  const std::pair<std::string, view<const T>> moves[] = {
      {"flip." + type + ".-1", flip_left_right(flip_up_down(x.view()))},
      {"flip." + type + ".0", flip_up_down(x.view())},
      {"flip." + type + ".1", flip_left_right(x.view())},
      {"transpose." + type, transpose(x.view())},
      {"rotate." + type + ".0", rotate_quarters(x.view(), 1)},
      {"rotate." + type + ".1", rotate_quarters(x.view(), 2)},
      {"rotate." + type + ".2", rotate_quarters(x.view(), 3)},
  };
  for_each_isa([&](cpu_context& ctx) {
    for (const auto& move : moves) {
      CAPTURE(move.first);
      tensor<T> y(move.second.extents());
      copy_pixels(ctx, move.second, y.view());
      CHECK(same_bits<T>(y, golden.tensor<T>(move.first)));
    }
  });
}

TEST_CASE_TEMPLATE("lookup: cv::LUT exactly, of one table or one a channel", T, std::uint8_t, float) {
  const golden_file golden("pixels.safetensors");
  const auto x = golden.tensor<std::uint8_t>("uint8.x");
  for (const std::string count : {"1", "3"}) {
    CAPTURE(count);
    const auto interleaved = golden.tensor<T>("table." + type_name<T>() + "." + count);  // [256][C]
    std::vector<T> table;
    for (index_t c = 0; c < interleaved.extents().c; ++c)
      for (index_t v = 0; v < 256; ++v) table.push_back(interleaved(0, 0, v, c));
    for_each_isa([&](cpu_context& ctx) {
      tensor<T> y(x.extents());
      lookup(ctx, x, table, y.view());
      CHECK(same_bits<T>(y, golden.tensor<T>("lut." + type_name<T>() + "." + count)));
    });
  }
}

namespace {

template <class From, class To>
void check_conversion(const golden_file& golden) {
  const std::string name = "convert." + type_name<From>() + "." + type_name<To>();
  CAPTURE(name);
  const auto x = golden.tensor<From>(name + ".x");
  const auto expected = golden.tensor<To>(name);
  CHECK(same_bits<To>(convert_to<To>(x), expected));
  for_each_isa([&](cpu_context& ctx) {
    tensor<To> y(x.extents());
    convert(ctx, x.view(), y.view());
    CHECK(same_bits<To>(y, expected));
  });
}

}  // namespace

TEST_CASE("convert: cv::Mat::convertTo exactly, ties to even, saturated") {
  const golden_file golden("pixels.safetensors");
  check_conversion<float, std::uint8_t>(golden);
  check_conversion<float, std::uint16_t>(golden);
  check_conversion<std::uint16_t, std::uint8_t>(golden);
  check_conversion<std::uint8_t, std::uint16_t>(golden);
  check_conversion<std::uint8_t, float>(golden);
  check_conversion<std::uint16_t, float>(golden);
  check_conversion<float, std::int32_t>(golden);
  check_conversion<std::int32_t, std::uint8_t>(golden);
  check_conversion<std::int32_t, std::uint16_t>(golden);
  check_conversion<std::int32_t, float>(golden);
  check_conversion<std::uint8_t, std::int32_t>(golden);
  check_conversion<std::uint16_t, std::int32_t>(golden);
}

TEST_CASE("to_float and denormalize: cv::Mat::convertTo with a scale exactly") {
  const golden_file golden("pixels.safetensors");
  const auto x = golden.tensor<std::uint8_t>("uint8.x");
  for (const int divisor : {1, 16, 255}) {
    CAPTURE(divisor);
    for_each_isa([&](cpu_context& ctx) {
      tensor<float> y(x.extents());
      to_float(ctx, x, y, 1.0f / static_cast<float>(divisor));
      CHECK(same_bits<float>(y, golden.tensor("to_float." + std::to_string(divisor))));
    });
  }
  const auto unit = golden.tensor("to_bytes.x");
  tensor<std::uint8_t> y(unit.extents());
  denormalize(unit, std::array<float, 3>{0, 0, 0}, std::array<float, 3>{1, 1, 1}, y);
  CHECK(same_bits<std::uint8_t>(y, golden.tensor<std::uint8_t>("to_bytes")));
}

TEST_CASE("normalize: cv::subtract and cv::divide exactly") {
  const golden_file golden("pixels.safetensors");
  const auto x = golden.tensor("normalize.x");
  const auto mean = golden.values<float>("normalize.mean");
  const auto deviation = golden.values<float>("normalize.deviation");
  for_each_isa([&](cpu_context& ctx) {
    tensor<float> y(x.extents());
    normalize(ctx, x, mean, deviation, y);
    CHECK(same_bits<float>(y, golden.tensor("normalize")));
  });
}

TEST_CASE("rgb_to_grey: cv::cvtColor within 1") {
  const golden_file golden("pixels.safetensors");
  const auto x = golden.tensor<std::uint8_t>("uint8.x"), expected = golden.tensor<std::uint8_t>("grey");
  tensor<std::uint8_t> y(expected.extents());
  rgb_to_grey(x, y.view());
  CHECK(largest_difference<std::uint8_t>(y, expected) <= 1);
}
