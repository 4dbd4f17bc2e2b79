// lamina::image · SPDX-License-Identifier: Apache-2.0
// Axes of charts: round numbers at their ticks.
#pragma once

#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

namespace lamina::detail {

/// An axis from `low` to `high` with a tick at each multiple of `step`.
struct plot_axis {
  double low = 0, high = 1, step = 0.25;

  double share(double value) const { return (value - low) / (high - low); }
  index_t ticks() const { return static_cast<index_t>(std::lround((high - low) / step)) + 1; }
  double tick(index_t i) const { return low + static_cast<double>(i) * step; }
  std::string label(index_t i) const {
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
    const bool halves = std::abs(step * std::pow(10, decimals) - std::round(step * std::pow(10, decimals))) > 1e-6;
    std::array<char, 48> text{};
    const double value = std::abs(tick(i)) < step / 1e6 ? 0 : tick(i);
    if (std::abs(high) >= 1e6 || std::abs(low) >= 1e6 || step < 1e-5)
      std::snprintf(text.data(), text.size(), "%.4g", value);
    else
      std::snprintf(text.data(), text.size(), "%.*f", decimals + (halves ? 1 : 0), value);
    return text.data();
  }
  /// From its first multiple of the step to its last.
  plot_axis between_ticks() const {
    return {std::ceil(low / step - 1e-9) * step, std::floor(high / step + 1e-9) * step, step};
  }
};

/// The finest step of 1, 2, 2.5 or 5 times a power of ten that needs no more than `most` intervals.
inline double plot_step(double span, int most, bool whole_numbers) {
  for (double power = std::pow(10, std::floor(std::log10(span / most)));; power *= 10)
    for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
      const double step = factor * power;
      if (whole_numbers && (step < 1 || step != std::floor(step))) continue;
      if (step * most >= span * (1 - 1e-9)) return step;
    }
}

/// What the values of a chart span along one of its axes.
struct plot_span {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool whole_numbers = true;

  void add(double v) {
    if (!(std::abs(v) < 1e100)) return;  // beyond it differences overflow; such points fall off the chart
    low = std::min(low, v);
    high = std::max(high, v);
    whole_numbers = whole_numbers && v == std::floor(v);
  }
};

/// The axis around what is spanned; nothing where that is nothing.
///   most   intervals
///   tight  it ends where the values do, else at ticks
inline std::optional<plot_axis> plot_axis_of(plot_span s, int most, bool tight) {
  if (s.low > s.high) return std::nullopt;
  if (s.high - s.low < 1e-9 * std::max(1.0, std::abs(s.high))) {
    const double around = tight || s.whole_numbers ? 1 : std::max(1e-3, std::abs(s.high) / 2);
    s.low -= tight ? 0 : around;
    s.high += around;
  }
  plot_axis axis;
  axis.step = plot_step(s.high - s.low, most, s.whole_numbers);
  axis.low = tight ? s.low : std::floor(s.low / axis.step + 1e-9) * axis.step;
  axis.high = tight ? s.high : std::ceil(s.high / axis.step - 1e-9) * axis.step;
  return axis;
}

}  // namespace lamina::detail
