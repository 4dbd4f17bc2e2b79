// Included once per instruction set by simd/foreach_isa.hpp.

/// One row of the small side: each of its pixels is the sum of scale × scale pixels.
template <class T>
inline void upsample_nearest2d_backward(run_extents extents, pixel_run<const T> dy, index_t row_stride, index_t scale,
                                        pixel_run<T> dx) {
  for (index_t p = 0; p < extents.pixels; ++p)
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      vf sum = vf::zero();
      for (index_t i = 0; i < scale; ++i)
        for (index_t j = 0; j < scale; ++j) sum = sum + load_up_to(dy[p * scale + j] + i * row_stride + c, left);
      store_up_to(dx[p] + c, left, sum);
    }
}
