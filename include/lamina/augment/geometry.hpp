// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Changes of geometry that wait to be carried out, and how two of them become one, so that a picture is interpolated
// once.
#pragma once

#include <lamina/augment/pixel_move.hpp>
#include <lamina/core/context.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/map.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/sample.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

namespace lamina::augment {

/// From each pixel of a picture that is made to its place in the picture that is read: by a formula, or one by one,
/// [1,H,W,2], x and y. A place that is NaN shows the border's value, whatever the border.
using place_map = std::variant<projective_map, view<const float>>;

/// A change of geometry, and the moves behind it, which its map holds too.
struct geometry_step {
  place_map map;
  image_size size;
  sampling image, mask;
  bool marked = false;  // some places are NaN
  std::optional<image_size> resized{};  // lamina::resize to this size, then the moves, say the same
  std::vector<pixel_move> moves{};
};

namespace detail {

inline constexpr double edge_tolerance = 1e-6;  // of a pixel
inline constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();

/// Whether a place lies on the pixels of a row of that extent, their outer halves included.
inline bool within_extent(double p, index_t extent) {
  return p > -0.5 - edge_tolerance && p < static_cast<double>(extent) - 0.5 + edge_tolerance;
}
inline bool within(point p, image_size size) {
  return within_extent(p.x, size.width) && within_extent(p.y, size.height);
}

/// The place within a row that stands for place p; NaN where a constant stands for it. `border_position` of places
/// between pixels.
inline double border_place(border kind, double p, index_t extent) {
  if (within_extent(p, extent)) return p;
  const auto size = static_cast<double>(extent), last = size - 1;
  const auto mirrored = [](double q, double length) {  // … in 0 and in `length`
    if (length == 0) return 0.0;
    const double folded = std::fmod(std::abs(q), 2 * length);
    return std::min(folded, 2 * length - folded);
  };
  switch (kind) {
    case border::constant: return nowhere;
    case border::replicate: return std::clamp(p, 0.0, last);
    case border::reflect: return mirrored(p + 0.5, size) - 0.5;
    case border::wrap: return p - size * std::floor((p + 0.5) / size);
    default: return mirrored(p, last);
  }
}

/// Where the map has the point p, which lies on a pixel or between some.
inline point place_of(const projective_map& map, point p) { return map(p); }
inline point place_of(view<const float> places, point p) {
  struct neighbours {
    index_t first, second;
    double share;  // of the second
  };
  const auto beside = [](double q, index_t extent) -> neighbours {  // beyond the outer centres the slope goes on
    const double last = std::max(0.0, static_cast<double>(extent - 2));
    const auto first = static_cast<index_t>(std::clamp(std::floor(q), 0.0, last));
    return {first, std::min(first + 1, extent - 1), q - static_cast<double>(first)};
  };
  const neighbours across = beside(p.x, places.extents().w), down = beside(p.y, places.extents().h);
  const auto between = [](double a, double b, double share) {
    if (share == 0) return a;
    return std::isnan(a + b) ? (share < 0.5 ? a : b) : a + share * (b - a);  // beside one beyond, the nearest
  };
  const auto interpolated = [&](index_t c) {
    const auto row = [&](index_t h) {
      return between(places(0, h, across.first, c), places(0, h, across.second, c), across.share);
    };
    return between(row(down.first), down.share == 0 ? 0 : row(down.second), down.share);
  };
  return {interpolated(0), interpolated(1)};
}

/// Where the picture that a map makes lies in the one that it is made of.
struct span {
  bool within;   // it shows nothing beyond the edge
  bool exactly;  // its edge is the edge
};
inline span span_of(const projective_map& map, image_size made, image_size of) {
  const auto far = [](index_t extent) { return static_cast<double>(extent) - 0.5; };
  const auto at_edge = [&](double p, index_t extent) {
    return std::min(std::abs(p + 0.5), std::abs(p - far(extent))) < edge_tolerance;
  };
  const auto denominator = [&m = map.m](double x, double y) { return m[6] * x + m[7] * y + m[8]; };
  const double first = denominator(-0.5, -0.5);
  span s{true, true};
  for (const double x : {-0.5, far(made.width)})
    for (const double y : {-0.5, far(made.height)}) {
      const point p = map({x, y});
      if (!(denominator(x, y) * first > 0)) return {false, false};  // a horizon between: corners tell nothing
      s.within = s.within && within(p, of);
      s.exactly = s.exactly && at_edge(p.x, of.width) && at_edge(p.y, of.height);
    }
  return s;
}

/// How a step that is joined of two finds its values; nothing where one takes the nearest pixels and one does not. What
/// only moves whole pixels goes with both.
inline std::optional<interpolation> joined_method(interpolation first, bool first_moves, interpolation next,
                                                  bool next_moves) {
  if (first_moves) return next;
  if (next_moves) return first;
  if ((first == interpolation::nearest) != (next == interpolation::nearest)) return std::nullopt;
  return std::max(first, next);
}

/// places = inner at what outer says of each pixel; where that lies beyond the picture between, of `size`, at what
/// `beyond` has for it.
template <class Inner, class Outer>
void compose_places(cpu_context& ctx, const Inner& inner, image_size size, const Outer& outer, border beyond,
                    view<float> places) {
  lamina::detail::for_each_rows(ctx, places.extents(), [&](index_t, index_t begin, index_t end) {
    for (index_t h = begin; h < end; ++h) {
      float* to = places.pixel(0, h, 0);
      for (index_t w = 0; w < places.extents().w; ++w) {
        const point p = place_of(outer, {static_cast<double>(w), static_cast<double>(h)});
        const point between{border_place(beyond, p.x, size.width), border_place(beyond, p.y, size.height)};
        const point from = within(between, size) ? place_of(inner, between) : point{nowhere, nowhere};
        *to++ = static_cast<float>(from.x);
        *to++ = static_cast<float>(from.y);
      }
    }
  });
}

inline bool moves_whole_pixels(const geometry_step& step) {
  const auto* map = std::get_if<projective_map>(&step.map);
  return map != nullptr && map->affine() && whole_elements(*map->affine(), step.size);
}

}  // namespace detail

/// One step in place of `first` and `next` behind it; nothing where there is none that shows the same but for what one
/// interpolation less explains:
///   - one of them takes nearest pixels and the other does not, for the image or for the mask;
///   - `next` looks beyond the edge of what `first` makes, and sees there the other end (wrap: places on both sides of
///     the seam can't be interpolated), or a constant other than what is seen beyond the edge of the picture;
///   - `first` is lamina::resize and `next` only moves whole pixels: the resize alone is closer.
///   of      the size of the picture that `first` reads
///   memory  memory(shape) gives memory for places, if they have to be written down
template <class Memory>
std::optional<geometry_step> joined(cpu_context& ctx, const geometry_step& first, const geometry_step& next,
                                    image_size of, Memory&& memory) {
  const bool first_moves = detail::moves_whole_pixels(first), next_moves = detail::moves_whole_pixels(next);
  if (first.resized && next_moves) return std::nullopt;
  const auto image = detail::joined_method(first.image.method, first_moves, next.image.method, next_moves);
  const auto mask = detail::joined_method(first.mask.method, first_moves, next.mask.method, next_moves);
  if (!image || !mask) return std::nullopt;
  const auto by = [&](const geometry_step& edge, place_map map) {  // `edge`: whose border is seen
    geometry_step both{.map = map, .size = next.size, .image = edge.image, .mask = edge.mask, .marked = edge.marked};
    both.image.method = *image;
    both.mask.method = *mask;
    return both;
  };

  const auto *formula = std::get_if<projective_map>(&first.map), *next_formula = std::get_if<projective_map>(&next.map);
  const bool within = next_formula != nullptr && detail::span_of(*next_formula, next.size, first.size).within;
  if (formula != nullptr && next_formula != nullptr) {
    if (within) return by(first, formula->then(*next_formula));
    if (detail::span_of(*formula, first.size, of).exactly) return by(next, formula->then(*next_formula));
  }

  const border beyond = next.image.border;
  const auto other_constant = [&](const sampling& a, const sampling& b) {
    return (a.border == border::constant || first.marked) && a.border_value != b.border_value;
  };
  const bool constant = !within && beyond == border::constant;
  if (!within && (beyond == border::wrap || next.mask.border != beyond)) return std::nullopt;
  if (constant && (other_constant(first.image, next.image) || other_constant(first.mask, next.mask)))
    return std::nullopt;
  const view<float> places = memory(shape{1, next.size.height, next.size.width, 2});
  std::visit(
      [&](const auto& inner, const auto& outer) {
        detail::compose_places(ctx, inner, first.size, outer, beyond, places);
      },
      first.map, next.map);
  geometry_step both = by(first, view<const float>(places));
  if (constant) {
    both.marked = true;
    both.image.border_value = next.image.border_value;
    both.mask.border_value = next.mask.border_value;
  }
  return both;
}

}  // namespace lamina::augment
