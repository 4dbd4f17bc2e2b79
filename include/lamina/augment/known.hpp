// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Every augmentation that the language knows.
#pragma once

#include <lamina/augment/affine.hpp>
#include <lamina/augment/blur.hpp>
#include <lamina/augment/colour.hpp>
#include <lamina/augment/containers.hpp>
#include <lamina/augment/contrast.hpp>
#include <lamina/augment/conversion.hpp>
#include <lamina/augment/crop.hpp>
#include <lamina/augment/distortion.hpp>
#include <lamina/augment/dropout.hpp>
#include <lamina/augment/flips.hpp>
#include <lamina/augment/hair.hpp>
#include <lamina/augment/jpeg_compression.hpp>
#include <lamina/augment/letterbox.hpp>
#include <lamina/augment/noise.hpp>
#include <lamina/augment/photometric.hpp>
#include <lamina/augment/resize.hpp>
#include <lamina/augment/rotate.hpp>

#include <string_view>
#include <vector>

namespace lamina::augment {

template <class... Augmentations>
struct augmentation_list {
  /// Calls body(A{}) for each A, until one returns true.
  template <class Body>
  static bool any(Body&& body) {
    return (body(Augmentations{}) || ...);
  }
  static std::vector<std::string_view> names() { return {Augmentations::name...}; }
};

using known_augmentations =
    augmentation_list<resize_dim, resize_scale, mirror, flip, transpose, rotate, center_crop, random_crop,
                      elastic_transform, grid_distortion, optical_distortion, additive_poisson_noise,
                      additive_laplace_noise, gamma_contrast, brightness, gaussian_blur, coarse_dropout, salt, pepper,
                      salt_and_pepper, to_float, div_by_255, normalize, scale_to, scale_from_to, affine, perspective,
                      random_resized_crop, letterbox, hue_saturation_value, channel_shuffle, shades_of_grey, contrast,
                      clahe, gaussian_noise, median_blur, motion_blur, jpeg_compression, hair, sequential, one_of>;

}  // namespace lamina::augment
