// Included once per instruction set by simd/foreach_isa.hpp: multiply-adds that depend on nothing but themselves.

constexpr int fma_chains = 12;  // more than latency × throughput of any processor

inline double fma_chain_flops(index_t rounds) { return 2.0 * static_cast<double>(rounds * fma_chains * vf::lanes); }

inline float fma_chain(index_t rounds) {
  vf sum[fma_chains];
#pragma GCC unroll 12
  for (int i = 0; i < fma_chains; ++i) sum[i] = vf::set(static_cast<float>(i));
  const vf factor = vf::set(0.999f), term = vf::set(1e-3f);
  for (index_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < fma_chains; ++i) sum[i] = fma(sum[i], factor, term);
  }
  vf total = sum[0];
#pragma GCC unroll 12
  for (int i = 1; i < fma_chains; ++i) total = total + sum[i];
  return sum_lanes(total);
}
