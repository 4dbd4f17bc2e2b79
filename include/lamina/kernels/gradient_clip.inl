// Included once per instruction set by simd/foreach_isa.hpp.

inline void clip_by_value(run_extents extents, float limit, pixel_run<float> x) {
  const vf high = vf::set(limit), low = vf::set(-limit);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf v = load_up_to(x[p] + c, left);
      // by comparisons that are false for NaN, so that a NaN stays to be seen
      store_up_to(x[p] + c, left, select(greater(v, high), high, select(greater(low, v), low, v)));
    }
  }
}
