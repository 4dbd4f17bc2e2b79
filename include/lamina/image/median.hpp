// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/rows.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina {

/// y = the median of the side × side values around each pixel, channel by channel; edges are replicated. OpenCV's
/// cv::medianBlur, exactly.
///   x     [N,H,W,C]
///   side  odd, at least 1
///   y     [N,H,W,C], no element in common with x
/// Writes y. Throws `error` when the shapes differ or the side is even or not positive.
template <class T>
void median_blur(cpu_context& ctx, std::type_identity_t<view<const T>> x, index_t side, view<T> y) {
  require(x.extents() == y.extents(), "median_blur: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  require(side >= 1 && side % 2 == 1, "median_blur: side ", side, " is not odd and positive");
  const auto [N, H, W, C] = x.extents();
  detail::for_each_rows(ctx, x.extents(), [&, H = H, W = W, C = C](index_t n, index_t begin, index_t end) {
    std::vector<T> window(static_cast<std::size_t>(side * side));
    const auto middle = window.begin() + side * side / 2;
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          auto place = window.begin();
          for (index_t i = 0; i < side; ++i)
            for (index_t j = 0; j < side; ++j)
              *place++ = x(n, border_position(border::replicate, h - side / 2 + i, H),
                           border_position(border::replicate, w - side / 2 + j, W), c);
          std::nth_element(window.begin(), middle, window.end());
          y(n, h, w, c) = *middle;
        }
  });
}

}  // namespace lamina
