// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace lamina::augment {

/// The middle of the picture; where the margins can't be equal, the left and upper one is the smaller. Throws `error`
/// for a picture that is smaller than the cut.
struct center_crop {
  static constexpr std::string_view name = "AugCenterCrop";
  static constexpr bool deterministic = true;

  std::optional<image_size> size{};  // absent: the square of the shorter side

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("size", self.size, optional);
  }
  void operator()(canvas& c, random_stream&) const {
    const image_size from = c.size();
    const index_t shorter = std::min(from.width, from.height);
    const image_size to = size.value_or(image_size{shorter, shorter});
    require(to.width <= from.width && to.height <= from.height, name, ": ", to, " pixels can't be cut from ", from);
    c.apply({pixel_move::kind::crop, (from.width - to.width) / 2, (from.height - to.height) / 2, to});
  }
};

/// A part of the picture, at a place of equal chance each. A picture that is too small is first continued beyond its
/// edges, to both sides alike; masks with a constant border by 0.
struct random_crop {
  static constexpr std::string_view name = "AugRandomCrop";

  image_size size;
  border border_type = border::constant;
  float border_value = 0;  // of the image

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("size", self.size, required);
    field("border_type", self.border_type, optional);
    field("border_value", self.border_value, optional);
  }
  void operator()(canvas& c, random_stream& random) const {
    const image_size from = c.size();
    const auto offset = [&](index_t has, index_t wants) -> index_t {
      const std::uint32_t places = static_cast<std::uint32_t>(std::max<index_t>(0, has - wants)) + 1;
      const auto drawn = static_cast<index_t>(random.below(places));
      return has < wants ? -((wants - has) / 2) : drawn;
    };
    const index_t left = offset(from.width, size.width), top = offset(from.height, size.height);
    if (size.width <= from.width && size.height <= from.height) {
      c.apply({pixel_move::kind::crop, left, top, size});
      return;
    }
    const affine_map shifted{{1, 0, static_cast<double>(left), 0, 1, static_cast<double>(top)}};
    c.warp(shifted, size, {interpolation::nearest, border_type, border_value},
           {interpolation::nearest, border_type, 0});
  }
};

/// A part of the picture, enlarged or shrunk to a size: its area is a share of the picture's drawn from `scale`, its
/// aspect, width to height, drawn from `ratio`, uniformly in its logarithm. Where ten such parts in a row don't fit,
/// the largest part about the middle whose aspect is allowed. Szegedy et al.: Going Deeper with Convolutions, 2014,
/// arXiv:1409.4842.
struct random_resized_crop {
  static constexpr std::string_view name = "AugRandomResizedCrop";

  image_size size;
  range scale{0.08f, 1};
  range ratio{0.75f, 4.0f / 3};
  interpolation interp = interpolation::linear;
  interpolation gt_interp = interpolation::nearest;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("size", self.size, required);
    field("scale", self.scale, shown, {0, 1, true});
    field("ratio", self.ratio, optional, {0.01, 100});
    field("interp", self.interp, optional);
    field("gt_interp", self.gt_interp, optional);
  }
  void operator()(canvas& c, random_stream& random) const {
    c.apply(part_of(c.size(), random));
    c.resize(size, interp, gt_interp);
  }

 private:
  pixel_move part_of(image_size from, random_stream& random) const {
    const auto width = static_cast<double>(from.width), height = static_cast<double>(from.height);
    const range log_ratio{std::log(ratio.min), std::log(ratio.max)};
    const auto whole = [](double extent) { return std::max<index_t>(1, std::lround(extent)); };
    for (int attempt = 0; attempt < 10; ++attempt) {
      const double area = width * height * scale.draw(random), aspect = std::exp(log_ratio.draw(random));
      const image_size to{whole(std::sqrt(area * aspect)), whole(std::sqrt(area / aspect))};
      if (to.width > from.width || to.height > from.height) continue;
      const auto offset = [&](index_t room) {
        return static_cast<index_t>(random.below(static_cast<std::uint32_t>(room) + 1));
      };
      const index_t left = offset(from.width - to.width), top = offset(from.height - to.height);
      return {pixel_move::kind::crop, left, top, to};
    }
    const double aspect = std::clamp(width / height, double{ratio.min}, double{ratio.max});
    const image_size to{std::min(from.width, whole(height * aspect)), std::min(from.height, whole(width / aspect))};
    return {pixel_move::kind::crop, (from.width - to.width) / 2, (from.height - to.height) / 2, to};
  }
};

}  // namespace lamina::augment
