// Included once per instruction set by simd/foreach_isa.hpp.

/// One row of the pooled side: each pixel takes, channel by channel, the element of its window that its index names.
template <class T>
inline void max_unpool2d_backward(run_extents extents, pixel_run<const T> dy, index_t row_stride,
                                  pixel_run<const std::uint8_t> indices, pool2d_params params, pixel_run<T> dx) {
  for (index_t p = 0; p < extents.pixels; ++p) {
    const T* const corner = dy[p * params.stride];
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t count = extents.channels - c;
      vf chosen = vf::zero();
      for (index_t i = 0; i < params.kernel * params.kernel; ++i) {
        const vf v = load_up_to(corner + i / params.kernel * row_stride + i % params.kernel * dy.stride + c, count);
        chosen = select(from_bits(chosen_lanes(indices[p], c, count, params.kernel <= 2, i)), v, chosen);
      }
      store_up_to(dx[p] + c, count, chosen);
    }
  }
}
