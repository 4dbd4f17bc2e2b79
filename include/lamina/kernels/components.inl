// Included once per instruction set by simd/foreach_isa.hpp.

/// Writes `value` from begin to end, and beyond, up to `limit`, where that saves a question: what is behind is written
/// afterwards.
inline void fill_labels(std::int32_t* row, index_t begin, index_t end, index_t limit, std::int32_t value) {
  const vi values = vi::set(value);
  for (; begin < end; begin += vi::lanes) {
    if (begin + vi::lanes > limit) {
      for (; begin < end; ++begin) row[begin] = value;
      return;
    }
    values.store(row + begin);
  }
}

/// A row of the label image: label i from edges[2 i] to edges[2 i + 1], 0 elsewhere.
inline void write_labels(const std::int32_t* edges, const std::int32_t* labels, index_t runs, index_t width,
                         std::int32_t* row) {
  index_t end = 0;
  for (index_t i = 0; i < runs; ++i) {
    fill_labels(row, end, edges[2 * i], width, 0);
    end = edges[2 * i + 1];
    fill_labels(row, edges[2 * i], end, width, labels[i]);
  }
  fill_labels(row, end, width, width, 0);
}
