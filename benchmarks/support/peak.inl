// Included once per instruction set by simd/foreach_isa.hpp.

// multiply-adds that depend on nothing but themselves
constexpr int fma_chains = vf::sums;  // at least latency × throughput of the set's processors

inline double fma_chain_flops(index_t rounds) { return 2.0 * static_cast<double>(rounds * fma_chains * vf::lanes); }

inline float fma_chain(index_t rounds) {
  vf sum[fma_chains];
#pragma GCC unroll 24
  for (int i = 0; i < fma_chains; ++i) sum[i] = vf::set(static_cast<float>(i));
  const vf factor = vf::set(0.999f), term = vf::set(1e-3f);
  for (index_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 24
    for (int i = 0; i < fma_chains; ++i) sum[i] = fma(sum[i], factor, term);
  }
  vf total = sum[0];
#pragma GCC unroll 24
  for (int i = 1; i < fma_chains; ++i) total = total + sum[i];
  return sum_lanes(total);
}

/// z = x + factor·y, or z = x where factor is 0. `count` is a multiple of the lanes.
inline void stream(index_t count, const float* x, float factor, const float* y, float* z) {
  const vf factors = vf::set(factor);
  if (factor == 0)
    for (index_t i = 0; i < count; i += vf::lanes) vf::load(x + i).store(z + i);
  else
    for (index_t i = 0; i < count; i += vf::lanes) fma(factors, vf::load(y + i), vf::load(x + i)).store(z + i);
}
