// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most, measured in the same run as what is compared with it: fused multiply-adds from
// registers, and bytes streamed through memory.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/tensor.hpp>

#include <algorithm>
#include <chrono>

#define LAMINA_KERNEL "../../../benchmarks/support/peak.inl"  // as seen from foreach_isa.hpp
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::benchmarks {

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of the quickest of `rounds` calls.
template <class F>
double quickest(int rounds, F&& f) {
  double best = 1e300;
  for (int r = 0; r < rounds; ++r) {
    const double start = seconds_now();
    f();
    best = std::min(best, seconds_now() - start);
  }
  return best;
}

inline float fma_chain(isa set, index_t rounds) { LAMINA_DISPATCH(set, fma_chain(rounds)); }
inline double fma_chain_flops(isa set, index_t rounds) { LAMINA_DISPATCH(set, fma_chain_flops(rounds)); }

/// Floating-point operations a second of independent multiply-adds in registers, on all workers of ctx at once.
inline double fma_peak(cpu_context& ctx) {
  constexpr index_t rounds = 1'000'000;
  const int workers = ctx.workers().workers();
  tensor<float> results(vector_shape(workers * 16));
  const double seconds = quickest(7, [&] {
    ctx.workers().run(workers, [&](index_t task, int) { results[task * 16] = fma_chain(ctx.isa(), rounds); });
  });
  return fma_chain_flops(ctx.isa(), rounds) * workers / seconds;
}

/// Bytes a second that y = a·x reads and writes in buffers far larger than the caches, on all workers of ctx at once.
inline double stream_bandwidth(cpu_context& ctx) {
  constexpr index_t elements = index_t{64} << 20;
  tensor<float> x(vector_shape(elements)), y(vector_shape(elements));
  const double seconds = quickest(3, [&] {
    parallel_for(ctx.workers(), elements, elements / 64, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) y[i] = 2 * x[i];
    });
  });
  return 2.0 * static_cast<double>(x.bytes()) / seconds;
}

}  // namespace lamina::benchmarks
