// SPDX-License-Identifier: Apache-2.0
// Pictures that augmentations are tried on, and what is asked of the results.
#pragma once

#include <lamina/augment/augment.hpp>

#include "tensors.hpp"

#include <set>

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

}  // namespace lamina::testing
