// lamina::image · SPDX-License-Identifier: Apache-2.0
// Anti-aliased lines, polygons and circles on RGB images. Pixel (x, y) covers the square from (x, y) to (x+1, y+1).
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/point.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lamina {

struct colour {
  std::uint8_t r = 0, g = 0, b = 0;
};

namespace detail {

inline void check_rgb(std::string_view op, view<std::uint8_t> image) {
  require(image.extents().n == 1 && image.extents().c == 3, op, ": image ", image.extents(),
          " is no RGB image [1,H,W,3]");
}

/// How much of each pixel a shape covers, within a rectangle of the image. The parts of one shape are united first, so
/// that nothing is painted twice where they overlap.
class coverage {
 public:
  /// The part of the image between two corners.
  coverage(shape image, point low, point high) {
    const auto inside = [](double v, index_t limit) {
      return static_cast<index_t>(std::clamp(v, 0.0, static_cast<double>(limit)));
    };
    left_ = inside(std::floor(low.x), image.w);
    top_ = inside(std::floor(low.y), image.h);
    right_ = std::max(left_, inside(std::ceil(high.x), image.w));
    bottom_ = std::max(top_, inside(std::ceil(high.y), image.h));
    covered_.resize(static_cast<std::size_t>((right_ - left_) * (bottom_ - top_)));
  }

  /// Adds all points within `radius` of the segment from a to b.
  void add_segment(point a, point b, double radius) {
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy, reach = radius + 1;
    const index_t x0 = column(std::min(a.x, b.x) - reach), x1 = column(std::max(a.x, b.x) + reach + 1);
    const index_t y0 = row(std::min(a.y, b.y) - reach), y1 = row(std::max(a.y, b.y) + reach + 1);
    for (index_t y = y0; y < y1; ++y)
      for (index_t x = x0; x < x1; ++x) {
        const double px = static_cast<double>(x) + 0.5 - a.x, py = static_cast<double>(y) + 0.5 - a.y;
        const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
        const double distance = std::hypot(px - t * dx, py - t * dy);
        float& covered = at(x, y);
        covered = std::max(covered, static_cast<float>(std::clamp(radius + 0.5 - distance, 0.0, 1.0)));
      }
  }

  /// Adds the inside of a closed polygon, by the even-odd rule: exact along x, in eight steps along y.
  void add_polygon(std::span<const point> corners) {
    constexpr int steps = 8;
    std::vector<double> crossings;
    for (index_t y = top_; y < bottom_; ++y)
      for (int step = 0; step < steps; ++step) {
        const double line = static_cast<double>(y) + (step + 0.5) / steps;
        crossings.clear();
        for (std::size_t i = 0; i < corners.size(); ++i) {
          const point a = corners[i], b = corners[(i + 1) % corners.size()];
          if ((a.y <= line) != (b.y <= line)) crossings.push_back(a.x + (line - a.y) / (b.y - a.y) * (b.x - a.x));
        }
        std::sort(crossings.begin(), crossings.end());
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2)
          for (index_t x = column(crossings[i]); x < column(crossings[i + 1] + 1); ++x) {
            const double begin = std::max(crossings[i], static_cast<double>(x));
            const double end = std::min(crossings[i + 1], static_cast<double>(x + 1));
            at(x, y) += static_cast<float>(std::max(0.0, end - begin) / steps);
          }
      }
  }

  void paint(view<std::uint8_t> image, colour paint, double opacity) const {
    const std::uint8_t rgb[] = {paint.r, paint.g, paint.b};
    for (index_t y = top_; y < bottom_; ++y)
      for (index_t x = left_; x < right_; ++x) {
        const float share = std::min(1.0f, at(x, y)) * static_cast<float>(opacity);
        std::uint8_t* pixel = image.pixel(0, y, x);
        for (int c = 0; share > 0 && c < 3; ++c) {
          const auto below = static_cast<float>(pixel[c]);
          pixel[c] = static_cast<std::uint8_t>(std::lround(below + share * (static_cast<float>(rgb[c]) - below)));
        }
      }
  }

 private:
  index_t column(double x) const {
    return static_cast<index_t>(std::clamp(std::floor(x), static_cast<double>(left_), static_cast<double>(right_)));
  }
  index_t row(double y) const {
    return static_cast<index_t>(std::clamp(std::floor(y), static_cast<double>(top_), static_cast<double>(bottom_)));
  }
  float& at(index_t x, index_t y) {
    return covered_[static_cast<std::size_t>((y - top_) * (right_ - left_) + x - left_)];
  }
  float at(index_t x, index_t y) const {
    return covered_[static_cast<std::size_t>((y - top_) * (right_ - left_) + x - left_)];
  }

  index_t left_ = 0, top_ = 0, right_ = 0, bottom_ = 0;
  std::vector<float> covered_;
};

/// The coverage of what lies within `margin` of the points.
inline coverage coverage_around(shape image, std::span<const point> points, double margin) {
  point low{1e9, 1e9}, high{-1e9, -1e9};
  for (const point p : points) {
    low = {std::min(low.x, p.x - margin), std::min(low.y, p.y - margin)};
    high = {std::max(high.x, p.x + margin), std::max(high.y, p.y + margin)};
  }
  return {image, low, high};
}

}  // namespace detail

/// Draws lines from point to point, `width` pixels wide with round ends; one point is a dot.
///   image  [1,H,W,3], painted on; what lies outside is left out
/// Throws `error` on another shape.
inline void draw_polyline(view<std::uint8_t> image, std::span<const point> points, double width, colour paint,
                          double opacity = 1) {
  detail::check_rgb("draw_polyline", image);
  if (points.empty()) return;
  detail::coverage covered = detail::coverage_around(image.extents(), points, width / 2 + 1);
  covered.add_segment(points[0], points[0], width / 2);
  for (std::size_t i = 1; i < points.size(); ++i) covered.add_segment(points[i - 1], points[i], width / 2);
  covered.paint(image, paint, opacity);
}

inline void draw_line(view<std::uint8_t> image, point from, point to, double width, colour paint, double opacity = 1) {
  const point points[] = {from, to};
  draw_polyline(image, points, width, paint, opacity);
}

/// Fills a closed polygon by the even-odd rule.
///   image  [1,H,W,3], painted on
/// Throws `error` on another shape.
inline void fill_polygon(view<std::uint8_t> image, std::span<const point> corners, colour paint, double opacity = 1) {
  detail::check_rgb("fill_polygon", image);
  if (corners.size() < 3) return;
  detail::coverage covered = detail::coverage_around(image.extents(), corners, 0);
  covered.add_polygon(corners);
  covered.paint(image, paint, opacity);
}

inline void fill_rectangle(view<std::uint8_t> image, point low, point high, colour paint, double opacity = 1) {
  const point corners[] = {low, {high.x, low.y}, high, {low.x, high.y}};
  fill_polygon(image, corners, paint, opacity);
}

inline void fill_circle(view<std::uint8_t> image, point centre, double radius, colour paint, double opacity = 1) {
  draw_polyline(image, std::span(&centre, 1), 2 * radius, paint, opacity);
}

}  // namespace lamina
