// Included once per instruction set by simd/foreach_isa.hpp.

/// Row h of image n of y, whose windows hold the rows `rows` of x. A window is summed row by row, so that the error
/// grows with its side and not with its area.
template <class T>
inline void average_pool2d_forward(view<const T> x, index_t n, pool_window rows, const pool_window* columns, index_t h,
                                   view<T> y) {
  const index_t C = x.extents().c, stride = x.pixel_stride();
  for (index_t w = 0; w < y.extents().w; ++w) {
    const index_t width = columns[w].end - columns[w].begin;
    const vf weight = vf::set(rows.weight * columns[w].weight);
    const T* const corner = x.pixel(n, rows.begin, columns[w].begin);
    T* const to = y.pixel(n, h, w);
    for (index_t c = 0; c < C; c += vf::lanes) {
      const index_t count = C - c;
      vf sum = vf::zero();
      for (index_t i = 0; i < rows.end - rows.begin; ++i) {
        const T* const from = corner + i * x.row_stride() + c;
        vf of_row = load_up_to(from, count);
        for (index_t j = 1; j < width; ++j) of_row = of_row + load_up_to(from + j * stride, count);
        sum = sum + of_row;
      }
      store_up_to(to + c, count, weight * sum);
    }
  }
}

/// Row h of image n of dx: each pixel is the sum over the windows that hold it. In that form overlapping windows need
/// no order, and pixels of no window become zero.
template <class T>
inline void average_pool2d_backward(view<const T> dy, const pool_window* rows, const pool_window* columns,
                                    pool_readers row_readers, const pool_readers* column_readers, bool accumulate,
                                    index_t n, index_t h, view<T> dx) {
  const index_t C = dx.extents().c;
  for (index_t w = 0; w < dx.extents().w; ++w) {
    const auto [begin, end] = column_readers[w];
    T* const to = dx.pixel(n, h, w);
    for (index_t c = 0; c < C; c += vf::lanes) {
      const index_t count = C - c;
      vf sum = accumulate ? load_up_to(to + c, count) : vf::zero();
      for (index_t oh = row_readers.begin; oh < row_readers.end; ++oh) {
        for (index_t ow = begin; ow < end; ++ow) {
          const vf weight = vf::set(rows[oh].weight * columns[ow].weight);
          sum = fma(weight, load_up_to(dy.pixel(n, oh, ow) + c, count), sum);
        }
      }
      store_up_to(to + c, count, sum);
    }
  }
}
