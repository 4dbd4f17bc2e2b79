// SPDX-License-Identifier: Apache-2.0
// The masks of tests/golden/make_regions.py.
#pragma once

#include <lamina/core/tensor.hpp>

#include <cstdint>
#include <cstdlib>

namespace lamina::testing {

/// An ellipse and a bar that slants, with speckles, 83 × 121: pieces and holes of many sizes.
inline tensor<std::uint8_t> speckled_mask(index_t number) {
  tensor<std::uint8_t> mask({1, 83, 121, 1});
  for (index_t h = 0; h < 83; ++h)
    for (index_t w = 0; w < 121; ++w) {
      const auto place = static_cast<std::uint32_t>(h * 121 + w + 977 * number);
      const bool speckle = static_cast<index_t>(place * 2654435761u >> 24) >= 256 - 5 * number;
      const index_t y = h - 35 - number, x = w - 40 - 3 * number;
      const bool ellipse = y * y * (3 + number) + x * x * 2 < 900 + 700 * number;
      const bool bar = std::abs(3 * h - 2 * w + 40) < 6 * (1 + number % 3);
      mask(0, h, w, 0) = (ellipse || bar) != speckle ? 255 : 0;
    }
  return mask;
}

}  // namespace lamina::testing
