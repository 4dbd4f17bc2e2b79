// Included once per instruction set by simd/foreach_isa.hpp.

/// x = x + k − offset for each of `count` bytes, saturated. 0 ≤ k, and the sums fit in 16 bits.
inline void add_to_bytes(const std::int16_t* k, std::int16_t offset, index_t count, std::uint8_t* x) {
  const vs less = vs::set(offset);
  index_t i = 0;
  for (; i + vs::lanes <= count; i += vs::lanes) store_bytes(vs::load(x + i) + vs::load(k + i) - less, x + i);
  for (; i < count; ++i) {
    const int sum = x[i] + k[i] - offset;
    x[i] = static_cast<std::uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
  }
}
