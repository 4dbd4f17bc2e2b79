// Included once per instruction set by simd/foreach_isa.hpp. Rows are read and written in whole vectors; a pixel of
// three channels takes four places in the sums.

/// Linear interpolation across a row of bytes, in 1/128: (w0·v0 + w1·v1) / 16 with weights of 11 bits.
///   offset     of each pixel's two source pixels; 8 bytes may be read from there
///   even, odd  w0 and, in the upper word, w1 of pixels 0, 2, 4, … and 1, 3, 5, …
///   sums       [pixels, 4]
template <index_t C>
inline void linear_across(const std::uint8_t* x, const std::int32_t* offset, const std::int32_t* even,
                          const std::int32_t* odd, index_t pixels, std::int16_t* sums) {
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

/// Two such rows, weighed with 11 bits: each product loses its lower 16 bits, as in OpenCV, before two more are rounded.
inline void linear_down(const std::int16_t* a, const std::int16_t* b, std::int16_t weight_a, std::int16_t weight_b,
                        index_t count, std::uint8_t* y) {
  const vs wa = vs::set(weight_a), wb = vs::set(weight_b), two = vs::set(2);
  for (index_t e = 0; e < count; e += vs::lanes) {
    const vs sum = multiply_high(vs::load(a + e), wa) + multiply_high(vs::load(b + e), wb) + two;
    store_bytes(shift_right(sum, 2), y + e);
  }
}

/// Sums of Taps weighed pixels across a row of bytes.
///   offset   of each pixel's first tap; 16 bytes may be read from there on, and from each 4·C bytes further on
///   weights  [Taps / 4, pixels, 4], of 11 bits; `plane` numbers from one to the next
///   sums     [pixels, 4]
template <index_t C, index_t Taps>
inline void wide_across(const std::uint8_t* x, const index_t* offset, const std::int16_t* weights, index_t plane,
                        index_t pixels, std::int32_t* sums) {
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

/// `taps` rows of sums, weighed with 11 bits, rounded and saturated to bytes.
inline void wide_down(const std::int32_t* const* rows, const std::int32_t* weights, index_t taps, index_t count,
                      std::uint8_t* y) {
  for (index_t e = 0; e < count; e += vi::lanes) {
    vi sum = vi::set(1 << 21);
    for (index_t r = 0; r < taps; ++r) sum = sum + vi::load(rows[r] + e) * vi::set(weights[r]);
    store_bytes(shift_right(sum, 22), y + e);
  }
}

/// Pixels of four bytes without their last; may write 4 bytes more.
inline void three_of_four(const std::uint8_t* x, index_t pixels, std::uint8_t* y) {
  static constexpr std::uint8_t first_three[16]{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0};
  for (index_t i = 0; i < pixels; i += 4) shuffle_block(x + 4 * i, first_three, y + 3 * i);
}
