// Included once per instruction set by simd/foreach_isa.hpp.

/// One pixel of y from the four around it.
template <class T>
inline void blend_pixels(const T* above_left, const T* above_right, const T* below_left, const T* below_right,
                         float right, float below, index_t channels, T* y) {
  const vf r = vf::set(right), l = vf::set(1 - right), b = vf::set(below), a = vf::set(1 - below);
  for (index_t c = 0; c < channels; c += vf::lanes) {
    const index_t left = channels - c;
    const vf upper = fma(r, load_up_to(above_right + c, left), l * load_up_to(above_left + c, left));
    const vf lower = fma(r, load_up_to(below_right + c, left), l * load_up_to(below_left + c, left));
    store_up_to(y + c, left, fma(b, lower, a * upper));
  }
}

/// One pixel of dx: the sum of what every pixel of dy that read it gives back.
template <class T>
inline void gather_pixel(view<const T> dy, index_t n, index_t h, index_t w, const linear_source* rows,
                         const linear_source* columns, linear_readers row_readers, linear_readers column_readers,
                         T* dx) {
  const index_t channels = dy.extents().c;
  for (index_t c = 0; c < channels; c += vf::lanes) {
    vf sum = vf::zero();
    for (index_t i = row_readers.begin; i < row_readers.end; ++i)
      for (index_t j = column_readers.begin; j < column_readers.end; ++j) {
        const vf weight = vf::set(rows[i].weight_of(h) * columns[j].weight_of(w));
        sum = fma(weight, load_up_to(dy.pixel(n, i, j) + c, channels - c), sum);
      }
    store_up_to(dx + c, channels - c, sum);
  }
}
