// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Numbers, durations and amounts of memory as people read and write them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace lamina {

namespace detail {

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

}  // namespace detail

/// "800M", "1.5G", "64 KiB", "123456": a number of bytes. K, M, G, T are powers of 1000; Ki, Mi, Gi, Ti of 1024; a B
/// may follow. Nothing for any other text, for less than a byte, and for what no size_t holds.
inline std::optional<std::size_t> bytes_from_text(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failure != std::errc()) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  if (unit.starts_with(' ')) unit.erase(0, 1);
  if (unit.ends_with('B') || unit.ends_with('b')) unit.pop_back();
  double base = 1000;
  if (unit.size() == 2 && unit.ends_with('i')) base = 1024, unit.pop_back();
  static constexpr std::string_view letters = "KMGTkmgt";
  const std::size_t letter = unit.size() == 1 ? letters.find(unit.front()) : letters.npos;
  if (!unit.empty() && letter == letters.npos) return std::nullopt;
  if (base == 1024 && unit.empty()) return std::nullopt;
  const double power = unit.empty() ? 0 : static_cast<double>(letter % 4 + 1);
  const double bytes = std::floor(value * std::pow(base, power) + 1e-6);
  if (!(bytes >= 1 && bytes < static_cast<double>(std::numeric_limits<std::size_t>::max()))) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

}  // namespace lamina
