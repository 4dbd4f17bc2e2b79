// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/scalar.hpp>

namespace lamina {

/// Along rows or columns: output o of an op reads the inputs ⌊(o·step + first)/scale⌋ … ⌊(o·step + last)/scale⌋, all
/// of those that there are. What it puts in the place of others depends on the outermost input at most.
struct axis_reach {
  index_t step = 1;   // of a strided window; then scale is 1
  index_t scale = 1;  // of upsampling; then step is 1
  index_t first = 0, last = 0;

  friend bool operator==(const axis_reach&, const axis_reach&) = default;
};

/// Which pixels of its inputs one pixel of an op's outputs depends on; the default is the pixel at the same place.
/// Given that, part of an image can be computed by itself (predict/tiling.hpp).
struct op_reach {
  axis_reach rows, columns;
  /// A pixel has the same bits wherever a part of the image begins, as long as in the output that is a multiple of
  /// this: 4 for an algorithm that works on squares of 4×4.
  index_t grid = 1;

  friend bool operator==(const op_reach&, const op_reach&) = default;
};

}  // namespace lamina
