// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/resize.hpp>

#include "../support/pictures.hpp"

#include <sstream>
#include <type_traits>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("resize: equal to OpenCV's cv::resize", T, std::uint8_t, std::uint16_t, float) {
  const std::string type = sizeof(T) == 1 ? "uint8." : sizeof(T) == 2 ? "uint16." : "float32.";
  const golden_file golden("resize.safetensors");
  int compared = 0;
  for (const std::string& entry : golden.names()) {
    if (entry.rfind(type, 0) != 0 || entry.back() == 'x') continue;
    CAPTURE(entry);
    std::istringstream parts(entry);
    std::string part, source, method;
    std::getline(parts, part, '.');
    std::getline(parts, source, '.');
    std::getline(parts, method, '.');
    const auto x = golden.tensor<T>(type + source + ".x"), expected = golden.tensor<T>(entry);
    const auto interpolate = interpolation_named(method);
    REQUIRE(interpolate.has_value());

    for_each_isa([&](cpu_context& ctx) {
      tensor<T> y(expected.extents());
      resize(ctx, x, *interpolate, y.view());
      const bool exact = method == "nearest" || (method == "linear" && sizeof(T) == 1);
      CHECK(largest_difference<T>(y, expected) <= (exact ? 0 : std::is_same_v<T, float> ? 1e-5 : 1));
      for_each_layout(x, y.extents(), [&](view<const T> lying_x, view<T> lying_y) {
        resize(ctx, lying_x, *interpolate, lying_y);
        CHECK(same_bits<T>(as_const(lying_y), y.view()));
      });
    });
    ++compared;
  }
  CHECK(compared == 30);
}

TEST_CASE("resize: the same bits with any number of workers") {
  thread_pool workers(3);
  cpu_context ctx(workers);
  const auto x = random_tensor<float>({2, 300, 100, 3}, 5);
  for (const interpolation method : all_interpolations)
    for (const auto& size : {std::pair<index_t, index_t>{300, 40}, {131, 47}, {150, 50}, {128, 180}}) {
      const auto height = size.first, width = size.second;
      CAPTURE(name(method));
      CAPTURE(height);
      CHECK(same_bits<float>(resized(ctx, x.view(), method, height, width).view(),
                             resized(x.view(), method, height, width).view()));
    }
}

TEST_CASE_TEMPLATE("resize: any channels, the same bits with every isa", T, std::uint8_t, std::uint16_t, float) {
  for (const index_t C : {1, 2, 3, 4, 5, 17})
    for (const auto& size : {std::pair<index_t, index_t>{37, 90}, {120, 33}, {41, 130}, {9, 7}}) {
      const auto height = size.first, width = size.second;
      const auto x = random_picture<T>({1, 80, 66, C}, 11);
      for (const interpolation method : all_interpolations) {
        CAPTURE(C);
        CAPTURE(height);
        CAPTURE(name(method));
        cpu_context portable({.isa = isa::portable});
        const auto expected = resized(portable, x.view(), method, height, width);
        for_each_isa([&](cpu_context& ctx) {
          const auto y = resized(ctx, x.view(), method, height, width);
          CHECK(same_bits<T>(y.view(), expected.view()));
          for_each_layout(x, y.extents(), [&](view<const T> lying_x, view<T> lying_y) {
            resize(ctx, lying_x, method, lying_y);
            CHECK(same_bits<T>(as_const(lying_y), y.view()));
          });
        });
      }
    }
}

TEST_CASE("resize: bytes by one half are the mean of four, rounded half up") {
  const auto x = random_picture<std::uint8_t>({1, 24, 34, 3}, 12);
  for_each_isa([&](cpu_context& ctx) {
    for (const interpolation method : {interpolation::linear, interpolation::area}) {
      const auto y = resized(ctx, x.view(), method, 12, 17);
      bool same = true;
      for (index_t h = 0; h < 12; ++h)
        for (index_t w = 0; w < 17; ++w)
          for (index_t c = 0; c < 3; ++c) {
            const int sum = x(0, 2 * h, 2 * w, c) + x(0, 2 * h, 2 * w + 1, c) + x(0, 2 * h + 1, 2 * w, c) +
                            x(0, 2 * h + 1, 2 * w + 1, c);
            same &= y(0, h, w, c) == (sum + 2) / 4;
          }
      CHECK(same);
    }
  });
}

TEST_CASE_TEMPLATE("resize: area keeps the mean, by whole numbers and large ones", T, std::uint8_t, float) {
  const auto x = random_picture<T>({1, 90, 120, 3}, 13);
  for (const auto& size : {std::pair<index_t, index_t>{30, 40}, {1, 1}, {2, 3}, {45, 30}, {90, 1}}) {
    const auto height = size.first, width = size.second;
    CAPTURE(height);
    const auto y = resized(x.view(), interpolation::area, height, width);
    for (index_t h = 0; h < height; ++h)
      for (index_t w = 0; w < width; ++w) {
        double sum = 0;
        for (index_t i = h * 90 / height; i < (h + 1) * 90 / height; ++i)
          for (index_t j = w * 120 / width; j < (w + 1) * 120 / width; ++j) sum += static_cast<double>(x(0, i, j, 1));
        const double mean = sum / static_cast<double>(90 / height * (120 / width));
        CHECK(std::abs(mean - static_cast<double>(y(0, h, w, 1))) <= (sizeof(T) == 1 ? 0.5001 : 1e-6));
      }
  }
}

TEST_CASE("resize: a flat picture stays flat, black and white stay in range") {
  for (const interpolation method : all_interpolations) {
    CAPTURE(name(method));
    for (const auto& size : {std::pair<index_t, index_t>{5, 31}, {40, 3}, {17, 17}, {9, 6}}) {
      const auto height = size.first, width = size.second;
      tensor<std::uint8_t> x({1, 18, 12, 3}), board({1, 18, 12, 3});
      x.fill(201);
      for (index_t i = 0; i < board.size(); ++i) board[i] = i / 3 % 2 == 0 ? 255 : 0;
      const auto y = resized(x.view(), method, height, width);
      CHECK(*std::min_element(y.begin(), y.end()) >= 200);
      CHECK(*std::max_element(y.begin(), y.end()) <= 202);
      resized(board.view(), method, height, width);  // the sanitizer looks for overflow
    }
  }
}

TEST_CASE("resize: interpolations by name") {
  for (const interpolation method : all_interpolations) CHECK(interpolation_named(name(method)) == method);
  CHECK(!interpolation_named("bicubic").has_value());
}

TEST_CASE("resize: wrong shapes are refused") {
  tensor<std::uint8_t> x({1, 4, 4, 3}), y({1, 2, 2, 1});
  check_error([&] { resize(x.view(), interpolation::area, y.view()); },
              "resize: x [1,4,4,3] and y [1,2,2,1] must agree in N and C");
  check_error([&] { resized(x.view(), interpolation::area, 0, 2); }, "resized: 0×2 pixels wanted of [1,4,4,3]");
}
