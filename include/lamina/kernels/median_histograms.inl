// Included once per instruction set by simd/foreach_isa.hpp. Medians of bytes in a time that hardly depends on the
// side: each column of `side` values keeps a histogram, to which a row adds one value and from which it takes one; the
// window's is the last one's, a column more and one less. Perreault, Hébert: Median filtering in constant time, 2007.
//
// Histograms are of two levels, and cumulative at both: coarse[i] tells how many are in the segments 0 to i, of 16
// values each; fine[s][i], how many are among the values 0 to i of segment s. So a search is a comparison of a vector.

/// Adds a row's values, `step` apart, to the histograms of `count` columns.
///   coarse  [count, 16]
///   fine    [16, count, 16]
inline void add_to_columns(const std::uint8_t* row, index_t step, index_t count, std::uint8_t* coarse,
                           std::uint8_t* fine) {
  for (index_t j = 0; j < count; ++j) {
    const index_t segment = row[j * step] >> 4, value = row[j * step] & 15;
    std::uint8_t* const place = coarse + 16 * j;
    std::uint8_t* const fine_place = fine + 16 * (segment * count + j);
    (counts::load(place) + counts::from(segment)).store_bytes(place);
    (counts::load(fine_place) + counts::from(value)).store_bytes(fine_place);
  }
}
/// The same, and takes away another row's.
inline void replace_in_columns(const std::uint8_t* old_row, const std::uint8_t* row, index_t step, index_t count,
                               std::uint8_t* coarse, std::uint8_t* fine) {
  for (index_t j = 0; j < count; ++j) {
    const index_t old_segment = old_row[j * step] >> 4, old_value = old_row[j * step] & 15;
    const index_t segment = row[j * step] >> 4, value = row[j * step] & 15;
    std::uint8_t* const place = coarse + 16 * j;
    std::uint8_t* const old_place = fine + 16 * (old_segment * count + j);
    std::uint8_t* const new_place = fine + 16 * (segment * count + j);
    (counts::load(place) + (counts::from(segment) - counts::from(old_segment))).store_bytes(place);
    (counts::load(old_place) - counts::from(old_value)).store_bytes(old_place);
    (counts::load(new_place) + counts::from(value)).store_bytes(new_place);
  }
}

/// Medians of a row of windows of `side` columns, at most 255, written `step` apart. A window's counts begin below 0 by
/// one more than the median has values before it: 16 bits hold them, and the median is where they cease to be negative.
inline void median_of_histograms(const std::uint8_t* coarse, const std::uint8_t* fine, index_t count, index_t side,
                                 index_t step, std::uint8_t* y) {
  const auto start = static_cast<std::int16_t>(-(side * side / 2) - 1);
  std::int16_t before[17] = {start};  // after the segments before each
  std::int16_t sums[16][16];          // of the windows' fine counts, where the median was last in a segment
  index_t last[16];
  std::fill_n(last, 16, -side);
  counts window = counts::set(start);
  for (index_t j = 0; j < side - 1; ++j) window = window + counts::load(coarse + 16 * j);
  for (index_t w = 0; w + side <= count; ++w) {
    window = window + counts::load(coarse + 16 * (w + side - 1));
    window.store(before + 1);
    const index_t segment = first_not_negative(window);
    window = window - counts::load(coarse + 16 * w);

    const std::uint8_t* const columns = fine + 16 * segment * count;
    counts sum = counts::set(0);
    if (2 * (w - last[segment]) < side) {
      sum = counts::load(sums[segment]);
      for (index_t j = last[segment]; j < w; ++j)
        sum = sum + (counts::load(columns + 16 * (j + side)) - counts::load(columns + 16 * j));
    } else {
      for (index_t j = w; j < w + side; ++j) sum = sum + counts::load(columns + 16 * j);
    }
    sum.store(sums[segment]);
    last[segment] = w;
    const index_t value = first_not_negative(counts::set(before[segment]) + sum);
    y[w * step] = static_cast<std::uint8_t>(16 * segment + value);
  }
}
