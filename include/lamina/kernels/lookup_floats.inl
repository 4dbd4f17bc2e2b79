// Included by image/lookup.hpp where bytes can be shuffled over whole registers: a table of floats is four tables of
// bytes, one for each byte of a float.

/// Which of 64 bytes, ordered so and the first one's number being `phase` (mod 3), have the second and the third of
/// three tables.
struct channel_masks {
  std::uint64_t second[3] = {}, third[3] = {};

  explicit channel_masks(vb order) {
    std::uint8_t places[64];
    order.store(places);
    for (int phase = 0; phase < 3; ++phase)
      for (int i = 0; i < 64; ++i) {
        second[phase] |= std::uint64_t{(phase + places[i]) % 3 == 1} << i;
        third[phase] |= std::uint64_t{(phase + places[i]) % 3 == 2} << i;
      }
  }
};

/// A table of floats by the bytes of its values, the lowest first.
inline std::array<byte_table, 4> planes_of(const float* table) {
  std::uint8_t bytes[4][256];
  for (index_t v = 0; v < 256; ++v) {
    std::uint8_t parts[4];
    std::memcpy(parts, table + v, sizeof parts);
    for (int b = 0; b < 4; ++b) bytes[b][v] = parts[b];
  }
  return {byte_table(bytes[0]), byte_table(bytes[1]), byte_table(bytes[2]), byte_table(bytes[3])};
}

/// y[i] = table[x[i]], or, of three tables one behind the other, table[i % 3][x[i]].
template <index_t Tables>
inline void lookup_floats(const std::uint8_t* x, const float* tables, index_t count, float* y) {
  static_assert(Tables == 1 || Tables == 3);
  constexpr index_t worth_the_planes = 4096;
  index_t i = 0;
  if (count >= worth_the_planes) {
    const auto first = planes_of(tables), second = planes_of(tables + 256 * (1 % Tables)),
               third = planes_of(tables + 256 * (2 % Tables));
    const vb order = order_of_planes();
    const channel_masks of(order);
    for (; i + vb::lanes <= count; i += vb::lanes) {
      const vb index = permute(vb::load(x + i), order);
      vb plane[4];
      for (std::size_t b = 0; b < 4; ++b) {
        plane[b] = first[b][index];
        if constexpr (Tables == 3) {
          plane[b] = blend(plane[b], second[b][index], of.second[i % 3]);
          plane[b] = blend(plane[b], third[b][index], of.third[i % 3]);
        }
      }
      store_floats(plane, y + i);
    }
  }
  for (; i < count; ++i) y[i] = tables[i % Tables * 256 + x[i]];
}
