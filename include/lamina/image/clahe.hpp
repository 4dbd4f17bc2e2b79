// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/clahe.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// What each grey level becomes so that a tile's levels are evenly used; none is counted more than `clip` times, the
/// rest is shared out evenly.
inline std::array<std::uint8_t, 256> equalised(std::array<index_t, 256> histogram, index_t clip, index_t pixels) {
  if (clip > 0) {
    index_t rest = 0;
    for (index_t& count : histogram) {
      rest += std::max<index_t>(0, count - clip);
      count = std::min(count, clip);
    }
    for (index_t& count : histogram) count += rest / 256;
    rest %= 256;
    const index_t step = rest > 0 ? std::max<index_t>(256 / rest, 1) : 256;
    for (index_t i = 0; i < 256 && rest > 0; i += step, --rest) ++histogram[static_cast<std::size_t>(i)];
  }
  const float scale = 255.0f / static_cast<float>(pixels);
  std::array<std::uint8_t, 256> table{};
  index_t sum = 0;
  for (std::size_t i = 0; i < 256; ++i)
    table[i] = saturate_cast<std::uint8_t>(static_cast<float>(sum += histogram[i]) * scale);
  return table;
}

/// Where a row or column of pixels stands among the middles of tiles: cell i lies before the middle of tile i.
struct tile_place {
  index_t cell;
  float share;  // of the tile behind
};
inline tile_place place_between_tiles(index_t p, index_t tile_extent) {
  const float place =
      portable::rounded_product(static_cast<float>(p), 1.0f / static_cast<float>(tile_extent)) - 0.5f;
  const float before = std::floor(place);
  return {static_cast<index_t>(before) + 1, place - before};
}

/// What the four tiles around a cell make of each grey level, a byte each from the lowest on: upper left, upper right,
/// lower left, lower right. Found by one load a pixel.
using tile_cell = std::array<std::int32_t, 256>;

}  // namespace detail

/// Contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994): the picture is divided into
/// tiles, each is equalised, and each pixel takes the mean of what the four nearest tiles make of it, weighed by
/// distance. OpenCV's cv::CLAHE.
///   x            [1,H,W,1]
///   clip_limit   how often a grey level may be counted, in multiples of an even share; 0: no limit
///   tiles_…      1 … 256
///   y            [1,H,W,1]; it may be x
/// Writes y, equal to OpenCV 4.6 within 1. Throws `error` on other shapes and parameters.
inline void clahe(cpu_context& ctx, view<const std::uint8_t> x, double clip_limit, index_t tiles_across,
                  index_t tiles_down, view<std::uint8_t> y) {
  const auto [N, H, W, C] = x.extents();
  require(N == 1 && C == 1 && x.size() > 0 && x.extents() == y.extents(), "clahe: x ", x.extents(), " and y ",
          y.extents(), " are not [1,H,W,1]");
  constexpr index_t most_tiles = 256;  // along a side: each has a table of 256 bytes
  for (const index_t tiles : {tiles_across, tiles_down})
    require(tiles >= 1 && tiles <= most_tiles, "clahe: ", tiles_across, "×", tiles_down, " tiles: ", tiles,
            " is not between 1 and ", most_tiles);
  require(clip_limit >= 0, "clahe: clip_limit ", clip_limit, " is negative");
  // Where the tiles don't fit, the picture is continued by its mirror image to the right and below, by up to a tile.
  const bool fits = H % tiles_down == 0 && W % tiles_across == 0;
  const auto extended = [&](index_t extent, index_t tiles) { return fits ? extent : extent + tiles - extent % tiles; };
  const index_t tile_h = extended(H, tiles_down) / tiles_down, tile_w = extended(W, tiles_across) / tiles_across;
  const index_t pixels = tile_h * tile_w;
  const index_t clip =
      clip_limit > 0 ? std::max<index_t>(static_cast<index_t>(clip_limit * static_cast<double>(pixels) / 256), 1) : 0;

  std::vector<std::array<std::uint8_t, 256>> tables(static_cast<std::size_t>(tiles_across * tiles_down));
  ctx.workers().run(tiles_across * tiles_down, [&, H = H, W = W](index_t tile, int) {
    const index_t top = tile / tiles_across * tile_h, left = tile % tiles_across * tile_w;
    const index_t inside = std::clamp<index_t>(W - left, 0, tile_w);  // columns of the tile that x has
    std::array<index_t, 256> histogram{};
    for (index_t h = top; h < top + tile_h; ++h) {
      const std::uint8_t* row = x.pixel(0, border_position(border::reflect_101, h, H), 0);
      for (index_t w = left; w < left + inside; ++w) ++histogram[row[w * x.pixel_stride()]];
      for (index_t w = left + inside; w < left + tile_w; ++w)
        ++histogram[row[border_position(border::reflect_101, w, W) * x.pixel_stride()]];
    }
    tables[static_cast<std::size_t>(tile)] = detail::equalised(histogram, clip, pixels);
  });
  const index_t cells_across = tiles_across + 1;
  std::vector<detail::tile_cell> cells(static_cast<std::size_t>(cells_across * (tiles_down + 1)));
  ctx.workers().run(tiles_down + 1, [&](index_t row, int) {
    const auto table = [&](index_t r, index_t c) -> const std::array<std::uint8_t, 256>& {
      r = std::clamp<index_t>(r, 0, tiles_down - 1);
      c = std::clamp<index_t>(c, 0, tiles_across - 1);
      return tables[static_cast<std::size_t>(r * tiles_across + c)];
    };
    for (index_t column = 0; column < cells_across; ++column) {
      const auto &upper_left = table(row - 1, column - 1), &upper_right = table(row - 1, column);
      const auto &lower_left = table(row, column - 1), &lower_right = table(row, column);
      detail::tile_cell& cell = cells[static_cast<std::size_t>(row * cells_across + column)];
      for (std::size_t v = 0; v < 256; ++v) {
        const auto level = [v](const auto& of, int bits) { return std::uint32_t{of[v]} << bits; };
        cell[v] = static_cast<std::int32_t>(level(upper_left, 0) | level(upper_right, 8) | level(lower_left, 16) |
                                            level(lower_right, 24));
      }
    }
  });
  std::vector<index_t> cell_end(static_cast<std::size_t>(cells_across), 0);  // the column behind a cell's last
  tensor<float> across = detail::row_buffer<float>(W);
  for (index_t w = 0; w < W; ++w) {
    const auto [cell, share] = detail::place_between_tiles(w, tile_w);
    across[w] = share;
    cell_end[static_cast<std::size_t>(cell)] = w + 1;
  }
  detail::for_each_rows(ctx, x.extents(), [&, W = W](index_t, index_t begin, index_t end) {
    tensor<std::int32_t> levels = detail::row_buffer<std::int32_t>(W);
    tensor<std::uint8_t> result = detail::row_buffer<std::uint8_t>(W);
    for (index_t h = begin; h < end; ++h) {
      const auto [row, down] = detail::place_between_tiles(h, tile_h);
      const std::uint8_t* from = x.pixel(0, h, 0);
      std::int32_t* to = levels.data();
      for (index_t column = 0, w = 0; column < cells_across; ++column) {
        const std::int32_t* cell = cells[static_cast<std::size_t>(row * cells_across + column)].data();
        for (; w < cell_end[static_cast<std::size_t>(column)]; ++w) to[w] = cell[from[w * x.pixel_stride()]];
      }
      [&, share = down] {
        LAMINA_DISPATCH(ctx.isa(), mean_of_levels(levels.data(), across.data(), share, W, result.data()));
      }();
      detail::write_row(result.data(), 0, h, y);
    }
  });
}

}  // namespace lamina
