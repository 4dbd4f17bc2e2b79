// Included once per instruction set by simd/foreach_isa.hpp, and by image/lookup.hpp for one more.

/// y[i] = table[x[i]]; y may be x.
inline void lookup_bytes(const std::uint8_t* x, const std::uint8_t* table, index_t count, std::uint8_t* y) {
  const byte_table values(table);
  index_t i = 0;
  for (; i + vb::lanes <= count; i += vb::lanes) values[vb::load(x + i)].store(y + i);
  for (; i < count; ++i) y[i] = table[x[i]];
}
