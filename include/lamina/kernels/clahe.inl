// Included once per instruction set by simd/foreach_isa.hpp. Arrays are read and written in whole vectors.

/// y = the mean of four grey levels, rounded half up. A word of `levels` holds them, from the lowest byte on: upper
/// left, upper right, lower left, lower right; across[i] is the share of the right ones, down that of the lower ones.
inline void mean_of_levels(const std::int32_t* levels, const float* across, float down, index_t count,
                           std::uint8_t* y) {
  const vf one = vf::set(1), half = vf::set(0.5f), lower = vf::set(down), upper = one - lower;
  const vi byte = vi::set(255);
  for (index_t i = 0; i < count; i += vi::lanes) {
    const vi four = vi::load(levels + i);
    const vf right = vf::load(across + i), left = one - right;
    const auto mean = [&](int first) {
      const vi at_left = shift_right(four, first) & byte, at_right = shift_right(four, first + 8) & byte;
      return rounded_product(to_float(at_left), left) + rounded_product(to_float(at_right), right);
    };
    const vf sum = rounded_product(mean(0), upper) + rounded_product(mean(16), lower);
    store_bytes(truncate_to_int(sum + half), y + i);
  }
}
