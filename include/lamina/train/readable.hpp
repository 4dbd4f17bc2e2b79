// lamina::train · SPDX-License-Identifier: Apache-2.0
// Numbers as people write them.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>

namespace lamina::detail {

/// printf into a string.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  const int length = std::snprintf(text, sizeof text, format, values...);
  return {text, std::min(static_cast<std::size_t>(std::max(length, 0)), sizeof text - 1)};
}

/// 75 → "1:15", 4000 → "1:06:40".
inline std::string clock_text(double seconds) {
  const auto s = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  return s < 3600 ? formatted("%lld:%02lld", s / 60, s % 60)
                  : formatted("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

/// 1234567 → "1.2 MB"; powers of 1000.
inline std::string bytes_text(double bytes) {
  for (const char* unit : {"B", "kB", "MB"}) {
    if (bytes < 1000) return formatted(bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, unit);
    bytes /= 1000;
  }
  return formatted("%.2f GB", bytes);
}

/// 29427713 → "29,427,713".
inline std::string grouped_text(long long number) {
  std::string digits = std::to_string(number);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace lamina::detail
