// Included once per instruction set by simd/foreach_isa.hpp.

inline void ema_step(run_extents extents, pixel_run<const float> weights, float share, pixel_run<float> average) {
  const vf shares = vf::set(share);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf mean = load_up_to(average[p] + c, left);
      store_up_to(average[p] + c, left, fma(shares, load_up_to(weights[p] + c, left) - mean, mean));
    }
  }
}
