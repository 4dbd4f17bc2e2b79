// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What ops that treat each element alike share: the shape check and the division of their operands among threads.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>

#include <algorithm>
#include <string_view>

namespace lamina {

namespace reference {
/// v where v > 0, else slope·v; slope 0 makes 0 of −∞ too. A NaN stays one.
inline double activation(double v, double slope) { return v < 0 ? (slope == 0 ? 0 : slope * v) : v; }
}  // namespace reference

/// Throws `error` unless a and b have the same extents.
template <class A, class B, class Device>
void require_same_shape(std::string_view op, std::string_view name_a, view<A, Device> a, std::string_view name_b,
                        view<B, Device> b) {
  require(a.extents() == b.extents(), op, ": ", name_a, " ", a.extents(), " and ", name_b, " ", b.extents(),
          " differ in shape (NHWC)");
}

/// Pixels that lie an even stride apart: one operand's share of a run.
template <class T>
struct pixel_run {
  T* data;
  index_t stride;
  T* operator[](index_t pixel) const { return data + pixel * stride; }
};

/// How long a run is. Where every operand is contiguous, pixels and channels merge: one pixel with very many channels.
struct run_extents {
  index_t pixels, channels;
};

/// Calls body(extents, run of each operand…) for pieces that together cover the operands, which have the same extents;
/// in parallel, and always cut at the same places.
template <class Body, class T, class... Ts>
void for_each_run(cpu_context& ctx, Body&& body, view<T> first, view<Ts>... rest) {
  constexpr index_t elements_per_piece = 16 * 1024;  // about what is worth waking a thread for
  const auto [N, H, W, C] = first.extents();
  if (first.size() == 0) return;
  if (first.contiguous() && (rest.contiguous() && ...)) {
    parallel_for(ctx.workers(), first.size(), elements_per_piece, [&](index_t begin, index_t end) {
      body(run_extents{1, end - begin}, pixel_run<T>{first.data() + begin, 0},
           pixel_run<Ts>{rest.data() + begin, 0}...);
    });
  } else {
    const index_t rows_per_piece = std::max<index_t>(1, elements_per_piece / (W * C));
    parallel_for(ctx.workers(), N * H, rows_per_piece, [&, H = H, W = W, C = C](index_t begin, index_t end) {
      for (index_t row = begin; row < end; ++row)
        body(run_extents{W, C}, pixel_run<T>{first.pixel(row / H, row % H, 0), first.pixel_stride()},
             pixel_run<Ts>{rest.pixel(row / H, row % H, 0), rest.pixel_stride()}...);
    });
  }
}

}  // namespace lamina
