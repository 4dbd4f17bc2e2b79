// lamina::image · SPDX-License-Identifier: Apache-2.0
// Photographs in the size that a network takes: what training, validation and prediction must do alike.
#pragma once

#include <lamina/image/read.hpp>
#include <lamina/image/resize.hpp>

#include <optional>

namespace lamina {

/// How a photograph H × W comes to height × width unless a method was chosen: by area where it shrinks, else linear.
constexpr interpolation fitting_interpolation(index_t H, index_t W, index_t height, index_t width,
                                              std::optional<interpolation> chosen = {}) {
  return chosen.value_or(height <= H && width <= W ? interpolation::area : interpolation::linear);
}

/// x resampled unless it has that size.
inline void fit_image(tensor<std::uint8_t>& x, index_t height, index_t width,
                      std::optional<interpolation> chosen = {}) {
  const auto [N, H, W, C] = x.extents();
  if (H != height || W != width)
    x = resized(x.view(), fitting_interpolation(H, W, height, width, chosen), height, width);
}

/// The photograph in a file at height × width (both 0: at its own size): [1,height,width,3]. Unless a method was
/// chosen, a JPEG is decoded at a reduced scale where twice that size still fits, so that averaging has pixels to
/// average.
/// Throws `file_error` as `read_image` does.
inline tensor<std::uint8_t> read_fitted_image(const std::filesystem::path& path, index_t height, index_t width,
                                              std::optional<interpolation> chosen = {}) {
  read_options options{.channels = 3};
  if (!chosen) options.min_height = 2 * height, options.min_width = 2 * width;
  tensor<std::uint8_t> x = read_image(path, options);
  if (height > 0 && width > 0) fit_image(x, height, width, chosen);
  return x;
}

}  // namespace lamina
