// lamina::image · SPDX-License-Identifier: Apache-2.0
// Shrinking a picture by the mean of what each pixel covers.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/image/resize_float.hpp>

#include <type_traits>
#include <vector>

namespace lamina::detail {

/// The mean of what each destination pixel covers: rows first, then columns.
template <class T>
void resize_area(cpu_context& ctx, view<const T> x, view<T> y) {
  const index_t W = y.extents().w, C = y.extents().c;
  const axis_table across = area_table(x.extents().w, W), down = area_table(x.extents().h, y.extents().h);
  const taps_across offsets(across, 0, C);
  const auto with_fixed_taps = [&across](auto&& body) {
    switch (across.taps) {
      case 2: return body(fixed<2>{});
      case 3: return body(fixed<3>{});
      default: return body(across.taps);
    }
  };
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const extended_rows<T> rows(x.images(n), border::replicate, 0, 0);
    std::vector<tensor<T>> source;
    std::vector<const T*> at;
    std::vector<float> weights;
    tensor<float> wide = row_buffer<float>(rows.length()), narrow = row_buffer<float>(W * C);
    tensor<T> result = row_buffer<T>(W * C);
    for (index_t h = begin; h < end; ++h) {
      at.clear();
      weights.clear();
      for (index_t k = 0; k < down.taps; ++k) {
        const float weight = down.weights[static_cast<std::size_t>(h * down.taps + k)];
        if (weight == 0) continue;
        if (source.size() == at.size()) source.push_back(row_buffer<T>(rows.length()));
        rows.write(down.first[static_cast<std::size_t>(h)] + k, source[at.size()].data());
        at.push_back(source[at.size()].data());
        weights.push_back(weight);
      }
      weighted_sum(ctx.isa(), at.data(), weights, rows.length(), wide.data());
      with_fixed_taps([&](auto taps) {
        float_across(taps, wide.data(), offsets, across.weights.data(), narrow.data());
      });
      const float* const sums[]{narrow.data()};
      constexpr float one[]{1};
      weighted_sum(ctx.isa(), sums, one, W * C, result.data());  // rounds
      write_row(result.data(), n, h, y);
    }
  });
}

}  // namespace lamina::detail
