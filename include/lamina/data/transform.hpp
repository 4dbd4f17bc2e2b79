// lamina::data · SPDX-License-Identifier: Apache-2.0
// From a picture's bytes to what a network is fed with.
#pragma once

#include <lamina/augment/place.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/fit.hpp>

#include <array>
#include <cstdint>
#include <functional>

namespace lamina {

/// Mean and standard deviation of the pixels, per channel, on the scale 0 … 1.
struct normalisation {
  std::array<float, 3> mean{0.67501814f, 0.5663187f, 0.52339128f};  // of ISIC 2017's segmentation set
  std::array<float, 3> deviation{0.11092593f, 0.10669603f, 0.119005f};
};

/// Fills a sample's place in a batch. It may change image and mask, which are copies, and is called by several threads
/// at once. What it writes must be a pure function of its arguments, or training can't be repeated.
///   image      [1,h,w,3] bytes        image_out  [1,H,W,3]
///   mask       [1,h,w,1] 0 and 255    mask_out   [1,H,W,1]
using sample_transform = std::function<void(const sample_place& place, tensor<std::uint8_t>& image,
                                            tensor<std::uint8_t>& mask, view<float> image_out, view<float> mask_out)>;

/// y = 1 where the mask is 128 or more, else 0.
///   x, y  [N,H,W,1]
/// Writes y. Throws `error` when the shapes differ.
inline void mask_to_float(view<const std::uint8_t> x, view<float> y) {
  require(x.extents() == y.extents(), "mask_to_float: x ", x.extents(), " and y ", y.extents(),
          " differ in shape (NHWC)");
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) y(n, h, w, c) = x(n, h, w, c) >= 128 ? 1.0f : 0.0f;
}

/// A mask resampled by nearest, unless it has that size.
inline void fit_mask(tensor<std::uint8_t>& x, index_t height, index_t width) {
  const auto [N, H, W, C] = x.extents();
  if (H != height || W != width) x = resized(x.view(), interpolation::nearest, height, width);
}

/// Resizes where needed, makes the image (v/255 − mean)/deviation and the mask 0 and 1. For random changes see
/// `recipe_transform`.
inline sample_transform basic_transform(const normalisation& statistics = {}) {
  return [statistics](const sample_place&, tensor<std::uint8_t>& image, tensor<std::uint8_t>& mask,
                    view<float> image_out, view<float> mask_out) {
    fit_image(image, image_out.extents().h, image_out.extents().w);
    fit_mask(mask, mask_out.extents().h, mask_out.extents().w);
    to_float(image, image_out);
    normalize(image_out, statistics.mean, statistics.deviation, image_out);
    mask_to_float(mask, mask_out);
  };
}

}  // namespace lamina
