// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/avx512_vbmi.hpp>

#include <cstdint>
#include <span>
#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/lookup.inl>
#include <lamina/simd/foreach_isa.hpp>
#if defined(__x86_64__)
LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma")
namespace lamina::avx512_vbmi {
#include <lamina/kernels/lookup.inl>
}
LAMINA_END_REGION
#endif

namespace lamina {

namespace detail {

/// Pixel by pixel, channel c by the table at c · step.
template <class To, class Channels>
void lookup_pixels(const std::uint8_t* x, index_t x_stride, const To* table, index_t step, index_t pixels,
                   Channels channels, To* y, index_t y_stride) {
  for (index_t w = 0; w < pixels; ++w, x += x_stride, y += y_stride)
    for (index_t c = 0; c < channels; ++c) y[c] = table[c * step + x[c]];
}

/// One table for `count` elements.
inline void lookup_run(isa, const std::uint8_t* x, const float* table, index_t count, float* y) {
  constexpr fixed<8> unrolled;
  lookup_pixels(x, unrolled, table, 0, count / unrolled, unrolled, y, unrolled);
  for (index_t i = count / unrolled * unrolled; i < count; ++i) y[i] = table[x[i]];
}
inline void lookup_run(isa set, const std::uint8_t* x, const std::uint8_t* table, index_t count, std::uint8_t* y) {
#if defined(__x86_64__)
  if (has_vbmi(set)) return avx512_vbmi::lookup_bytes(x, table, count, y);
#endif
  LAMINA_DISPATCH(set, lookup_bytes(x, table, count, y));
}

}  // namespace detail

/// y = table[x], or table[c][x] for channel c: any function of a byte in one pass.
///   x      [N,H,W,C]
///   table  256 values, or 256·C: one table a channel, [C][256]
///   y      [N,H,W,C] of std::uint8_t or float; of bytes, it may be x
/// Writes y. Throws `error` when the shapes differ or the table has another length.
template <class To>
void lookup(cpu_context& ctx, view<const std::uint8_t> x, std::type_identity_t<std::span<const To>> table,
            view<To> y) {
  static_assert(std::is_same_v<To, std::uint8_t> || std::is_same_v<To, float>);
  require(x.extents() == y.extents(), "lookup: x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
  const index_t W = x.extents().w, C = x.extents().c;
  require(table.size() == 256 || table.size() == 256 * static_cast<std::size_t>(C), "lookup: ", table.size(),
          " values for ", C, " channels; expected 256 or 256 a channel");
  const index_t step = table.size() == 256 ? 0 : 256;
  if (step == 0 && detail::rows_are_dense(x, y))
    return detail::for_each_dense_run(ctx, "lookup", x, y, [&](const std::uint8_t* from, To* to, index_t count) {
      detail::lookup_run(ctx.isa(), from, table.data(), count, to);
    });
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      detail::with_fixed_channels(C, [&, W = W, step, values = table.data()](auto channels) {
        detail::lookup_pixels(x.pixel(n, h, 0), x.pixel_stride(), values, step, W, channels, y.pixel(n, h, 0),
                              y.pixel_stride());
      });
  });
}

}  // namespace lamina
