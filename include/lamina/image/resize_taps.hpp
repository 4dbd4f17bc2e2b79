// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/parallel.hpp>
#include <lamina/image/interpolation.hpp>

#include <vector>

namespace lamina::detail {

/// Where the taps of each pixel of a row begin, in a source row that is extended by `before` pixels on the left.
struct taps_across {
  index_t pixels, taps, channels;
  std::vector<index_t> offset;  // of padded() pixels, the last ones 0

  taps_across(const axis_table& table, index_t before, index_t C)
      : pixels(static_cast<index_t>(table.first.size())), taps(table.taps), channels(C) {
    for (const index_t first : table.first) offset.push_back((first + before) * C);
    offset.resize(static_cast<std::size_t>(padded()));
  }
  /// Pixels in whole vectors.
  index_t padded() const { return round_up(pixels, 16); }
};

}  // namespace lamina::detail
