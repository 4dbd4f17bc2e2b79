// lamina::image · SPDX-License-Identifier: Apache-2.0
// The arithmetic of resizing bytes, in integers: the plain loops, for any number of channels, and the same in vectors.
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/image/resize_taps.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/integer.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace lamina::detail {

/// Places that a pixel takes in a row of sums.
constexpr index_t byte_places(index_t channels) { return channels == 3 ? 4 : channels; }

}  // namespace lamina::detail

namespace lamina::portable {

/// Linear interpolation across a row of bytes, in 1/128: (w0·v0 + w1·v1) / 16 with weights of 11 bits.
///   offset     of each pixel's two source pixels
///   even, odd  w0 and, in the upper word, w1 of pixels 0, 2, 4, … and 1, 3, 5, …
///   sums       [pixels, places]
template <class Channels>
void linear_across(Channels channels, const std::uint8_t* x, const std::int32_t* offset, const std::int32_t* even,
                   const std::int32_t* odd, index_t pixels, std::int16_t* sums) {
  for (index_t i = 0; i < pixels; ++i, sums += detail::byte_places(channels)) {
    const std::int32_t weights = i % 2 == 0 ? even[i / 2] : odd[i / 2], w0 = weights & 0xffff, w1 = weights >> 16;
    const std::uint8_t *left = x + offset[i], *right = left + channels;
    for (index_t c = 0; c < channels; ++c) sums[c] = static_cast<std::int16_t>((w0 * left[c] + w1 * right[c]) >> 4);
  }
}

/// Sums of `taps` weighed pixels across a row of bytes.
///   offset   of each pixel's first tap
///   weights  [taps / 4, pixels, 4], of 11 bits; `plane` numbers from one to the next
///   sums     [pixels, places]
template <class Channels, class TapCount>
void wide_across(Channels channels, TapCount taps, const std::uint8_t* x, const index_t* offset,
                 const std::int16_t* weights, index_t plane, index_t pixels, std::int32_t* sums) {
  for (index_t i = 0; i < pixels; ++i, sums += detail::byte_places(channels))
    for (index_t c = 0; c < channels; ++c) {
      const std::uint8_t* from = x + offset[i] + c;
      std::int32_t sum = 0;
      for (index_t k = 0; k < taps; ++k) sum += weights[k / 4 * plane + 4 * i + k % 4] * from[k * channels];
      sums[c] = sum;
    }
}

/// Pixels of four bytes without their last.
inline void drop_fourth(const std::uint8_t* x, index_t pixels, std::uint8_t* y) {
  for (index_t i = 0; i < pixels; ++i)
    for (index_t c = 0; c < 3; ++c) y[3 * i + c] = x[4 * i + c];
}

}  // namespace lamina::portable

#define LAMINA_KERNEL <lamina/kernels/resize.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/resize_bytes.inl>
#include <lamina/simd/foreach_block_isa.hpp>

namespace lamina::detail {

/// OpenCV's weights of bytes: 11 bits.
inline std::int16_t weight_of_11_bits(float w) { return static_cast<std::int16_t>(std::nearbyint(w * 2048)); }

/// Bytes by linear interpolation: sums of 16 bits, in 1/128.
class resize_bytes_linearly {
 public:
  using element = std::uint8_t;
  using sum = std::int16_t;

  resize_bytes_linearly(const axis_table& across, const axis_table& down, index_t C)
      : across_(across, across.taps / 2, C) {
    offset_.assign(across_.offset.begin(), across_.offset.end());
    even_.resize(static_cast<std::size_t>(across_.padded() / 2));
    odd_ = even_;
    for (std::size_t i = 0; i < across.first.size(); ++i) {
      const int w0 = weight_of_11_bits(across.weights[2 * i]), w1 = weight_of_11_bits(across.weights[2 * i + 1]);
      (i % 2 == 0 ? even_ : odd_)[i / 2] = w0 | w1 << 16;
    }
    for (const float w : down.weights) down_.push_back(weight_of_11_bits(w));
  }

