// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lamina {

/// Hue in degrees from 0 (red) to 360, saturation from 0 to 1, value on the scale of the colour that it was made of.
struct hsv {
  float hue = 0, saturation = 0, value = 0;
};

/// The hexcone model (Smith: Color Gamut Transform Pairs. SIGGRAPH 1978, doi:10.1145/800248.807361), as OpenCV's
/// COLOR_RGB2HSV has it for floats.
inline hsv rgb_to_hsv(std::array<float, 3> rgb) {
  constexpr float tiny = std::numeric_limits<float>::epsilon();
  const auto [r, g, b] = rgb;
  const float value = std::max({r, g, b}), chroma = value - std::min({r, g, b});
  const float scale = 60 / (chroma + tiny);
  const float hue = value == r ? (g - b) * scale : value == g ? (b - r) * scale + 120 : (r - g) * scale + 240;
  return {hue < 0 ? hue + 360 : hue, chroma / (std::abs(value) + tiny), value};
}

/// The inverse, for hues from 0 to 360.
inline std::array<float, 3> hsv_to_rgb(const hsv& x) {
  const float sixths = x.hue / 60, chroma = x.value * x.saturation;
  // Each of red, green and blue loses the chroma over two sixths of the circle, with a slope before and behind.
  const auto channel = [&](float first) {
    const float turned = first + sixths, k = turned >= 6 ? turned - 6 : turned;
    return x.value - chroma * std::clamp(std::min(k, 4 - k), 0.0f, 1.0f);
  };
  return {channel(5), channel(3), channel(1)};
}

}  // namespace lamina
