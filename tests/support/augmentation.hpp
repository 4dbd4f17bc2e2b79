// SPDX-License-Identifier: Apache-2.0
// Pictures that augmentations are tried on, and what is asked of the results.
#pragma once

#include <lamina/augment/augment.hpp>

#include "tensors.hpp"

#include <set>
#include <string>
#include <vector>

namespace lamina::testing {

/// Random bytes, the same for the same number.
inline tensor<std::uint8_t> random_picture(index_t height, index_t width, index_t channels = 3,
                                           std::uint32_t number = 1) {
  return converted<std::uint8_t>(random_tensor<float>({1, height, width, channels}, number, 0, 256));
}
/// Smooth waves of different length in each channel.
inline tensor<std::uint8_t> smooth_picture(index_t height, index_t width) {
  tensor<std::uint8_t> x({1, height, width, 3});
  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w)
      for (index_t c = 0; c < 3; ++c) {
        const double phase = 0.05 * static_cast<double>(w + 2 * c) + 0.03 * static_cast<double>(h * (c + 1));
        x(0, h, w, c) = static_cast<std::uint8_t>(std::lround(128 + 100 * std::sin(phase)));
      }
  return x;
}
/// 255 within an ellipse that is not in the middle, else 0.
inline tensor<std::uint8_t> ellipse_mask(index_t height, index_t width) {
  tensor<std::uint8_t> m({1, height, width, 1});
  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w) {
      const double x = (static_cast<double>(w) / static_cast<double>(width) - 0.4) / 0.25;
      const double y = (static_cast<double>(h) / static_cast<double>(height) - 0.55) / 0.3;
      m(0, h, w, 0) = x * x + y * y < 1 ? 255 : 0;
    }
  return m;
}

template <class T>
const tensor<T>& as(const augment::augmented::picture& p) {
  return std::get<tensor<T>>(p);
}
inline const tensor<std::uint8_t>& bytes(const augment::augmented::picture& p) { return as<std::uint8_t>(p); }

/// The image that a single augmentation makes.
template <class A>
tensor<std::uint8_t> augmented_bytes(A op, const tensor<std::uint8_t>& x, std::uint64_t seed = 1) {
  auto made = augment::recipe(std::move(op)).apply({.seed = seed}, x.view());
  return std::get<tensor<std::uint8_t>>(std::move(made.image));
}
template <class A>
tensor<float> augmented_floats(A op, const tensor<std::uint8_t>& x, std::uint64_t seed = 1) {
  auto made = augment::recipe(augment::augmentation(std::move(op))).apply({.seed = seed}, x.view());
  return std::get<tensor<float>>(std::move(made.image));
}

inline bool same_picture(const augment::augmented::picture& a, const augment::augmented::picture& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&]<class T>(const tensor<T>& x) { return same_bits<T>(x.view(), std::get<tensor<T>>(b).view()); },
                    a);
}

template <class T>
std::set<T> values_of(const tensor<T>& x) {
  return {x.begin(), x.end()};
}

/// The mean of |a − b|.
template <class T>
double mean_difference(const tensor<T>& a, const tensor<T>& b) {
  REQUIRE(a.extents() == b.extents());
  double sum = 0;
  for (index_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
  return sum / static_cast<double>(a.size());
}

/// Every augmentation of the language but the containers, with all its parameters, as recipes are printed. Whoever adds
/// an augmentation adds its line: tests/augment/language_test.cpp and known_test.cpp fail without.
inline const std::vector<std::string>& augmentation_lines() {
  static const std::vector<std::string> lines{
      "AugResizeDim dims=(150,140) interp=\"area\" gt_interp=\"linear\"",
      "AugResizeScale scale=(0.5, 2) interp=\"lanczos4\" gt_interp=\"area\"",
      "AugMirror p=0.25",
      "AugFlip p=1",
      "AugTranspose p=1",
      "AugRotate angle=[-5, 5] center=(3, 4.5) scale=1.25 interp=\"nearest\" gt_interp=\"linear\"",
      "AugCenterCrop",
      "AugCenterCrop size=(7,8)",
      "AugRandomCrop size=(7,8)",
      "AugRandomCrop size=(170,130) border_type=\"wrap\" border_value=17",
      "AugElasticTransform alpha=[1, 2] sigma=[3, 4] interp=\"cubic\" border_type=\"replicate\" border_value=3 "
      "gt_interp=\"linear\"",
      "AugGridDistortion num_steps=[3, 5] distort_limit=[-0.25, 0.25] interp=\"cubic\" border_type=\"reflect\" "
      "border_value=3 gt_interp=\"linear\"",
      "AugOpticalDistortion distort_limit=[-0.5, 0.5] shift_limit=[-2, 2] interp=\"cubic\" border_type=\"constant\" "
      "border_value=3 gt_interp=\"linear\"",
      "AugAdditivePoissonNoise lambda=[0, 10]",
      "AugAdditiveLaplaceNoise std_dev=[0, 12.75]",
      "AugGammaContrast gamma=[0.5, 1.5]",
      "AugBrightness beta=[-30, 30]",
      "AugGaussianBlur sigma=[-1, 2]",
      "AugCoarseDropout p=[0, 0.03] drop_size=[0.02, 0.05] per_channel=0.25",
      "AugSalt p=[0, 0.1] per_channel=0.5",
      "AugPepper p=[0, 0.1] per_channel=0.5",
      "AugSaltAndPepper p=[0, 0.1] per_channel=0.5",
      "AugToFloat32 divisor=2 divisor_gt=3",
      "AugDivBy255",
      "AugNormalize mean=0.5 std=(1, 2, 3)",
      "AugScaleTo new_min=-1 new_max=1",
      "AugScaleFromTo old_min=0 old_max=200 new_min=10 new_max=20",
      "AugAffine",
      "AugAffine angle=[-180, 180] scale=[0.8, 1.25] shear=[-5, 5] translate=[-0.1, 0.1] interp=\"cubic\" "
      "border_type=\"reflect\" border_value=3 gt_interp=\"linear\"",
      "AugPerspective scale=[0, 0.1] interp=\"cubic\" border_type=\"wrap\" border_value=3 gt_interp=\"linear\"",
      "AugRandomResizedCrop size=(100,140) scale=[0.5, 1] ratio=[0.5, 2] interp=\"cubic\" gt_interp=\"linear\"",
      "AugLetterbox size=(150,160) border_value=7 interp=\"cubic\" gt_interp=\"nearest\"",
      "AugHueSaturationValue hue=[-10, 10] saturation=[-0.1, 0.1] value=[-0.25, 0.25]",
      "AugChannelShuffle p=1",
      "AugShadesOfGrey power=4",
      "AugContrast alpha=[0.5, 1.5]",
      "AugCLAHE clip_limit=[1, 4] tiles=(4,2)",
      "AugGaussianNoise std_dev=[0, 20]",
      "AugMedianBlur side=[3, 5]",
      "AugMotionBlur side=[3, 9] angle=[20, 40]",
      "AugJpegCompression quality=[30, 90]",
      "AugHair count=[0, 12] width=[0.01, 0.02] length=[0.5, 1] darkness=[0.25, 0.75]",
  };
  return lines;
}

}  // namespace lamina::testing
