// lamina::image · SPDX-License-Identifier: Apache-2.0
// Shrinking a picture by the mean of what each pixel covers.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/image/weighted_sum.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina::detail {

/// The mean of blocks of `down` × `across` pixels.
template <class T>
void resize_blocks(cpu_context& ctx, view<const T> x, index_t down, index_t across, view<T> y) {
  using sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, float>;
  const index_t W = y.extents().w;
  const float scale = 1.0f / static_cast<float>(down * across);
  const bool by_two = down == 2 && across == 2;
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    with_fixed_channels(x.extents().c, [&](auto channels) {
      for (index_t h = begin; h < end; ++h)
        for (index_t w = 0; w < W; ++w) {
          T* to = y.pixel(n, h, w);
          for (index_t c = 0; c < channels; ++c) {
            sum s = 0;
            for (index_t i = 0; i < down; ++i) {
              const T* from = x.pixel(n, h * down + i, w * across) + c;
              for (index_t j = 0; j < across; ++j) s += static_cast<sum>(from[j * x.pixel_stride()]);
            }
            if constexpr (std::is_integral_v<T>)
              to[c] = by_two ? static_cast<T>((s + 2) >> 2) : saturate_cast<T>(static_cast<float>(s) * scale);
            else
              to[c] = s * scale;
          }
        }
    });
  });
}

/// y(w) = Σ shares of pixels of a row of floats, which may be read and written an element further.
inline void share_out(const std::vector<area_share>& shares, const float* x, index_t C, float* y) {
  using portable::rounded_product;
  for (std::size_t i = 0; i < shares.size(); y += C) {
    const std::size_t first = i;
    const index_t destination = shares[first].destination;
    while (i < shares.size() && shares[i].destination == destination) ++i;
    const index_t quads = C == 3 ? 4 : C / 4 * 4;
    index_t c = 0;
    for (; c < quads; c += 4) {
      portable::vf sum = portable::vf::zero();
      for (std::size_t j = first; j < i; ++j)
        sum = sum + rounded_product(portable::vf::set(shares[j].weight), portable::vf::load(x + shares[j].source * C + c));
      sum.store(y + c);
    }
    for (; c < C; ++c) {
      y[c] = 0;
      for (std::size_t j = first; j < i; ++j) y[c] += rounded_product(shares[j].weight, x[shares[j].source * C + c]);
    }
  }
}

/// The mean of what each destination pixel covers, parts of pixels counted in part: rows first, then columns.
template <class T>
void resize_area(cpu_context& ctx, view<const T> x, view<T> y) {
  const index_t H = y.extents().h, W = y.extents().w, C = y.extents().c;
  const auto scale = [](index_t source, index_t destination) {
    return 1 / (static_cast<double>(destination) / static_cast<double>(source));
  };
  const auto across = area_shares(x.extents().w, W, scale(x.extents().w, W));
  const auto down = area_shares(x.extents().h, H, scale(x.extents().h, H));
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const extended_rows<T> rows(x.images(n), border::replicate, 0, 0);
    std::vector<tensor<T>> source;
    std::vector<const T*> at;
    std::vector<float> weights;
    tensor<float> narrow = row_buffer<float>(W * C), wide = row_buffer<float>(rows.length());
    tensor<T> result = row_buffer<T>(W * C);
    const auto before = [](const area_share& share, index_t destination) { return share.destination < destination; };
    auto share = std::lower_bound(down.begin(), down.end(), begin, before);
    for (index_t h = begin; h < end; ++h) {
      at.clear();
      weights.clear();
      for (; share != down.end() && share->destination == h; ++share) {
        if (source.size() == at.size()) source.push_back(row_buffer<T>(rows.length()));
        rows.write(share->source, source[at.size()].data());
        at.push_back(source[at.size()].data());
        weights.push_back(share->weight);
      }
      weighted_sum(ctx.isa(), at.data(), weights, rows.length(), wide.data());
      share_out(across, wide.data(), C, narrow.data());
      const float* const sums[]{narrow.data()};
      constexpr float one[]{1};
      weighted_sum(ctx.isa(), sums, one, W * C, result.data());  // rounds
      write_row(result.data(), n, h, y);
    }
  });
}

}  // namespace lamina::detail
