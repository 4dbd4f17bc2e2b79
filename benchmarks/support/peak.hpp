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

/// Bytes a second through memory, by buffers far larger than the caches: what copying (y = x) or the STREAM triad
/// (z = x + a·y) reaches, whichever is more, on all workers of ctx at once. What is written counts twice, because a
/// processor reads a line of its cache before it overwrites it.
class stream_bandwidth {
 public:
  double measure(cpu_context& ctx) {
    return std::max(quickest_stretch(ctx, 0, x_.view(), 3), quickest_stretch(ctx, 2, y_.view(), 4));
  }

 private:
  static constexpr index_t elements = index_t{32} << 20, stretch = elements / 16, piece = stretch / 16;

  /// The buffers are walked through some times. A stretch is long enough to time, and so short that other programs
  /// leave one of them in peace.
  double quickest_stretch(cpu_context& ctx, float factor, view<const float> other, double passes) {
    double seconds = 1e300;
    for (index_t start = 0; start < 8 * elements; start += stretch)
      seconds = std::min(seconds, quickest(1, [&] {
        parallel_for(ctx.workers(), stretch, piece, [&](index_t begin, index_t end) {
          const index_t at = start % elements + begin, count = end - begin;
          const float *x = x_.data() + at, *y = other.data() + at;
          float* z = z_.data() + at;
          [&] { LAMINA_DISPATCH(ctx.isa(), stream(count, x, factor, y, z)); }();
        });
      }));
    return passes * static_cast<double>(stretch) * sizeof(float) / seconds;
  }

  tensor<float> x_{vector_shape(elements)}, y_{vector_shape(elements)}, z_{vector_shape(elements)};
};

}  // namespace lamina::benchmarks