  index_t row_length() const { return across_.padded() * byte_places(across_.channels); }
  void interpolate_across(isa set, const std::uint8_t* x, std::int16_t* sums) const {
    const std::int32_t *offset = offset_.data(), *even = even_.data(), *odd = odd_.data();
    const auto in_blocks = [&](auto channels) {
      LAMINA_DISPATCH(set, linear_across(channels, x, offset, even, odd, across_.pixels, sums));
    };
    switch (across_.channels) {
      case 1: return portable::linear_across(fixed<1>{}, x, offset, even, odd, across_.pixels, sums);
      case 3: return in_blocks(fixed<3>{});
      case 4: return in_blocks(fixed<4>{});
      default: portable::linear_across(across_.channels, x, offset, even, odd, across_.pixels, sums);
    }
  }
  void interpolate_down(isa set, const std::int16_t* const* rows, index_t h, std::uint8_t* y) const {
    const std::int16_t* w = down_.data() + 2 * h;
    LAMINA_DISPATCH(set, linear_down(rows[0], rows[1], w[0], w[1], across_.pixels * byte_places(across_.channels), y));
  }

 private:
  taps_across across_;
  std::vector<std::int32_t> offset_, even_, odd_;
  std::vector<std::int16_t> down_;
};

/// Bytes by cubic and lanczos4: sums of 32 bits, with the 11 bits of the weights.
class resize_bytes_widely {
 public:
  using element = std::uint8_t;
  using sum = std::int32_t;

  resize_bytes_widely(const axis_table& across, const axis_table& down, index_t C)
      : across_(across, across.taps / 2, C) {
    const auto taps = static_cast<std::size_t>(across.taps), plane = static_cast<std::size_t>(4 * across_.padded());
    weights_.resize(taps / 4 * plane);
    for (std::size_t i = 0; i < across.weights.size(); ++i) {
      const std::size_t pixel = i / taps, tap = i % taps;
      weights_[tap / 4 * plane + 4 * pixel + tap % 4] = weight_of_11_bits(across.weights[i]);
    }
    for (const float w : down.weights) down_.push_back(weight_of_11_bits(w));
  }

  index_t row_length() const { return across_.padded() * byte_places(across_.channels); }
  void interpolate_across(isa set, const std::uint8_t* x, std::int32_t* sums) const {
    const auto in_blocks = [&](auto channels, auto taps) {
      LAMINA_DISPATCH(set, wide_across(channels, taps, x, across_.offset.data(), weights_.data(), 4 * across_.padded(),
                                       across_.pixels, sums));
    };
    switch (across_.channels) {
      case 3: return across_.taps == 4 ? in_blocks(fixed<3>{}, fixed<4>{}) : in_blocks(fixed<3>{}, fixed<8>{});
      case 4: return across_.taps == 4 ? in_blocks(fixed<4>{}, fixed<4>{}) : in_blocks(fixed<4>{}, fixed<8>{});
      default:
        portable::wide_across(across_.channels, across_.taps, x, across_.offset.data(), weights_.data(),
                              4 * across_.padded(), across_.pixels, sums);
    }
  }
  void interpolate_down(isa set, const std::int32_t* const* rows, index_t h, std::uint8_t* y) const {
    const std::int32_t* w = down_.data() + across_.taps * h;
    LAMINA_DISPATCH(set, wide_down(rows, w, across_.taps, across_.pixels * byte_places(across_.channels), y));
  }

 private:
  taps_across across_;
  std::vector<std::int16_t> weights_;  // [taps / 4, pixels, 4]
  std::vector<std::int32_t> down_;     // [row, taps]
};

/// A row of bytes without the fourth places.
inline void drop_fourth(isa set, const std::uint8_t* from, index_t pixels, std::uint8_t* to) {
  LAMINA_DISPATCH(set, drop_fourth(from, pixels, to));
}

}  // namespace lamina::detail
