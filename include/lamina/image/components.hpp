// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/view.hpp>

#include <cstdint>
#include <vector>

namespace lamina {

/// The number of connected pieces of a mask; pixels that touch by side or corner belong together.
///   mask  [1,H,W,1]; ≥ 128 is inside
/// Throws `error` on other shapes.
inline index_t count_components(view<const std::uint8_t> mask) {
  const auto [N, H, W, C] = mask.extents();
  require(N == 1 && C == 1, "count_components: mask ", mask.extents(), " is not [1,H,W,1]");
  // Union and find over runs of inside pixels, row by row: two runs join where they touch.
  struct run {
    index_t begin, end, parent;
  };
  std::vector<run> runs;
  const auto root = [&runs](index_t i) {
    while (runs[static_cast<std::size_t>(i)].parent != i) {
      index_t& parent = runs[static_cast<std::size_t>(i)].parent;
      parent = runs[static_cast<std::size_t>(parent)].parent;
      i = parent;
    }
    return i;
  };
  index_t components = 0;
  std::size_t above = 0, row = 0;  // where the runs of the previous and of this row begin
  for (index_t h = 0; h < H; ++h) {
    above = row;
    row = runs.size();
    std::size_t candidate = above;
    for (index_t w = 0; w < W; ++w) {
      if (mask(0, h, w, 0) < 128) continue;
      const auto self = static_cast<index_t>(runs.size());
      run found{w, w, self};
      while (w < W && mask(0, h, w, 0) >= 128) ++w;
      found.end = w;  // one past the last
      runs.push_back(found);
      ++components;
      while (candidate < row && runs[candidate].end < found.begin) ++candidate;
      for (std::size_t i = candidate; i < row && runs[i].begin <= found.end; ++i) {
        const index_t a = root(static_cast<index_t>(i)), b = root(self);
        if (a == b) continue;
        runs[static_cast<std::size_t>(b)].parent = a;
        --components;
      }
    }
  }
  return components;
}

}  // namespace lamina
