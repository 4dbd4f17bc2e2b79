// lamina::image · SPDX-License-Identifier: Apache-2.0
// The value of a picture between its pixels. Places are counted in 1/32 of a pixel, as OpenCV's warps count them.
#pragma once

#include <lamina/core/view.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/interpolation.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace lamina {

/// How a warp finds the value of a pixel that it makes. `area` is treated as `linear`.
struct sampling {
  interpolation method = interpolation::linear;
  lamina::border border = lamina::border::constant;
  float border_value = 0;  // of `constant`; rounded to the picture's type
};

namespace detail {

inline constexpr int place_bits = 5, places_per_pixel = 1 << place_bits;

/// How many pixels along each axis a value is made of.
constexpr index_t taps_of(interpolation method) {
  switch (method) {
    case interpolation::nearest: return 1;
    case interpolation::cubic: return 4;
    case interpolation::lanczos4: return 8;
    default: return 2;
  }
}

/// Weights along one axis of the places between two pixels: [32, taps].
inline std::vector<float> place_weights(interpolation method) {
  std::vector<float> weights;
  for (int place = 0; place < places_per_pixel; ++place) {
    const float t = static_cast<float>(place) / places_per_pixel;
    const auto append = [&](const auto& w) { weights.insert(weights.end(), w.begin(), w.end()); };
    if (method == interpolation::cubic)
      append(cubic_weights(t));
    else if (method == interpolation::lanczos4)
      append(lanczos4_weights(t));
    else
      append(std::array{1 - t, t});
  }
  return weights;
}

/// Weights of the pixels around each of the 32 × 32 places, in 1/32768, for bytes: [32 down, 32 across, taps, taps].
/// Each block sums to 32768: what rounding left is given to the largest of the four weights from the middle on, or
/// taken from the smallest, which is OpenCV's rule.
inline std::vector<std::int16_t> place_weights_15_bits(interpolation method) {
  const auto taps = static_cast<std::size_t>(taps_of(method));
  const std::vector<float> axis = place_weights(method);
  std::vector<std::int16_t> table(places_per_pixel * places_per_pixel * taps * taps);
  std::int16_t* block = table.data();
  for (std::size_t down = 0; down < places_per_pixel; ++down)
    for (std::size_t across = 0; across < places_per_pixel; ++across, block += taps * taps) {
      int missing = 32768;
      for (std::size_t r = 0; r < taps; ++r)
        for (std::size_t i = 0; i < taps; ++i) {
          const float weight = axis[down * taps + r] * axis[across * taps + i];
          missing -= block[r * taps + i] = saturate_cast<std::int16_t>(weight * 32768);
        }
      if (missing == 0 || taps == 2) continue;
      std::int16_t* const middle = block + taps / 2 * taps + taps / 2;
      std::int16_t *least = middle, *most = middle;
      for (std::int16_t* w : {middle + 1, middle + taps, middle + taps + 1}) {
        if (*w < *least)
          least = w;
        else if (*w > *most)
          most = w;
      }
      std::int16_t& corrected = missing > 0 ? *most : *least;
      corrected = static_cast<std::int16_t>(corrected + missing);
    }
  return table;
}

/// A picture that can be asked for its value anywhere.
template <class T>
class sampler {
 public:
  sampler(view<const T> x, const sampling& how)
      : x_(x), how_(how), border_value_(saturate_cast<T>(how.border_value)), taps_(taps_of(how.method)) {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      if (taps_ > 2) table_ = place_weights_15_bits(how.method);
    }
    if (taps_ > 1) axis_ = place_weights(how.method);
  }

  /// The channels of image n at (x, y), written to `to`; x and y in pixels for nearest, else in 1/32 of a pixel.
  void operator()(index_t n, index_t x, index_t y, T* to) const {
    const auto [N, H, W, C] = x_.extents();
    std::array<index_t, 8> columns{}, rows{};
    const index_t left = taps_ == 1 ? x : (x >> place_bits) - (taps_ / 2 - 1);
    const index_t top = taps_ == 1 ? y : (y >> place_bits) - (taps_ / 2 - 1);
    bool columns_seen = false, rows_seen = false;
    for (index_t i = 0; i < taps_; ++i) {
      columns_seen |= (columns[static_cast<std::size_t>(i)] = border_position(how_.border, left + i, W)) >= 0;
      rows_seen |= (rows[static_cast<std::size_t>(i)] = border_position(how_.border, top + i, H)) >= 0;
    }
    if (!columns_seen || !rows_seen) {
      std::fill_n(to, C, border_value_);
      return;
    }
    if (taps_ == 1) {
      std::copy_n(x_.pixel(n, rows[0], columns[0]), C, to);
      return;
    }
    const auto across = static_cast<std::size_t>(x & (places_per_pixel - 1));
    const auto down = static_cast<std::size_t>(y & (places_per_pixel - 1));
    const auto taps = static_cast<std::size_t>(taps_);
    const auto value = [&](std::size_t r, std::size_t i, index_t c) {
      return rows[r] < 0 || columns[i] < 0 ? border_value_ : x_(n, rows[r], columns[i], c);
    };
    for (index_t c = 0; c < C; ++c) {
      if constexpr (std::is_same_v<T, std::uint8_t>) {
        std::int32_t sum = 1 << 14;
        for (std::size_t r = 0; r < taps; ++r)
          for (std::size_t i = 0; i < taps; ++i) sum += weight(down, across, r, i) * value(r, i, c);
        to[c] = static_cast<T>(std::clamp(sum >> 15, 0, 255));
      } else {
        float sum = 0;
        for (std::size_t r = 0; r < taps; ++r) {
          float row = 0;
          for (std::size_t i = 0; i < taps; ++i)
            row += axis_[across * taps + i] * static_cast<float>(value(r, i, c));
          sum += axis_[down * taps + r] * row;
        }
        to[c] = saturate_cast<T>(sum);
      }
    }
  }

 private:
  /// Of the pixel in row r and column i of the block, in 1/32768.
  std::int32_t weight(std::size_t down, std::size_t across, std::size_t r, std::size_t i) const {
    const auto taps = static_cast<std::size_t>(taps_);
    if (taps > 2) return table_[((down * places_per_pixel + across) * taps + r) * taps + i];
    const std::size_t w_down = r == 0 ? places_per_pixel - down : down;
    const std::size_t w_across = i == 0 ? places_per_pixel - across : across;
    return static_cast<std::int32_t>(w_down * w_across) * 32;
  }

  view<const T> x_;
  sampling how_;
  T border_value_;
  index_t taps_;
  std::vector<float> axis_;          // [32, taps]
  std::vector<std::int16_t> table_;  // [32, 32, taps, taps]
};

}  // namespace detail

}  // namespace lamina
