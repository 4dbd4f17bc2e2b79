// lamina::image · SPDX-License-Identifier: Apache-2.0
// Resizing by linear, cubic and lanczos4: each source row that is needed is interpolated across once, and kept while
// rows of the result are made of it.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/image/resize_bytes.hpp>
#include <lamina/image/resize_float.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina::detail {

/// y = x resized. The arithmetic is one of resize_bytes.hpp and resize_float.hpp.
template <class Arithmetic, class T = typename Arithmetic::element>
void resize_separable(cpu_context& ctx, view<const T> x, interpolation method, view<T> y) {
  using sum = typename Arithmetic::sum;
  const index_t W = y.extents().w, C = y.extents().c, H = x.extents().h;
  const axis_table across = interpolation_table(method, x.extents().w, W);
  const axis_table down = interpolation_table(method, H, y.extents().h);
  const Arithmetic arithmetic(across, down, C);
  const index_t taps = down.taps, stride = round_up(arithmetic.row_length(), index_t{alignment}) + index_t{alignment};
  const bool four_places = std::is_same_v<T, std::uint8_t> && C == 3;
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const extended_rows<T> extended(x.images(n), border::replicate, taps / 2, taps / 2);
    tensor<T> source = row_buffer<T>(extended.length()), result = row_buffer<T>(stride);
    tensor<sum> ring(vector_shape(taps * stride));
    std::vector<index_t> held(static_cast<std::size_t>(taps), -1);  // the source row in each place of the ring
    std::vector<const sum*> rows(static_cast<std::size_t>(taps));
    for (index_t h = begin; h < end; ++h) {
      for (index_t i = 0; i < taps; ++i) {
        const index_t row = std::clamp<index_t>(down.first[static_cast<std::size_t>(h)] + i, 0, H - 1);
        const index_t place = row % taps;  // the taps of a row are neighbours: they never meet in one place
        sum* to = ring.data() + place * stride;
        if (std::exchange(held[static_cast<std::size_t>(place)], row) != row) {
          extended.write(row, source.data());
          arithmetic.interpolate_across(ctx.isa(), source.data(), to);
        }
        rows[static_cast<std::size_t>(i)] = to;
      }
      arithmetic.interpolate_down(ctx.isa(), rows.data(), h, result.data());
      if constexpr (std::is_same_v<T, std::uint8_t>) {
        if (four_places && y.pixel_stride() == 3) {
          drop_fourth(ctx.isa(), result.data(), W, y.pixel(n, h, 0));
          continue;
        }
        if (four_places) drop_fourth(ctx.isa(), result.data(), W, result.data());
      }
      write_row(result.data(), n, h, y);
    }
  });
}

}  // namespace lamina::detail
