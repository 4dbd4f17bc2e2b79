// Included once per instruction set by simd/foreach_isa.hpp.

template <class T>
inline void add(run_extents extents, pixel_run<const T> x, pixel_run<T> y) {
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t count = extents.channels - c;
      store_up_to(y[p] + c, count, load_up_to(y[p] + c, count) + load_up_to(x[p] + c, count));
    }
  }
}

template <class T>
inline void scale(run_extents extents, float factor, pixel_run<T> y) {
  const vf factors = vf::set(factor);
  for (index_t p = 0; p < extents.pixels; ++p)
    for (index_t c = 0; c < extents.channels; c += vf::lanes)
      store_up_to(y[p] + c, extents.channels - c, factors * load_up_to(y[p] + c, extents.channels - c));
}
