// Included once per instruction set by simd/foreach_isa.hpp.

/// In how many bits two rows of words differ.
inline index_t count_differences(const std::uint64_t* a, const std::uint64_t* b, index_t words) {
  index_t count = 0;
  for (index_t i = 0; i < words; ++i)
    if (a[i] != b[i]) count += __builtin_popcountll(a[i] ^ b[i]);
  return count;
}

/// The 3 × 3 bits around bit `at`, row by row.
inline unsigned bits_around(const detail::border_map& map, index_t at) {
  // Of words with the lowest byte first, so that any three bits lie in two bytes.
  const unsigned char* const left = reinterpret_cast<const unsigned char*>(map.bits) + ((at - 1) >> 3);
  const index_t shift = (at - 1) & 7;
  const auto three_bits = [shift](const unsigned char* p) {
    return static_cast<unsigned>((p[0] | p[1] << 8) >> shift) & 7u;
  };
  const index_t row = map.row_words * 8;
  return three_bits(left - row) | three_bits(left) << 3 | three_bits(left + row) << 6;
}

/// The number of the last edge at bit `at` or before it.
inline index_t last_edge_up_to(const detail::border_map& map, index_t at) {
  const std::uint64_t up_to_here = map.edges[at >> 6] << (63 - (at & 63));
  return map.edges_before[at >> 6] + __builtin_popcountll(up_to_here) - 1;
}

/// Follows the border through `start`, whose neighbour in direction `open` is outside: writes its pixels to `out` and
/// `number` to the marks of the edges that it passes. Returns the end of what was written.
inline pixel_point* follow_border(const detail::border_map& map, pixel_point start, unsigned open, std::int32_t number,
                                  pixel_point* out) {
  // By the direction that the next pixel lies against.
  const std::int32_t dx[8] = {-1, -1, 0, 1, 1, 1, 0, -1}, dy[8] = {0, 1, 1, 1, 0, -1, -1, -1};
  const index_t row = map.row_words * 64, first = (start.y + 1) * row + start.x;
  index_t moves[8];
  for (int d = 0; d < 8; ++d) moves[d] = dy[d] * row + dx[d];

  const unsigned around_first = bits_around(map, first);
  if (around_first == detail::centre_bit) {  // a pixel alone
    const index_t edge = last_edge_up_to(map, first);
    map.marks[edge] = map.marks[edge + 1] = number;
    *out++ = start;
    return out;
  }
  unsigned from = open;  // the first inside, with the clock: the border's last pixel
  do from = (from - 1) & 7;
  while ((around_first >> detail::neighbour_bit[from] & 1) == 0);

  const unsigned first_from = from;
  std::int32_t x = start.x, y = start.y;
  index_t at = first;
  do {
    *out++ = {x, y};
    const unsigned step = detail::border_steps[from << 9 | bits_around(map, at)];

    // The edges to the left and to the right of this pixel, if it has them; a mark before all others takes the rest.
    const index_t edge = last_edge_up_to(map, at);
    map.marks[(step & detail::passes_left) != 0 ? edge : -1] = number;
    map.marks[(step & detail::passes_right) != 0 ? edge + 1 : -1] = number;

    from = step & 7;
    at += moves[from];
    x += dx[from];
    y += dy[from];
  } while (at != first || from != first_from);
  return out;
}
