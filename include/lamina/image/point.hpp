// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lamina {

/// A place in a picture, in pixels, x to the right and y down. For what is drawn, (0, 0) is the upper left corner of
/// the picture; for warps, it is the centre of the upper left pixel.
struct point {
  double x = 0, y = 0;
};

/// A pixel by its column x and row y.
struct pixel_point {
  std::int32_t x = 0, y = 0;

  friend bool operator==(const pixel_point&, const pixel_point&) = default;
};

}  // namespace lamina
