// Included once per instruction set by simd/foreach_isa.hpp. Rows of sums, weighed to rows of bytes; read and written
// in whole vectors.

/// Two rows of sums in 1/128, weighed with 11 bits: each product loses its lower 16 bits, as in OpenCV, before their
/// sum is rounded.
inline void linear_down(const std::int16_t* a, const std::int16_t* b, std::int16_t weight_a, std::int16_t weight_b,
                        index_t count, std::uint8_t* y) {
  const vs wa = vs::set(weight_a), wb = vs::set(weight_b), two = vs::set(2);
  for (index_t e = 0; e < count; e += vs::lanes) {
    const vs sum = multiply_high(vs::load(a + e), wa) + multiply_high(vs::load(b + e), wb) + two;
    store_bytes(shift_right(sum, 2), y + e);
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
