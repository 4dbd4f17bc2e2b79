// lamina::predict · SPDX-License-Identifier: Apache-2.0
// Between photographs and networks: what training and prediction must do alike.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>

namespace lamina {

/// Normalised photographs as a network's input: as they are, or their luma 0.299 R + 0.587 G + 0.114 B for a network
/// with one input channel.
///   images  [N,H,W,3]
///   x       [N,H,W,3] or [N,H,W,1]
/// Writes x. Throws `error` on other shapes.
template <class T>
void network_input(cpu_context& ctx, view<const float> images, view<T> x) {
  const auto [N, H, W, C] = x.extents();
  require((C == 3 || C == 1) && images.extents() == shape{N, H, W, 3}, "network_input: images ", images.extents(),
          " for x ", x.extents(), "; expected [N,H,W,3] for 3 channels or 1 (NHWC)");
  parallel_for(ctx.workers(), N * H, 16, [&, H = H, W = W, C = C](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row)
      for (index_t w = 0; w < W; ++w) {
        const float* v = images.pixel(row / H, row % H, w);
        T* to = x.pixel(row / H, row % H, w);
        if (C == 1)
          to[0] = static_cast<T>(0.299f * v[0] + 0.587f * v[1] + 0.114f * v[2]);
        else
          for (index_t c = 0; c < 3; ++c) to[c] = static_cast<T>(v[c]);
      }
  });
}

}  // namespace lamina
