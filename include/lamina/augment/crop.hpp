// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

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

}  // namespace lamina::augment
