// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

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

/// Where a pixel stands between the middles of two tiles.
struct tile_place {
  index_t before, behind;
  float share;  // of the one behind
};
inline tile_place place_between_tiles(index_t p, index_t tile_extent, index_t tiles) {
  const float place = static_cast<float>(p) * (1.0f / static_cast<float>(tile_extent)) - 0.5f;
  const auto before = static_cast<index_t>(std::floor(place));
  return {std::max<index_t>(before, 0), std::min(before + 1, tiles - 1), place - static_cast<float>(before)};
}

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
  const auto level = [&](index_t row, index_t column, std::uint8_t v) {
    return static_cast<float>(tables[static_cast<std::size_t>(row * tiles_across + column)][v]);
  };
  std::vector<detail::tile_place> columns;
  for (index_t w = 0; w < W; ++w) columns.push_back(detail::place_between_tiles(w, tile_w, tiles_across));
  detail::for_each_rows(ctx, x.extents(), [&, W = W](index_t, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h) {
      const auto [above, below, down] = detail::place_between_tiles(h, tile_h, tiles_down);
      for (index_t w = 0; w < W; ++w) {
        const auto [left, right, across] = columns[static_cast<std::size_t>(w)];
        const std::uint8_t v = x(0, h, w, 0);
        const float upper = level(above, left, v) * (1 - across) + level(above, right, v) * across;
        const float lower = level(below, left, v) * (1 - across) + level(below, right, v) * across;
        y(0, h, w, 0) = static_cast<std::uint8_t>(upper * (1 - down) + lower * down + 0.5f);
      }
    }
  });
}

}  // namespace lamina
