// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/image/overlay.hpp>
#include <lamina/image/resize.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace lamina {

/// A photograph with what was found in it, and the masks that were outlined; all of one size.
struct lesion_picture {
  tensor<std::uint8_t> photo;              // [1,H,W,3], the outline of the prediction red, that of the truth green
  tensor<std::uint8_t> prediction, truth;  // [1,H,W,1], 0 or 255
};

/// Draws the outlines, after enlarging all by a whole factor, so that the photograph's shorter side has `shorter_side`
/// pixels or more.
///   photo               [1,H,W,3]
///   probability, truth  [1,h,w,1]: of the whole photograph, or of its middle, as networks without padding see it
///   threshold           of the probability; the truth's is one half
///   thickness           of the outlines, as in `draw_overlay`
inline lesion_picture draw_lesion(view<const std::uint8_t> photo, view<const float> probability, float threshold,
                                  view<const float> truth, index_t shorter_side, double thickness = 0) {
  const auto [N, H, W, C] = photo.extents();
  const index_t factor = std::max<index_t>(1, ceil_div(shorter_side, std::min(H, W)));
  // Enlarged before the threshold, so that the outline is no staircase.
  const auto mask_of = [factor, H = H, W = W](view<const float> values, float least) {
    const auto large =
        resized(values, interpolation::linear, values.extents().h * factor, values.extents().w * factor);
    tensor<std::uint8_t> mask({1, H * factor, W * factor, 1});
    const index_t top = (mask.extents().h - large.extents().h) / 2, left = (mask.extents().w - large.extents().w) / 2;
    for (index_t h = 0; h < large.extents().h; ++h)
      for (index_t w = 0; w < large.extents().w; ++w)
        mask(0, h + top, w + left, 0) = large(0, h, w, 0) >= least ? 255 : 0;
    return mask;
  };
  lesion_picture made{resized(photo, interpolation::cubic, H * factor, W * factor), mask_of(probability, threshold),
                      mask_of(truth, 0.5f)};
  draw_overlay(made.photo.view(), made.prediction.view(), made.truth.view(), thickness);
  return made;
}

}  // namespace lamina
