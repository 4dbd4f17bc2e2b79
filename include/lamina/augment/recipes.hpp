// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Recipes by name. The same stand as text in examples/recipes/NAME.aug.
#pragma once

#include <lamina/augment/known.hpp>
#include <lamina/augment/recipe.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace lamina::augment {

/// What we advise for lesions: a dermoscopic photograph has no up and no left; lamps, cameras and skins differ; hairs
/// lie in front. Leaves bytes, of the size that it was given.
inline recipe lesions_recipe() {
  return recipe(sequential{
      mirror{},
      flip{},
      affine{.angle = {-180, 180},
             .scale = {.8f, 1.25f},
             .shear = {-5, 5},
             .translate = {-.05f, .05f},
             .border_type = border::reflect_101},
      one_of{.7f, {brightness{{-25, 25}}, contrast{{.75f, 1.3f}}, gamma_contrast{{.7f, 1.4f}}}},
      one_of{.5f, {hue_saturation_value{{-8, 8}, {-.15f, .15f}, {-.05f, .05f}}}},
      one_of{.2f, {gaussian_blur{{.3f, 1}}, gaussian_noise{{1, 8}}, jpeg_compression{{60, 95}}}},
      one_of{.2f, {hair{{1, 12}}, coarse_dropout{{0, .03f}, {.02f, .06f}, 0}}}});
}

/// The ten steps of the system that this library replaces, with the statistics of ISIC's classification set.
inline recipe ten_step_recipe(image_size size = {512, 512}) {
  return recipe(sequential{resize_dim{size, interpolation::cubic},
                           mirror{.5f},
                           flip{.5f},
                           rotate{{-180, 180}},
                           additive_poisson_noise{{0, 10}},
                           gamma_contrast{{.5f, 1.5f}},
                           gaussian_blur{{0, .8f}},
                           coarse_dropout{{0, .03f}, {.02f, .05f}, .25f},
                           to_float{255, 255},
                           normalize{{.6681f, .5301f, .5247f}, {.1337f, .1480f, .1595f}}});
}

/// The training recipe of its later program, with the statistics of ISIC 2017's segmentation set.
inline recipe pipeline_recipe(image_size size = {512, 512}) {
  const std::vector<float> mean{.67501814f, .5663187f, .52339128f}, std{.11092593f, .10669603f, .119005f};
  return recipe(sequential{
      resize_dim{size, interpolation::cubic},
      mirror{.5f},
      flip{.5f},
      rotate{.angle = {-180, 180}, .interp = interpolation::cubic},
      one_of{.3f, {elastic_transform{{34, 40}, {2, 4}, interpolation::nearest, border::constant}}},
      one_of{.5f, {brightness{{.1f, .2f}}}},
      one_of{.5f, {resize_scale{{1, 1.5f}, interpolation::cubic}}},
      center_crop{size},
      additive_poisson_noise{{0, 10}},
      gamma_contrast{{.5f, 1.5f}},
      gaussian_blur{{0, .8f}},
      coarse_dropout{{0, .03f}, {.02f, .05f}, .25f},
      to_float{255, 255},
      normalize{mean, std}});
}

inline constexpr std::array<std::string_view, 3> recipe_names{"lesions", "ten_step", "pipeline"};

/// The recipe of that name; those that resize, to `size`. Nothing where there is none.
inline std::optional<recipe> recipe_named(std::string_view name, image_size size) {
  if (name == "lesions") return lesions_recipe();
  if (name == "ten_step") return ten_step_recipe(size);
  if (name == "pipeline") return pipeline_recipe(size);
  return std::nullopt;
}

}  // namespace lamina::augment
