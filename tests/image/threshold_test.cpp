// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/threshold.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("threshold: each side, in any layout", T, std::uint8_t, std::uint16_t, float) {
  const auto x = random_picture<T>({2, 9, 70, 3}, 8);
  const T t = x(1, 4, 33, 2);
  cpu_context ctx;
  for (const threshold_side side : {threshold_side::above, threshold_side::at_most}) {
    tensor<std::uint8_t> y(x.extents()), turned({2, 70, 9, 3});
    threshold(ctx, x.view(), t, side, y.view());
    index_t wrong = 0;
    for (index_t i = 0; i < x.size(); ++i) wrong += y[i] != ((x[i] > t) == (side == threshold_side::above) ? 255 : 0);
    CHECK(wrong == 0);
    threshold(ctx, transpose(x.view()), t, side, turned.view());
    CHECK(same_bits<std::uint8_t>(as_const(transpose(turned.view())), y.view()));
  }
}

TEST_CASE("threshold: NaN lies on neither side") {
  tensor<float> x({1, 1, 2, 1});
  tensor<std::uint8_t> y(x.extents());
  x[0] = std::numeric_limits<float>::quiet_NaN();
  x[1] = 0.5f;
  cpu_context ctx;
  threshold(ctx, x.view(), 0.5f, threshold_side::at_most, y.view());
  CHECK((y[0] == 0 && y[1] == 255));
  threshold(ctx, x.view(), 0.5f, threshold_side::above, y.view());
  CHECK((y[0] == 0 && y[1] == 0));
}

TEST_CASE("threshold: Otsu's is OpenCV's") {
  const auto expected = golden_file("masks.safetensors").values<int>("otsu");
  REQUIRE(expected.size() == 40);
  const auto b = formula_picture({1, 1, 60 * 70 + 1, 1});
  for (int i = 0; i < 40; ++i) {
    CAPTURE(i);
    tensor<std::uint8_t> x({1, 60, 70, 1});
    for (index_t k = 0; k < x.size(); ++k) {
      std::int64_t value = b[k];
      for (int p = 0; p < i % 5; ++p) value *= b[k];
      value >>= 8 * (i % 5);
      if (b[k] >= 100) value += i * b[k + 1] / 64;
      x[k] = static_cast<std::uint8_t>(std::min<std::int64_t>(value, 255));
    }
    CHECK(otsu_threshold(x) == expected[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("threshold: Otsu's of one and of two values") {
  tensor<std::uint8_t> x({1, 4, 4, 1});
  x.fill(77);
  CHECK(otsu_threshold(x) == 0);
  x[3] = 200;
  CHECK(otsu_threshold(x) == 77);
}

TEST_CASE("threshold: wrong shapes are refused") {
  cpu_context ctx;
  const tensor<float> x({1, 4, 4, 1});
  tensor<std::uint8_t> y({1, 4, 4, 3}), nothing({0, 4, 4, 1});
  check_error([&] { threshold(ctx, x.view(), 0.5f, threshold_side::above, y.view()); },
              "threshold: x [1,4,4,1] and y [1,4,4,3] differ in shape (NHWC)");
  check_error([&] { otsu_threshold(nothing); }, "otsu_threshold: x [0,4,4,1] is empty");
}
