// lamina::image · SPDX-License-Identifier: Apache-2.0
// The arithmetic of resizing in float. Each product is rounded before it is added, so that the bits are the same with
// every instruction set.
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/image/resize_taps.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/weighted_sum.hpp>
#include <lamina/simd/integer.hpp>

#include <type_traits>
#include <vector>

namespace lamina::detail {

/// Sums of `taps` weighed pixels across a row: four channels at a time, three as if they were four; what is left one by
/// one. An element more may be read and written.
///   weights  [pixels, taps]
///   sums     [pixels, channels]
template <class TapCount, class T>
void float_across(TapCount taps, const T* x, const taps_across& across, const float* weights, float* sums) {
  using portable::rounded_product;
  const index_t C = across.channels, quads = C == 3 ? 4 : C / 4 * 4;
  const index_t *offset = across.offset.data(), *end = offset + across.pixels;
  for (; offset != end; ++offset, weights += taps, sums += C) {
    index_t c = 0;
    for (; c < quads; c += 4) {
      const T* from = x + *offset + c;
      auto sum = rounded_product(weights[0], portable::load_floats(from));
      for (index_t k = 1; k < taps; ++k) sum = sum + rounded_product(weights[k], portable::load_floats(from + k * C));
      sum.store(sums + c);
    }
    for (; c < C; ++c) {
      const T* from = x + *offset + c;
      float sum = rounded_product(weights[0], static_cast<float>(from[0]));
      for (index_t k = 1; k < taps; ++k) sum += rounded_product(weights[k], static_cast<float>(from[k * C]));
      sums[c] = sum;
    }
  }
}

/// Samples of 16 bits, and floats.
template <class T>
class resize_in_float {
 public:
  using element = T;
  using sum = float;

  resize_in_float(const axis_table& across, const axis_table& down, index_t C)
      : across_(across, across.taps / 2, C), weights_(across.weights), down_(down.weights) {}

  index_t row_length() const { return across_.pixels * across_.channels; }
  void interpolate_across(isa, const T* x, float* sums) const {
    const float* w = weights_.data();
    switch (across_.taps) {
      case 2: return float_across(fixed<2>{}, x, across_, w, sums);
      case 4: return float_across(fixed<4>{}, x, across_, w, sums);
      default: return float_across(fixed<8>{}, x, across_, w, sums);
    }
  }
  void interpolate_down(isa set, const float* const* rows, index_t h, T* y) const {
    weighted_sum(set, rows, std::span(down_).subspan(static_cast<std::size_t>(h * across_.taps),
                                                     static_cast<std::size_t>(across_.taps)),
                 row_length(), y);
  }

 private:
  taps_across across_;
  std::vector<float> weights_, down_;
};

}  // namespace lamina::detail
