// lamina::image · SPDX-License-Identifier: Apache-2.0
// How pixels between pixels are found: the choice by name, and the tables of source positions and weights behind it.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string_view>
#include <vector>

namespace lamina {

enum class interpolation { nearest, linear, area, cubic, lanczos4 };

inline constexpr std::array all_interpolations{interpolation::nearest, interpolation::linear, interpolation::area,
                                               interpolation::cubic, interpolation::lanczos4};

inline std::string_view name(interpolation method) {
  constexpr std::string_view names[] = {"nearest", "linear", "area", "cubic", "lanczos4"};
  return names[static_cast<int>(method)];
}

/// The interpolation of that name, nothing where there is none.
inline std::optional<interpolation> interpolation_named(std::string_view text) {
  for (const interpolation method : all_interpolations)
    if (name(method) == text) return method;
  return std::nullopt;
}

/// Keys' cubic convolution kernel with a = −0.75 (OpenCV's): the weights of the pixels at −1, 0, 1, 2 for a point at t.
inline std::array<float, 4> cubic_weights(float t) {
  constexpr float a = -0.75f;
  std::array<float, 4> w;
  w[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  w[2] = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1;
  w[3] = 1 - w[0] - w[1] - w[2];
  return w;
}

/// Lanczos' kernel with four lobes, sinc(d)·sinc(d/4), made to sum to 1: the weights of the pixels at −3 … 4 for t.
/// sin(πd) is the same for all eight but for its sign, so it falls out. Rounded as OpenCV rounds.
inline std::array<float, 8> lanczos4_weights(float t) {
  std::array<float, 8> w;
  float sum = 0;
  for (int i = 0; i < 8; ++i) {
    const float distance = t + static_cast<float>(3 - i);
    if (std::abs(distance) < 1e-6f) {
      w.fill(0);
      w[static_cast<std::size_t>(i)] = 1;
      return w;
    }
    const double d = std::numbers::pi / 4 * static_cast<double>(distance);
    w[static_cast<std::size_t>(i)] = static_cast<float>((i % 2 == 0 ? -1 : 1) * std::sin(d) / (d * d));
    sum += w[static_cast<std::size_t>(i)];
  }
  const float over = 1 / sum;
  for (float& weight : w) weight *= over;
  return w;
}

namespace detail {

/// For each destination position along one axis, the first of `taps` source positions, and their weights. Up to taps/2
/// of them may lie outside the picture on either side.
struct axis_table {
  index_t taps = 0;
  std::vector<index_t> first;  // [destination]
  std::vector<float> weights;  // [destination, taps]
};

/// How many pixels along each axis a value is made of.
constexpr index_t taps_of(interpolation method) {
  switch (method) {
    case interpolation::nearest: return 1;
    case interpolation::cubic: return 4;
    case interpolation::lanczos4: return 8;
    default: return 2;
  }
}
/// Their weights for a point at t between the middle two, but for nearest.
inline void append_weights(interpolation method, float t, std::vector<float>& weights) {
  const auto append = [&](const auto& w) { weights.insert(weights.end(), w.begin(), w.end()); };
  if (method == interpolation::cubic)
    append(cubic_weights(t));
  else if (method == interpolation::lanczos4)
    append(lanczos4_weights(t));
  else
    append(std::array{1 - t, t});
}

/// The table of linear, cubic and lanczos4, and of area where an axis grows (OpenCV then widens each source pixel to a
/// plateau with a linear ramp between). Pixel centres map onto each other, source = (destination + 0.5) · scale − 0.5.
inline axis_table interpolation_table(interpolation method, index_t source, index_t destination) {
  const double growth = static_cast<double>(destination) / static_cast<double>(source);
  const double scale = 1 / growth;
  axis_table table;
  table.taps = taps_of(method);
  for (index_t d = 0; d < destination; ++d) {
    const auto position = static_cast<double>(d);
    index_t first;
    float t;
    if (method == interpolation::area) {
      first = static_cast<index_t>(std::floor(position * scale));
      t = static_cast<float>(position + 1 - static_cast<double>(first + 1) * growth);
      t = t <= 0 ? 0 : t - std::floor(t);
    } else {
      t = static_cast<float>((position + 0.5) * scale - 0.5);
      first = static_cast<index_t>(std::floor(t));
      t -= static_cast<float>(first);
    }
    table.first.push_back(first - (table.taps / 2 - 1));
    append_weights(method, t, table.weights);
  }
  return table;
}

/// The same of the mean of what each destination pixel covers, where an axis shrinks; parts of pixels count in part.
/// All taps lie inside the picture.
inline axis_table area_table(index_t source, index_t destination) {
  const double scale = 1 / (static_cast<double>(destination) / static_cast<double>(source));
  constexpr double sliver = 1e-3;  // of a pixel: left out, as OpenCV does
  axis_table table;
  std::vector<std::vector<float>> shares;
  for (index_t d = 0; d < destination; ++d) {
    const double begin = static_cast<double>(d) * scale, end = begin + scale;
    const double width = std::min(scale, static_cast<double>(source) - begin);
    const index_t last = std::min(static_cast<index_t>(std::floor(end)), source - 1);
    const index_t first = std::min(static_cast<index_t>(std::ceil(begin)), last);
    const double before = static_cast<double>(first) - begin, after = end - static_cast<double>(last);
    auto& share = shares.emplace_back();
    if (before > sliver) share.push_back(static_cast<float>(before / width));
    share.insert(share.end(), static_cast<std::size_t>(last - first), static_cast<float>(1 / width));
    if (after > sliver) share.push_back(static_cast<float>(std::min(std::min(after, 1.0), width) / width));
    table.first.push_back(before > sliver ? first - 1 : first);
    table.taps = std::max(table.taps, static_cast<index_t>(share.size()));
  }
  for (std::size_t d = 0; d < shares.size(); ++d) {
    const index_t first = table.first[d], kept = std::min(first, source - table.taps);
    table.weights.insert(table.weights.end(), static_cast<std::size_t>(first - kept), 0.0f);
    table.weights.insert(table.weights.end(), shares[d].begin(), shares[d].end());
    table.weights.resize((d + 1) * static_cast<std::size_t>(table.taps));
    table.first[d] = kept;
  }
  return table;
}

}  // namespace detail

}  // namespace lamina
