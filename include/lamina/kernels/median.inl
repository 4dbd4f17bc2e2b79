// Included once per instruction set by simd/foreach_isa.hpp. Medians of bytes without a branch: columns are sorted once
// and serve all windows that they are in. Rows are read and written in whole vectors.

/// a ≤ b.
inline void sort(vb& a, vb& b) {
  const vb least = min(a, b);
  b = max(a, b);
  a = least;
}
inline void sort(vb& a, vb& b, vb& c) {
  sort(a, b);
  sort(b, c);
  sort(a, b);
}
inline void sort(vb (&v)[5]) {
  sort(v[0], v[1]);
  sort(v[3], v[4]);
  sort(v[2], v[4]);
  sort(v[2], v[3]);
  sort(v[1], v[4]);
  sort(v[0], v[3]);
  sort(v[0], v[2]);
  sort(v[1], v[3]);
  sort(v[1], v[2]);
}
/// The two largest of four, a ≤ b; and the two smallest.
inline void largest_two(vb& a, vb& b, vb c, vb d) {
  sort(a, c);
  sort(b, d);
  const vb third = max(a, b);  // of those that lost, the better one
  a = max(third, min(c, d));
  b = max(c, d);
}
inline void smallest_two(vb& a, vb& b, vb c, vb d) {
  sort(a, c);
  sort(b, d);
  const vb third = min(c, d);
  c = min(third, max(a, b));
  a = min(a, b);
  b = c;
}

/// Sorts each column of `Rows` values: sorted[i] is row i, from the least up.
inline void sort_columns_of_3(const std::uint8_t* const* rows, index_t count, std::uint8_t* const* sorted) {
  for (index_t e = 0; e < count; e += vb::lanes) {
    vb a = vb::load(rows[0] + e), b = vb::load(rows[1] + e), c = vb::load(rows[2] + e);
    sort(a, b, c);
    a.store(sorted[0] + e);
    b.store(sorted[1] + e);
    c.store(sorted[2] + e);
  }
}
inline void sort_columns_of_5(const std::uint8_t* const* rows, index_t count, std::uint8_t* const* sorted) {
  for (index_t e = 0; e < count; e += vb::lanes) {
    vb v[5];
    for (index_t i = 0; i < 5; ++i) v[i] = vb::load(rows[i] + e);
    sort(v);
    for (index_t i = 0; i < 5; ++i) v[i].store(sorted[i] + e);
  }
}

/// The median of three sorted columns, `step` apart: that of the largest of the least, the median of the middle ones
/// and the smallest of the greatest.
inline void median_of_3_columns(const std::uint8_t* const* sorted, index_t step, index_t count, std::uint8_t* y) {
  for (index_t e = 0; e < count; e += vb::lanes) {
    const auto at = [&](index_t row, index_t column) { return vb::load(sorted[row] + e + column * step); };
    vb low = max(max(at(0, 0), at(0, 1)), at(0, 2)), high = min(min(at(2, 0), at(2, 1)), at(2, 2));
    vb a = at(1, 0), middle = at(1, 1), c = at(1, 2);
    sort(a, middle, c);
    sort(low, middle, high);
    middle.store(y + e);
  }
}

/// The median of five sorted columns. With rows sorted, too, value (i, j) has at least (i+1)(j+1) − 1 below and
/// (5−i)(5−j) − 1 above; 13 values remain that may be the median, on three diagonals. With these sorted, seven do.
inline void median_of_5_columns(const std::uint8_t* const* sorted, index_t step, index_t count, std::uint8_t* y) {
  for (index_t e = 0; e < count; e += vb::lanes) {
    vb row[5][5];
    for (index_t i = 0; i < 5; ++i) {
      for (index_t j = 0; j < 5; ++j) row[i][j] = vb::load(sorted[i] + e + j * step);
      sort(row[i]);  // what no one asks for, the compiler leaves out
    }
    largest_two(row[0][3], row[1][2], row[2][1], row[3][0]);
    smallest_two(row[1][4], row[2][3], row[3][2], row[4][1]);
    vb middle[5]{row[0][4], row[1][3], row[2][2], row[3][1], row[4][0]};
    sort(middle);
    vb a = row[0][3], b = row[1][2], c = row[1][4], d = row[2][3];  // a ≤ b, c ≤ d
    sort(a, c);
    sort(b, d);
    sort(b, c);  // a ≤ b ≤ c ≤ d
    // the fourth of these four and the middle's three: the least of what is greater of a pair whose ranks sum to four
    const vb median = min(min(max(a, middle[3]), max(b, middle[2])), min(max(c, middle[1]), d));
    median.store(y + e);
  }
}
