// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/rows.hpp>

#include <cstdint>
#include <span>
#include <type_traits>

namespace lamina {

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
  detail::for_each_rows(ctx, x.extents(), [&](index_t n, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < W; ++w) {
        const std::uint8_t* from = x.pixel(n, h, w);
        To* to = y.pixel(n, h, w);
        for (index_t c = 0; c < C; ++c) to[c] = table[static_cast<std::size_t>(c * step + from[c])];
      }
  });
}

}  // namespace lamina
