// lamina::image · SPDX-License-Identifier: Apache-2.0
// The value of a picture between its pixels. Places are counted in 1/32 of a pixel, as OpenCV's warps count them.
#pragma once

#include <lamina/core/view.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/interpolation.hpp>

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina {

/// How a warp finds the value of a pixel that it makes. `area` is treated as `linear`.
struct sampling {
  interpolation method = interpolation::linear;
  lamina::border border = lamina::border::constant;
  float border_value = 0;  // of `constant`; rounded to the picture's type
};

namespace detail {

inline constexpr int place_bits = 5, places_per_pixel = 1 << place_bits;

/// Weights along one axis of the places between two pixels: [32, taps].
inline std::vector<float> place_weights(interpolation method) {
  std::vector<float> weights;
  for (int place = 0; place < places_per_pixel; ++place) {
    const float t = static_cast<float>(place) / places_per_pixel;
    append_weights(method, t, weights);
  }
  return weights;
}

/// Weights of the pixels around each of the 32 × 32 places, in 1/32768, for bytes: [32 down, 32 across, taps, taps].
/// Each block sums to 32768: what rounding left is given to the largest of the four weights from the middle on, or
/// taken from the smallest, which is OpenCV's rule.
inline std::vector<std::int16_t> place_weights_15_bits(interpolation method) {
  const auto taps = static_cast<std::size_t>(taps_of(method));
  const std::vector<float> axis = place_weights(method);
  std::vector<std::int16_t> table(places_per_pixel * places_per_pixel * taps * taps);
  std::int16_t* block = table.data();
  for (std::size_t down = 0; down < places_per_pixel; ++down)
    for (std::size_t across = 0; across < places_per_pixel; ++across, block += taps * taps) {
      int missing = 32768;
      for (std::size_t r = 0; r < taps; ++r)
        for (std::size_t i = 0; i < taps; ++i) {
          const float weight = axis[down * taps + r] * axis[across * taps + i];
          missing -= block[r * taps + i] = saturate_cast<std::int16_t>(weight * 32768);
        }
      if (missing == 0) continue;
      std::int16_t* const middle = block + taps / 2 * taps + taps / 2;
      std::int16_t *least = middle, *most = middle;
      for (std::int16_t* w : {middle + 1, middle + taps, middle + taps + 1}) {
        if (*w < *least)
          least = w;
        else if (*w > *most)
          most = w;
      }
      std::int16_t& corrected = missing > 0 ? *most : *least;
      corrected = static_cast<std::int16_t>(corrected + missing);
    }
  return table;
}

}  // namespace detail

}  // namespace lamina
