// lamina::image · SPDX-License-Identifier: Apache-2.0
// A drawing is a list of what is on it. It is painted on pixels or written as SVG, and looks the same in both.
#pragma once

#include <lamina/image/draw.hpp>
#include <lamina/image/text.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lamina {

/// A colour, and the part that it plays where it has one: a page may give such parts other colours on dark paper.
struct drawing_ink {
  colour paint{};
  std::string_view part{};  // "ink", "soft", "grid", "frame", or none: this very colour is meant
};

/// Straight lines from point to point with round ends; one point is a dot.
struct drawn_line {
  std::vector<point> points;
  double width = 1;
  drawing_ink ink{};
};
struct drawn_rectangle {
  point low, high;
  drawing_ink ink{};
};
struct drawn_text {
  point baseline;
  std::string text;
  double height = 9;  // of a capital
  text_anchor anchor = text_anchor::left;
  bool upwards = false;
  drawing_ink ink{};
};

/// What is on a drawing, from back to front, in pixels of its size.
struct drawing {
  index_t width = 0, height = 0;
  std::string title{}, description{};  // for who does not see it
  std::vector<std::variant<drawn_line, drawn_rectangle, drawn_text>> parts{};
};

namespace detail {

/// Paints the parts of a drawing, `scale` times as large, on an RGB image.
struct drawing_painter {
  view<std::uint8_t> canvas;
  double scale;

  point at(point p) const { return {scale * p.x, scale * p.y}; }
  void operator()(const drawn_line& line) const {
    std::vector<point> points;
    for (const point p : line.points) points.push_back(at(p));
    draw_polyline(canvas, points, scale * line.width, line.ink.paint);
  }
  void operator()(const drawn_rectangle& r) const {
    fill_rectangle(canvas, at(r.low), at(r.high), r.ink.paint);
  }
  void operator()(const drawn_text& t) const {
    draw_text(canvas, at(t.baseline), t.text, {scale * t.height, t.ink.paint, t.anchor, t.upwards});
  }
};

}  // namespace detail

/// The drawing as an RGB image [1,scale·height,scale·width,3] on white.
/// Throws `error` where that has no pixel.
inline tensor<std::uint8_t> rgb_image(const drawing& d, double scale = 1) {
  const auto scaled = [scale](index_t side) {
    return static_cast<index_t>(std::lround(scale * static_cast<double>(side)));
  };
  require(scaled(d.width) > 0 && scaled(d.height) > 0, "rgb_image: a drawing of ", d.width, "×", d.height, ", ", scale,
          " times as large, has no pixel");
  tensor<std::uint8_t> image({1, scaled(d.height), scaled(d.width), 3}, uninitialized);
  image.fill(255);
  for (const auto& part : d.parts) std::visit(detail::drawing_painter{image.view(), scale}, part);
  return image;
}

}  // namespace lamina
