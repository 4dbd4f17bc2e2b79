// Included once per instruction set by simd/foreach_isa.hpp.

/// The top bits of `count` bytes, 64 to a word, the first at bit 0; then zeros, at least one, to the end of a word.
inline void pack_top_bits(const std::uint8_t* bytes, index_t count, std::uint64_t* words) {
  const auto word_at = [](const std::uint8_t* p) {
    std::uint64_t word = 0;
    for (index_t i = 0; i < 64; i += vb::lanes) word |= top_bits(vb::load(p + i)) << i;
    return word;
  };
  for (; count >= 64; count -= 64, bytes += 64) *words++ = word_at(bytes);
  std::uint8_t rest[64] = {};
  for (index_t i = 0; i < count; ++i) rest[i] = bytes[i];
  *words = word_at(rest);
}

/// Where a row of bits differs from the pixel before, which is 0 before the first; and for each word how many such
/// edges there are before it, with `before` ahead of the row. Returns how many there are behind it.
inline std::int32_t find_edges(const std::uint64_t* bits, index_t count, std::int32_t before, std::uint64_t* edges,
                               std::int32_t* edges_before) {
  std::uint64_t carry = 0;
  for (index_t i = 0; i < count; ++i) {
    const std::uint64_t word = bits[i], changed = word ^ (word << 1 | carry);
    carry = word >> 63;
    edges[i] = changed;
    edges_before[i] = before;
    if (changed != 0) before += __builtin_popcountll(changed);
  }
  return before;
}
