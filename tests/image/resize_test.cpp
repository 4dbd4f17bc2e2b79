// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/resize.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

#include <sstream>
#include <type_traits>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("resize: equal to OpenCV 4.6", T, std::uint8_t, std::uint16_t, float) {
  const std::string type = sizeof(T) == 1 ? "uint8." : sizeof(T) == 2 ? "uint16." : "float32.";
  const golden_file golden("resize.safetensors");
  int compared = 0;
  for (const std::string& entry : golden.file().names()) {
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

    tensor<T> y(expected.extents());
    resize(x.view(), *interpolate, y.view());
    double largest = 0;
    for (index_t i = 0; i < y.size(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(y[i]) - static_cast<double>(expected[i])));
    const bool exact = method == "nearest" || (method == "linear" && sizeof(T) == 1);
    CHECK(largest <= (exact ? 0 : std::is_same_v<T, float> ? 1e-5 : 1));

    // A slice of wider buffers gives the same.
    tensor<T> wide_x({1, x.extents().h, x.extents().w, x.extents().c + 2}),
        wide_y({1, y.extents().h, y.extents().w, y.extents().c + 2});
    copy_pixels(x.view(), wide_x.view().channels(1, x.extents().c));
    resize(wide_x.view().channels(1, x.extents().c), *interpolate, wide_y.view().channels(1, y.extents().c));
    CHECK(same_bits<T>(wide_y.view().channels(1, y.extents().c), y.view()));
    ++compared;
  }
  CHECK(compared == 30);
}

TEST_CASE("resize: the same bits with any number of workers") {
  thread_pool workers(3);
  cpu_context ctx(workers);
  const auto x = random_tensor<float>({2, 300, 100, 3}, 5);
  for (const interpolation method : all_interpolations)
    for (const auto& [height, width] : {std::pair<index_t, index_t>{300, 40}, {131, 47}, {150, 50}, {128, 180}}) {
      CAPTURE(name(method));
      CAPTURE(height);
      CHECK(same_bits<float>(resized(ctx, x.view(), method, height, width).view(),
                             resized(x.view(), method, height, width).view()));
    }
}

TEST_CASE("resize: a flat picture stays flat, black and white stay in range") {
  for (const interpolation method : all_interpolations) {
    CAPTURE(name(method));
    for (const auto& [height, width] : {std::pair<index_t, index_t>{5, 31}, {40, 3}, {17, 17}, {9, 6}}) {
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
