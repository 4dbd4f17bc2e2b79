// Included once per instruction set by simd/foreach_isa.hpp. Rows are read and written in whole vectors.

/// A symmetric kernel of 2·half + 1 weights in 1/256, from the first to the middle one, across a row of bytes of which
/// pixels are `step` apart. The sums, 0 … 65280, are less 32768, so that they fit in signed words.
template <class Half>
inline void blur_across(const std::uint8_t* x, index_t step, const std::int16_t* weights, Half half, index_t count,
                        std::int16_t* sums) {
  for (index_t e = 0; e < count; e += vs::lanes) {
    vs sum = vs::set(-32768) + vs::load(x + e + half * step) * vs::set(weights[half]);
    for (index_t i = 0; i < half; ++i)
      sum = sum + (vs::load(x + e + i * step) + vs::load(x + e + (2 * half - i) * step)) * vs::set(weights[i]);
    sum.store(sums + e);
  }
}

/// The same kernel down 2·half + 1 rows of such sums, rounded to bytes. weights[i] holds two, of rows 2·i and 2·i + 1;
/// there is one row more than the kernel has, of weight 0.
template <class Half>
inline void blur_down(const std::int16_t* const* rows, const std::int32_t* weights, Half half, index_t count,
                      std::uint8_t* y) {
  const vi start = vi::set((32768 << 8) + (1 << 15));  // what was taken off, times the sum of weights; and half a unit
  for (index_t e = 0; e < count; e += vs::lanes) {
    vi lower = start, upper = start;
    for (index_t i = 0; i <= half; ++i) {
      const vs a = vs::load(rows[2 * i] + e), b = vs::load(rows[2 * i + 1] + e), w = as_words(vi::set(weights[i]));
      lower = lower + multiply_add_pairs(interleave_low(a, b), w);
      upper = upper + multiply_add_pairs(interleave_high(a, b), w);
    }
    store_bytes(narrow_in_blocks(shift_right(lower, 16), shift_right(upper, 16)), y + e);
  }
}
