// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lamina {

/// A place in a picture, in pixels, x to the right and y down. For what is drawn, (0, 0) is the upper left corner of
/// the picture; for warps, it is the centre of the upper left pixel.
struct point {
  double x = 0, y = 0;
};

}  // namespace lamina
