// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Bent pictures: each pixel is looked up at a displaced place. The size stays. Beyond the edge lies what border_type
// says; border_value is the image's, a mask has 0 there.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/augment/sampling_fields.hpp>
#include <lamina/image/filter.hpp>
#include <lamina/simd/philox.hpp>

#include <cmath>
#include <vector>

namespace lamina::augment {

/// Each pixel is displaced by a smooth random field: uniform on (−1, 1) along x and along y, blurred by a Gaussian of
/// 17 × 17 pixels and σ, times α. Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks, ICDAR
/// 2003, doi:10.1109/ICDAR.2003.1227801.
struct elastic_transform {
  static constexpr std::string_view name = "AugElasticTransform";

  range alpha, sigma;  // both in pixels
  interpolation interp = interpolation::linear;
  border border_type = border::reflect_101;
  float border_value = 0;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("alpha", self.alpha, required);
    field("sigma", self.sigma, required, positive);
    sampling_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    constexpr index_t side = 17;
    const float drawn_alpha = alpha.draw(random), drawn_sigma = sigma.draw(random);
    const shape extents{1, c.size().height, c.size().width, 2};
    auto scratch = c.context().scratch().open();
    const auto noise = scratch.take<float>(extents), map = scratch.take<float>(extents);
    fill_uniform(c.context(), random, -1, 1, noise);
    lamina::gaussian_blur(c.context(), noise, side, drawn_sigma, border::replicate, map);
    float* at = map.data();
    for (index_t h = 0; h < extents.h; ++h)
      for (index_t w = 0; w < extents.w; ++w, at += 2) {
        at[0] = static_cast<float>(w) + drawn_alpha * at[0];
        at[1] = static_cast<float>(h) + drawn_alpha * at[1];
      }
    c.remap(map, image_sampling(*this), mask_sampling(*this));
  }
};

/// The picture is divided into n × n cells, n the whole part of what is drawn from num_steps. Each column of cells is
/// stretched along x and each row along y by a factor of its own, 1 + u with u drawn from distort_limit.
struct grid_distortion {
  static constexpr std::string_view name = "AugGridDistortion";

  range num_steps, distort_limit;
  interpolation interp = interpolation::linear;
  border border_type = border::reflect_101;
  float border_value = 0;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("num_steps", self.num_steps, required, {1, 1000});
    field("distort_limit", self.distort_limit, required, {-1, 10});
    sampling_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    const auto cells = static_cast<index_t>(num_steps.draw(random));
    const auto stretched = [&](index_t extent) {
      std::vector<float> positions(static_cast<std::size_t>(extent));
      double source = 0;
      for (index_t cell = 0; cell < cells; ++cell) {
        const double factor = 1 + distort_limit.draw(random);
        for (index_t p = cell * extent / cells; p < (cell + 1) * extent / cells; ++p, source += factor)
          positions[static_cast<std::size_t>(p)] = static_cast<float>(source);
      }
      return positions;
    };
    const image_size size = c.size();
    const std::vector<float> across = stretched(size.width), down = stretched(size.height);
    auto scratch = c.context().scratch().open();
    const auto map = scratch.take<float>(shape{1, size.height, size.width, 2});
    float* at = map.data();
    for (const float y : down)
      for (const float x : across) {
        *at++ = x;
        *at++ = y;
      }
    c.remap(map, image_sampling(*this), mask_sampling(*this));
  }
};

/// A lens's radial distortion: what stands at (x, y) from the middle, in pictures' widths and heights, is looked up at
/// (x, y) · (1 + k·r² + k·r⁴), r² = x² + y² and k drawn from distort_limit, from a middle that is shifted along x and y
/// by whole pixels drawn from shift_limit. OpenCV's initUndistortRectifyMap with such a camera. The original looks up
/// half a pixel further to the right and down, so that k = 0 blurs there; here it changes nothing.
struct optical_distortion {
  static constexpr std::string_view name = "AugOpticalDistortion";

  range distort_limit, shift_limit;
  interpolation interp = interpolation::linear;
  border border_type = border::reflect_101;
  float border_value = 0;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("distort_limit", self.distort_limit, required);
    field("shift_limit", self.shift_limit, required);
    sampling_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    const double k = distort_limit.draw(random);
    const double dx = std::nearbyint(shift_limit.draw(random)), dy = std::nearbyint(shift_limit.draw(random));
    const image_size size = c.size();
    const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
    const double middle_x = (width - 1) / 2, middle_y = (height - 1) / 2;
    auto scratch = c.context().scratch().open();
    const auto map = scratch.take<float>(shape{1, size.height, size.width, 2});
    std::vector<double> across;
    for (index_t w = 0; w < size.width; ++w) across.push_back((static_cast<double>(w) - middle_x) / width);
    float* at = map.data();
    for (index_t h = 0; h < size.height; ++h) {
      const double y = (static_cast<double>(h) - middle_y) / height;
      for (const double x : across) {
        const double r2 = x * x + y * y, factor = 1 + k * r2 + k * r2 * r2;
        *at++ = static_cast<float>(middle_x + dx + width * x * factor);
        *at++ = static_cast<float>(middle_y + dy + height * y * factor);
      }
    }
    c.remap(map, image_sampling(*this), mask_sampling(*this));
  }
};

}  // namespace lamina::augment
