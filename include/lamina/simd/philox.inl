// Included once per instruction set by simd/foreach_isa.hpp.

/// Blocks 0 … count − 1 of four words each; see lamina::philox.
inline void philox_blocks(const random_stream::blocks& from, index_t count, std::uint32_t* words) {
  constexpr index_t lanes = vu::lanes;
  const vu numbers = block_numbers() + vu::set(from.counter[0]);
  for (index_t first = 0; first < count; first += lanes) {
    vu a = numbers + vu::set(static_cast<std::uint32_t>(first)), b = vu::set(from.counter[1]);
    vu c = vu::set(from.counter[2]), d = vu::set(from.counter[3]);
    std::uint32_t key0 = from.key0, key1 = from.key1;
    for (int round = 0; round < 10; ++round) {
      const wide_product pa = multiply_wide(a, vu::set(0xD2511F53u)), pc = multiply_wide(c, vu::set(0xCD9E8D57u));
      a = pc.high ^ b ^ vu::set(key0);
      c = pa.high ^ d ^ vu::set(key1);
      b = pc.low;
      d = pa.low;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    if (count - first >= lanes) {
      store_blocks(a, b, c, d, words + 4 * first);
    } else {
      std::uint32_t rest[4 * lanes];
      store_blocks(a, b, c, d, rest);
      for (index_t i = 0; i < 4 * (count - first); ++i) words[4 * first + i] = rest[i];
    }
  }
}
