// lamina::image · SPDX-License-Identifier: Apache-2.0
// What is done to a predicted mask by its pieces and holes: one lesion is one piece without holes.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/morphology.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/threshold.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace lamina {

namespace detail {

inline void require_masks(std::string_view op, view<const std::uint8_t> mask, view<std::uint8_t> y) {
  require(mask.extents() == y.extents() && mask.extents().n == 1 && mask.extents().c == 1, op, ": mask ",
          mask.extents(), " and y ", y.extents(), " are not both the same [1,H,W,1]");
}

/// y = value(label) of each pixel.
template <class Value>
void write_by_label(cpu_context& ctx, const tensor<std::int32_t>& labels, Value&& value, view<std::uint8_t> y) {
  const index_t W = y.extents().w;
  for_each_rows(ctx, y.extents(), [&](index_t, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h)
      for (index_t w = 0; w < W; ++w) y(0, h, w, 0) = value(static_cast<std::size_t>(labels[h * W + w]));
  });
}

/// y = 255 in the pieces of the mask with keep(component), else 0.
template <class Keep>
void keep_components(cpu_context& ctx, view<const std::uint8_t> mask, connectivity neighbours, Keep&& keep,
                     view<std::uint8_t> y) {
  tensor<std::int32_t> labels(mask.extents(), uninitialized);
  const std::vector<component> components = connected_components(ctx, mask, neighbours, labels.view());
  std::vector<std::uint8_t> values(components.size(), 0);
  for (std::size_t label = 1; label < components.size(); ++label) values[label] = keep(components[label]) ? 255 : 0;
  write_by_label(ctx, labels, [&](std::size_t label) { return values[label]; }, y);
}

}  // namespace detail

/// y = 255 in the largest piece of the mask, the first in raster order of several, else 0.
///   mask        [1,H,W,1]; ≥ 128 is inside
///   neighbours  which pixels hang together
///   y           [1,H,W,1]; may be the mask
/// Writes y. Throws `error` on other shapes.
inline void largest_component(cpu_context& ctx, view<const std::uint8_t> mask, connectivity neighbours,
                              view<std::uint8_t> y) {
  detail::require_masks("largest_component", mask, y);
  tensor<std::int32_t> labels(mask.extents(), uninitialized);
  const std::vector<component> components = connected_components(ctx, mask, neighbours, labels.view());
  const auto largest = std::max_element(components.begin() + 1, components.end(),
                                        [](const component& a, const component& b) { return a.area < b.area; });
  const auto kept = static_cast<std::size_t>(largest - components.begin());
  detail::write_by_label(ctx, labels, [kept](std::size_t label) -> std::uint8_t { return label == kept ? 255 : 0; }, y);
}

/// y = 255 in the pieces of at least `least_area` pixels, else 0. skimage.morphology.remove_small_objects. Else as
/// `largest_component`.
inline void remove_small_components(cpu_context& ctx, view<const std::uint8_t> mask, index_t least_area,
                                    connectivity neighbours, view<std::uint8_t> y) {
  detail::require_masks("remove_small_components", mask, y);
  detail::keep_components(ctx, mask, neighbours, [=](const component& c) { return c.area >= least_area; }, y);
}

/// y = 255 in the mask and in its holes of less than `below_area` pixels, else 0. A hole is a piece of the outside that
/// does not reach the picture's edge; the outside hangs together by sides where the mask does by corners too, and the
/// other way round. Of all holes: scipy.ndimage.binary_fill_holes. Else as `largest_component`.
inline void fill_holes(cpu_context& ctx, view<const std::uint8_t> mask, connectivity neighbours, view<std::uint8_t> y,
                       index_t below_area = std::numeric_limits<index_t>::max()) {
  detail::require_masks("fill_holes", mask, y);
  const auto [N, H, W, C] = mask.extents();
  tensor<std::uint8_t> outside(mask.extents(), uninitialized);
  threshold(ctx, mask, 127, threshold_side::at_most, outside.view());
  const auto others = neighbours == connectivity::eight ? connectivity::four : connectivity::eight;
  const auto stays_outside = [&, H = H, W = W](const component& c) {
    return c.area >= below_area || c.left == 0 || c.top == 0 || c.left + c.width == W || c.top + c.height == H;
  };
  detail::keep_components(ctx, outside, others, stays_outside, outside.view());
  threshold(ctx, outside.view(), 127, threshold_side::at_most, y);
}

/// What is done to a mask after prediction, in this order; nothing unless asked for.
struct postprocess_options {
  index_t open_radius = 0;   // an opening by a disk of this radius, in pixels, takes away what is thinner
  index_t close_radius = 0;  // a closing by a disk closes narrower gaps, also those to the picture's edge
  index_t least_area = 0;    // pieces of fewer pixels are removed
  bool largest = false;      // only the largest piece is kept
  bool fill_holes = false;   // all holes become part of the mask

  friend bool operator==(const postprocess_options&, const postprocess_options&) = default;
};

/// The mask after all that the options ask for, 0 and 255; pixels of a piece touch by side or corner.
///   mask  [1,H,W,1]; ≥ 128 is inside
/// Throws `error` on other shapes, and where a radius or an area is negative.
inline tensor<std::uint8_t> postprocess(cpu_context& ctx, view<const std::uint8_t> mask,
                                        const postprocess_options& options) {
  require(mask.extents().n == 1 && mask.extents().c == 1, "postprocess: mask ", mask.extents(), " is not [1,H,W,1]");
  require(options.open_radius >= 0 && options.close_radius >= 0 && options.least_area >= 0,
          "postprocess: open_radius ", options.open_radius, ", close_radius ", options.close_radius, " and least_area ",
          options.least_area, " must not be negative");
  tensor<std::uint8_t> y(mask.extents(), uninitialized);
  const view<std::uint8_t> place = y.view();
  threshold(ctx, mask, 127, threshold_side::above, place);
  if (options.open_radius > 0) opening(ctx, y, structuring_element::disk(options.open_radius), place);
  if (options.close_radius > 0) closing(ctx, y, structuring_element::disk(options.close_radius), place);
  if (options.least_area > 1) remove_small_components(ctx, y, options.least_area, connectivity::eight, place);
  if (options.largest) largest_component(ctx, y, connectivity::eight, place);
  if (options.fill_holes) fill_holes(ctx, y, connectivity::eight, place);
  return y;
}

}  // namespace lamina
