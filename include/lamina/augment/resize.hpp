// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <cmath>

namespace lamina::augment {

/// To a size; the aspect is not kept.
///
///     resize_dim{{512, 512}, interpolation::cubic}
struct resize_dim {
  static constexpr std::string_view name = "AugResizeDim";
  static constexpr bool deterministic = true;

  image_size dims;
  interpolation interp = interpolation::linear;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("dims", self.dims, required);
    field("interp", self.interp, shown);
    field("gt_interp", self.gt_interp, shown);
  }
  void operator()(canvas& c, random_stream&) const { c.resize(dims, interp, gt_interp); }
};

/// By factors across and down; the size is rounded to whole pixels, and at least 1.
struct resize_scale {
  static constexpr std::string_view name = "AugResizeScale";
  static constexpr bool deterministic = true;

  std::array<float, 2> scale{};
  interpolation interp = interpolation::linear;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("scale", self.scale, required, positive);
    field("interp", self.interp, shown);
    field("gt_interp", self.gt_interp, shown);
  }
  void operator()(canvas& c, random_stream&) const {
    const auto scaled = [](index_t extent, float factor) {
      const image_size s{static_cast<index_t>(std::nearbyint(std::min(1e6f, static_cast<float>(extent) * factor))), 1};
      return std::max<index_t>(1, s.width);
    };
    const image_size to{scaled(c.size().width, scale[0]), scaled(c.size().height, scale[1])};
    const std::string fault = fault_of(to);
    require(fault.empty(), name, ": ", c.size(), " pixels by ", text_of(scale), " are ", to, ": ", fault);
    c.resize(to, interp, gt_interp);
  }
};

}  // namespace lamina::augment
