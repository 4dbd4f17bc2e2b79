// Included once per instruction set by simd/foreach_isa.hpp.

template <class T>
inline void relu_forward(run_extents extents, pixel_run<const T> x, float slope, pixel_run<T> y) {
  const activation act(slope);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      store_up_to(y[p] + c, left, act(load_up_to(x[p] + c, left)));
    }
  }
}

template <class T>
inline void relu_backward(run_extents extents, pixel_run<const T> y, pixel_run<const T> dy, float slope,
                          pixel_run<T> dx) {
  const vf zero = vf::zero(), slopes = vf::set(slope);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const vf output = load_up_to(y[p] + c, extents.channels - c), d = load_up_to(dy[p] + c, extents.channels - c);
      store_up_to(dx[p] + c, extents.channels - c, select(greater(output, zero), d, slopes * d));
    }
  }
}
