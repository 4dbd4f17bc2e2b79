// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace lamina {

/// The value below which a share q of the values lies, interpolated between neighbours: at position q · (count − 1), as
/// NumPy does unless told otherwise (type 7 of Hyndman and Fan 1996, doi:10.2307/2684934).
///   sorted  rising, not empty; may end in infinities        q  of [0, 1]
inline double sorted_quantile(std::span<const double> sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  if (low == high) return low;  // infinities have no difference
  return low + (position - static_cast<double>(below)) * (high - low);
}

}  // namespace lamina
