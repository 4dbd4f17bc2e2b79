// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/avx512_vbmi.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/lookup.inl>
#include <lamina/simd/foreach_isa.hpp>
#if defined(__x86_64__)
LAMINA_BEGIN_REGION("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma")
namespace lamina::avx512_vbmi {
#include <lamina/kernels/lookup.inl>
#include <lamina/kernels/lookup_floats.inl>
}
LAMINA_END_REGION
#endif

namespace lamina {

namespace detail {

/// Pixel by pixel, channel c by the table at c · step.
template <class From, class To, class Channels>
void lookup_pixels(const From* x, index_t x_stride, const To* table, index_t step, index_t pixels, Channels channels,
                   To* y, index_t y_stride) {
  for (index_t w = 0; w < pixels; ++w, x += x_stride, y += y_stride)
    for (index_t c = 0; c < channels; ++c) y[c] = table[c * step + x[c]];
}

/// One table for `count` elements.
template <class From, class To>
void lookup_run([[maybe_unused]] isa set, const From* x, const To* table, index_t count, To* y) {
  if constexpr (std::is_same_v<From, std::uint8_t> && std::is_same_v<To, std::uint8_t>) {
#if defined(__x86_64__)
    if (has_vbmi(set)) return avx512_vbmi::lookup_bytes(x, table, count, y);
#endif
    LAMINA_DISPATCH(set, lookup_bytes(x, table, count, y));
  } else {
#if defined(__x86_64__)
    if constexpr (std::is_same_v<From, std::uint8_t> && std::is_same_v<To, float>)
      if (has_vbmi(set)) return avx512_vbmi::lookup_floats<1>(x, table, count, y);
#endif
    constexpr fixed<8> unrolled;
    lookup_pixels(x, unrolled, table, 0, count / unrolled, unrolled, y, unrolled);
    for (index_t i = count / unrolled * unrolled; i < count; ++i) y[i] = table[x[i]];
  }
}

template <class From, class To>
void lookup(cpu_context& ctx, view<const From> x, std::span<const To> table, view<To> y) {
  static_assert(std::is_same_v<To, std::uint8_t> || std::is_same_v<To, std::uint16_t> || std::is_same_v<To, float>);
  static_assert(sizeof(To) >= sizeof(From), "what becomes of 16 bits has 16 bits, too, or is float");
  require(x.extents() == y.extents(), "lookup: x ", x.extents(), " and y ", y.extents(), " differ in shape (NHWC)");
  constexpr index_t levels = index_t{1} << (8 * sizeof(From));
  const index_t W = x.extents().w, C = x.extents().c, values = static_cast<index_t>(table.size());
  require(values == levels || values == levels * C, "lookup: ", values, " values for ", C, " channels; expected ",
          levels, " or ", levels, " a channel");
  const index_t step = values == levels ? 0 : levels;
  if (step == 0 && rows_are_dense(x, y))
    return for_each_dense_run(ctx, "lookup", x, y, [&](const From* from, To* to, index_t count) {
      lookup_run(ctx.isa(), from, table.data(), count, to);
    });
#if defined(__x86_64__)
  if constexpr (std::is_same_v<From, std::uint8_t> && std::is_same_v<To, float>)
    if (C == 3 && rows_are_dense(x, y) && has_vbmi(ctx.isa()))
      return for_each_dense_run(ctx, "lookup", x, y, [&](const From* from, To* to, index_t count) {
        avx512_vbmi::lookup_floats<3>(from, table.data(), count, to);
      });
#endif
  for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      with_fixed_channels(C, [&, W = W, step, tables = table.data()](auto channels) {
        lookup_pixels(x.pixel(n, h, 0), x.pixel_stride(), tables, step, W, channels, y.pixel(n, h, 0),
                      y.pixel_stride());
      });
  });
}

}  // namespace detail

/// y = table[x], or table[c][x] for channel c: any function of a byte or of 16 bits in one pass. OpenCV's cv::LUT,
/// which takes bytes only.
///   x      [N,H,W,C] of std::uint8_t or std::uint16_t, which has L = 256 or 65536 values
///   table  L values, or L·C: one table a channel, [C][L]
///   y      [N,H,W,C] of std::uint16_t or float, of bytes std::uint8_t, too; of x's type, it may be x
/// Writes y. Throws `error` when the shapes differ or the table has another length.
template <class To>
void lookup(cpu_context& ctx, view<const std::uint8_t> x, std::type_identity_t<std::span<const To>> table,
            view<To> y) {
  detail::lookup(ctx, x, table, y);
}
template <class To>
void lookup(cpu_context& ctx, view<const std::uint16_t> x, std::type_identity_t<std::span<const To>> table,
            view<To> y) {
  detail::lookup(ctx, x, table, y);
}

}  // namespace lamina
