// Included once per instruction set by simd/foreach_block_isa.hpp. Bytes of 3 or 4 channels; what is computed is said
// in image/warp_bytes.hpp. A block of a vector holds the bytes of one pixel's taps, sorted by channel.

/// Reads 8 bytes from each offset on, in two rows; writes up to 4 bytes beyond each pixel's last.
template <class Channels>
inline void sample_linear(Channels, const std::uint8_t* pixels, index_t row_stride, const std::int32_t* offset,
                          const std::int32_t* across, const std::int32_t* down, index_t begin, index_t end,
                          std::uint8_t* to) {
  constexpr index_t C = Channels::value;
  constexpr std::uint8_t none = 128;
  static constexpr std::uint8_t by_channel_3[16]{0, 3, 8, 11, 1, 4, 9, 12, 2, 5, 10, 13, none, none, none, none};
  static constexpr std::uint8_t by_channel_4[16]{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const vb by_channel = repeat_block(C == 3 ? by_channel_3 : by_channel_4);
  const vi half = vi::set(512);
  for (index_t i = begin; i < end; i += vb::blocks) {
    const vb corners = shuffle_in_blocks(load_half_blocks(pixels, pixels + row_stride, offset + i), by_channel);
    const vs rows = multiply_add_bytes(corners, spread(across + i));               // [pixel, channel, row]
    const vi sums = multiply_add_pairs(rows, as_words(spread(down + i))) + half;  // [pixel, channel]
    store_block_pixels<C>(shift_right(sums, 10), to + i * C);
  }
}

/// Reads 16 bytes from each offset on, and from 4·C bytes beyond where there are 8 taps, in as many rows; writes up to
/// a byte beyond each pixel's last.
template <class Channels, class TapCount>
inline void sample_table(Channels, TapCount, const std::uint8_t* pixels, index_t row_stride, const std::int32_t* offset,
                         const std::int32_t* fraction, const std::int16_t* table, index_t begin, index_t end,
                         std::uint8_t* to) {
  constexpr index_t C = Channels::value, Taps = TapCount::value;
  constexpr std::uint8_t none = 128;
  static constexpr std::uint8_t by_channel_3[16]{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, none, none, none, none};
  static constexpr std::uint8_t by_channel_4[16]{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const vb by_channel = repeat_block(C == 3 ? by_channel_3 : by_channel_4);
  constexpr index_t quads = Taps / 4, blocks = Taps * quads;  // four pixels of a row go into a block
  index_t block_offsets[blocks];
  for (index_t b = 0; b < blocks; ++b) block_offsets[b] = b / quads * row_stride + b % quads * 4 * C;
  for (index_t i = begin; i < end; ++i) {
    const std::uint8_t* from = pixels + offset[i];
    const std::int16_t* weights = table + fraction[i] * Taps * Taps;
    vi lower = vi::set(0), upper = vi::set(0);  // [block, pair of channels, pair of pixels]
    for (index_t b = 0; b < blocks; b += vb::blocks) {
      const vb values = shuffle_in_blocks(load_blocks(from, block_offsets + b), by_channel);
      const vs w = spread(weights + 4 * b);
      lower = lower + multiply_add_pairs(widen_low(values), w);
      upper = upper + multiply_add_pairs(widen_high(values), w);
    }
    store_sum_of_blocks(add_neighbours(lower, upper), 15, to + i * C);
  }
}
