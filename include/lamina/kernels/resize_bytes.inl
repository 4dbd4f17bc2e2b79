// Included once per instruction set by simd/foreach_block_isa.hpp. Rows of bytes of 3 or 4 channels; what is computed
// is said in image/resize_bytes.hpp. A block of a vector holds bytes of one or two pixels, sorted by channel.

/// Reads 8 bytes from each offset on, and up to 7 pixels more.
template <class Channels>
inline void linear_across(Channels, const std::uint8_t* x, const std::int32_t* offset, const std::int32_t* even,
                          const std::int32_t* odd, index_t pixels, std::int16_t* sums) {
  constexpr index_t C = Channels::value;
  constexpr std::uint8_t none = 128;
  static constexpr std::uint8_t by_channel_3[16]{0, 3,  1, 4,  2,  5,  none, none,  // a a b b c c of one pixel
                                                 8, 11, 9, 12, 10, 13, none, none};
  static constexpr std::uint8_t by_channel_4[16]{0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15};
  const vb by_channel = repeat_block(C == 3 ? by_channel_3 : by_channel_4);
  for (index_t i = 0; i < pixels; i += 2 * vb::blocks) {
    const vb values = shuffle_in_blocks(load_half_blocks(x, offset + i), by_channel);
    const vi lower = multiply_add_pairs(widen_low(values), as_words(spread(even + i / 2)));
    const vi upper = multiply_add_pairs(widen_high(values), as_words(spread(odd + i / 2)));
    narrow_in_blocks(shift_right(lower, 4), shift_right(upper, 4)).store(sums + 4 * i);
  }
}

/// Reads 16 bytes from each offset on, and from each 4·C bytes further on; up to 3 pixels more.
template <class Channels, class TapCount>
inline void wide_across(Channels, TapCount, const std::uint8_t* x, const index_t* offset, const std::int16_t* weights,
                        index_t plane, index_t pixels, std::int32_t* sums) {
  constexpr index_t C = Channels::value, Taps = TapCount::value;
  constexpr std::uint8_t none = 128;
  static constexpr std::uint8_t by_channel_3[16]{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, none, none, none, none};
  static constexpr std::uint8_t by_channel_4[16]{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  const vb by_channel = repeat_block(C == 3 ? by_channel_3 : by_channel_4);
  for (index_t i = 0; i < pixels; i += vb::blocks) {
    vi lower = vi::set(0), upper = vi::set(0);  // [pixel, pair of channels, pair of taps]
    for (index_t q = 0; q < Taps / 4; ++q) {
      const vb values = shuffle_in_blocks(load_blocks(x + q * 4 * C, offset + i), by_channel);
      const vs w = spread(weights + q * plane + 4 * i);
      lower = lower + multiply_add_pairs(widen_low(values), w);
      upper = upper + multiply_add_pairs(widen_high(values), w);
    }
    add_neighbours(lower, upper).store(sums + 4 * i);
  }
}

/// Writes whole blocks as long as more pixels follow.
inline void drop_fourth(const std::uint8_t* x, index_t pixels, std::uint8_t* y) {
  static constexpr std::uint8_t first_three[16]{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0};
  index_t i = 0;
  for (; i + 8 <= pixels; i += 4) shuffle_block(x + 4 * i, first_three, y + 3 * i);
  portable::drop_fourth(x + 4 * i, pixels - i, y + 3 * i);
}
