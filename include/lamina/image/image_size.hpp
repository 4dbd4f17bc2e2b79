// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/scalar.hpp>

#include <ostream>

namespace lamina {

/// Pixels across and down, in this order, as recipes have it.
struct image_size {
  index_t width = 0, height = 0;

  friend constexpr bool operator==(const image_size&, const image_size&) = default;
  friend std::ostream& operator<<(std::ostream& out, const image_size& s) { return out << s.width << "×" << s.height; }
};

}  // namespace lamina
