// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/hsv.hpp>

#include "../support/pictures.hpp"

#include <array>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// y = f(x), pixel by pixel.
template <class T, class F>
tensor<T> mapped_pixels(const tensor<T>& x, F&& f) {
  tensor<T> y(x.extents());
  for (index_t i = 0; i < x.size(); i += 3) {
    const std::array<T, 3> made = f(x[i], x[i + 1], x[i + 2]);
    std::copy(made.begin(), made.end(), y.data() + i);
  }
  return y;
}
std::array<float, 3> as_array(const hsv& colour) { return {colour.hue, colour.saturation, colour.value}; }

/// Runs op(ctx, x, y) with every instruction set, in place and in every layout.
template <class T, class Op>
void check_everywhere(const tensor<T>& x, const tensor<T>& expected, Op&& op) {
  for_each_isa([&](cpu_context& ctx) {
    tensor<T> y(x.extents()), in_place = x.clone();
    op(ctx, x.view(), y.view());
    CHECK(same_bits<T>(y, expected));
    op(ctx, as_const(in_place.view()), in_place.view());
    CHECK(same_bits<T>(in_place, expected));
    for_each_layout(x, x.extents(), [&](view<const T> lying_x, view<T> lying_y) {
      op(ctx, lying_x, lying_y);
      CHECK(same_bits<T>(as_const(lying_y), expected));
    });
  });
}

/// Noise, and colours on the borders between cases: greys, and two channels alike.
template <class T>
tensor<T> colours(shape extents) {
  auto x = random_picture<T>(extents, 3);
  for (index_t i = 0; i < x.size(); i += 3) {
    if (i % 7 == 0) x[i + 1] = x[i];
    if (i % 11 == 0) x[i + 2] = x[i + 1];
    if (i % 13 == 0) x[i] = x[i + 2] = T{0};
  }
  return x;
}

constexpr std::array shapes{shape{1, 1, 1, 3}, shape{2, 37, 53, 3}, shape{1, 3, 16, 3}, shape{1, 70, 5, 3}};

}  // namespace

TEST_CASE("hsv: equal to OpenCV's cvtColor of floats") {
  const golden_file golden("hsv.safetensors");
  for_each_isa([&](cpu_context& ctx) {
    const auto rgb = golden.tensor<float>("rgb"), hues = golden.tensor<float>("hsv");
    tensor<float> y(rgb.extents());
    rgb_to_hsv(ctx, rgb, y.view());
    check_close(y, golden.tensor<float>("rgb_to_hsv"), 1e-6);
    hsv_to_rgb(ctx, hues, y.view());
    check_close(y, golden.tensor<float>("hsv_to_rgb"), 2e-6);
  });
}

TEST_CASE("hsv: pictures are what their pixels are, to the bit") {
  for (const shape& extents : shapes) {
    const auto x = colours<float>(extents);
    const auto found = mapped_pixels(x, [](float r, float g, float b) { return as_array(rgb_to_hsv({r, g, b})); });
    check_everywhere(x, found, [](cpu_context& ctx, auto from, auto to) { rgb_to_hsv(ctx, from, to); });
    const auto back = mapped_pixels(found, [](float h, float s, float v) { return hsv_to_rgb({h, s, v}); });
    check_everywhere(found, back, [](cpu_context& ctx, auto from, auto to) { hsv_to_rgb(ctx, from, to); });
    check_close(back, x, 1e-6);
  }
}

TEST_CASE_TEMPLATE("change_hsv: from colour to colour in float, to the bit", T, std::uint8_t, float) {
  const float white = static_cast<float>(value_range<T>()), scale = 1 / white;
  for (const shape& extents : shapes)
    for (const hsv& change : {hsv{0, 0, 0}, hsv{-359, 0.3f, -0.1f}, hsv{200, -0.5f, 0.4f}, hsv{360, 0, -0.2f}}) {
      const auto x = colours<T>(extents);
      const auto expected = mapped_pixels(x, [&](T r, T g, T b) {
        const auto scaled = [&](T v) { return static_cast<float>(v) * scale; };
        hsv colour = rgb_to_hsv({scaled(r), scaled(g), scaled(b)});
        colour.hue += change.hue;
        if (colour.hue < 0 || colour.hue >= 360) colour.hue -= std::copysign(360.0f, colour.hue);
        colour.saturation = std::clamp(colour.saturation + change.saturation, 0.0f, 1.0f);
        colour.value = std::clamp(colour.value + change.value, 0.0f, 1.0f);
        std::array<T, 3> made;
        for (std::size_t i = 0; i < 3; ++i)
          made[i] = static_cast<T>(hsv_to_rgb(colour)[i] * white + (std::is_integral_v<T> ? 0.5f : 0.0f));
        return made;
      });
      check_everywhere(x, expected,
                       [&](cpu_context& ctx, auto from, auto to) { change_hsv(ctx, from, change, white, to); });
      if (change.hue == 0 && std::is_integral_v<T>) CHECK(same_bits<T>(expected, x));
    }
}

TEST_CASE("hsv: other shapes are refused") {
  cpu_context ctx;
  const tensor<float> x({1, 4, 4, 3}), four({1, 4, 4, 4});
  tensor<float> y({1, 4, 4, 3}), small({1, 4, 3, 3}), four_y({1, 4, 4, 4});
  check_error([&] { rgb_to_hsv(ctx, x, small.view()); },
              "rgb_to_hsv: x [1,4,4,3] and y [1,4,3,3] are not of one shape [N,H,W,3]");
  check_error([&] { hsv_to_rgb(ctx, four, four_y.view()); },
              "hsv_to_rgb: x [1,4,4,4] and y [1,4,4,4] are not of one shape [N,H,W,3]");
  check_error([&] { change_hsv(ctx, four, {}, 1, y.view()); },
              "change_hsv: x [1,4,4,4] and y [1,4,4,3] are not of one shape [N,H,W,3]");
}
