// lamina::image · SPDX-License-Identifier: Apache-2.0
// Bytes between pixels, in integers: the plain loops here, for any number of channels, and the same in vectors for
// three and four.
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace lamina::portable {

/// Pixels [begin, end) of a run by linear interpolation: (Σ w·v + 512) / 1024 of two pixels in two rows.
///   offset        of each pixel's upper left source pixel from `pixels`
///   across, down  the weights, 32nds along each axis: in the lowest two bytes, and in two words
///   to            of pixel 0
template <class Channels>
void sample_linear(Channels channels, const std::uint8_t* pixels, index_t row_stride, const std::int32_t* offset,
                   const std::int32_t* across, const std::int32_t* down, index_t begin, index_t end, std::uint8_t* to) {
  for (index_t i = begin; i < end; ++i) {
    const std::uint8_t *upper = pixels + offset[i], *lower = upper + row_stride;
    const int left = across[i] & 0xff, right = across[i] >> 8 & 0xff, top = down[i] & 0xffff, bottom = down[i] >> 16;
    for (index_t c = 0; c < channels; ++c) {
      const int above = left * upper[c] + right * upper[c + channels];
      const int below = left * lower[c] + right * lower[c + channels];
      to[i * channels + c] = static_cast<std::uint8_t>((top * above + bottom * below + 512) >> 10);
    }
  }
}

/// Pixels [begin, end) of a run, each the sum of taps × taps pixels with weights in 1/32768.
///   offset    of each pixel's first tap from `pixels`
///   fraction  which weights
///   table     [fraction, taps, taps]
template <class Channels, class TapCount>
void sample_table(Channels channels, TapCount taps, const std::uint8_t* pixels, index_t row_stride,
                  const std::int32_t* offset, const std::int32_t* fraction, const std::int16_t* table, index_t begin,
                  index_t end, std::uint8_t* to) {
  for (index_t i = begin; i < end; ++i)
    for (index_t c = 0; c < channels; ++c) {
      const std::uint8_t* from = pixels + offset[i] + c;
      const std::int16_t* weights = table + fraction[i] * taps * taps;
      std::int32_t sum = 1 << 14;
      for (index_t r = 0; r < taps; ++r, from += row_stride, weights += taps)
        for (index_t k = 0; k < taps; ++k) sum += weights[k] * from[k * channels];
      to[i * channels + c] = static_cast<std::uint8_t>(std::clamp(sum >> 15, 0, 255));
    }
}

}  // namespace lamina::portable

#define LAMINA_KERNEL <lamina/kernels/warp_bytes.inl>
#include <lamina/simd/foreach_block_isa.hpp>
