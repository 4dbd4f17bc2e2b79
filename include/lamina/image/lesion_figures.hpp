// lamina::image · SPDX-License-Identifier: Apache-2.0
// What can be measured of a lesion's outline: size, place, shape, and the A and B of the dermatoscopic ABCD rule as far
// as a mask shows them. Figures for a reader who knows what they mean; they are not a diagnosis.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/point.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

namespace lamina {

/// Of all inside pixels of a mask together, in pixels of the mask; angles in radians. Coordinates are those of centres
/// of pixels, the upper left one's (0, 0). Where the mask is empty, area and box are 0 and all else is NaN. Equal to
/// scikit-image's regionprops: area, bbox, centroid, perimeter_crofton, equivalent_diameter_area, axis_major_length,
/// axis_minor_length, eccentricity, orientation.
struct lesion_figures {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  index_t area = 0;                                  // A
  index_t left = 0, top = 0, width = 0, height = 0;  // the smallest box around it
  point centroid{none, none};
  double perimeter = none;            // P, of outlines and holes, by Crofton's formula in four directions
  double equivalent_diameter = none;  // of the disk of that area: √(4A/π)
  double major_axis = none;           // lengths of the axes of the ellipse with the same second moments
  double minor_axis = none;
  double eccentricity = none;         // of that ellipse: 0 for a disk, towards 1 for a line
  double orientation = none;          // of the major axis, from downwards towards the right, −π/2 … π/2; 0 of a disk
  double compactness = none;          // 4πA/P²: about 1 for a disk, less for any other shape

  /// B, border irregularity: P²/(4πA), about 1 for a disk, more for jagged outlines.
  double border_irregularity = none;

  /// A, asymmetry of shape: the share of the area without a counterpart, 0 … 1, when the lesion is folded over its
  /// major or its minor axis. A pixel's counterpart is the mask at its mirror image, interpolated bilinearly.
  double asymmetry_about_major = none, asymmetry_about_minor = none;

  /// Over how many of the two axes the lesion is asymmetric, 0 … 2, as the ABCD rule counts shape; 0 for an empty mask.
  /// In the rule a physician judges by eye, also colours and structures; which share is too much is a choice of ours.
  int asymmetry_score(double tolerated_share = 0.1) const {
    return static_cast<int>(asymmetry_about_major > tolerated_share) +
           static_cast<int>(asymmetry_about_minor > tolerated_share);
  }
};

namespace detail {

/// A mask that is 0 beyond its edges.
struct surrounded_mask {
  view<const std::uint8_t> mask;

  bool operator()(index_t h, index_t w) const {
    return h >= 0 && h < mask.extents().h && w >= 0 && w < mask.extents().w && mask(0, h, w, 0) >= 128;
  }
  /// Bilinear.
  double at(double y, double x) const {
    const double top = std::floor(y), left = std::floor(x), down = y - top, right = x - left;
    const auto h = static_cast<index_t>(top), w = static_cast<index_t>(left);
    const auto value = [this](index_t i, index_t j) { return (*this)(i, j) ? 1.0 : 0.0; };
    return (1 - down) * ((1 - right) * value(h, w) + right * value(h, w + 1)) +
           down * ((1 - right) * value(h + 1, w) + right * value(h + 1, w + 1));
  }
};

/// Crofton's formula: the length of a curve from how often lines cross it; here lines of four directions, at each 2 × 2
/// pixels. As in scikit-image, after S. Rivollier's thesis, 2010.
inline double crofton_perimeter(const surrounded_mask& inside, const lesion_figures& box) {
  // The weights of 2 × 2 pixels: bit 0 is the lower right one, bit 1 the upper right, bit 2 the lower left, bit 3 the
  // upper left.
  constexpr double straight = std::numbers::pi / 4, slanted = straight / std::numbers::sqrt2;
  constexpr std::array<double, 16> weights{
      0,        straight + slanted, slanted, 2 * slanted,  //
      0,        straight + slanted, 0,       slanted,      //
      straight, 2 * straight,       slanted, slanted,      //
      straight, 2 * straight,       0,       0};
  std::array<std::int64_t, 16> counts{};
  for (index_t h = box.top; h <= box.top + box.height; ++h)
    for (index_t w = box.left; w <= box.left + box.width; ++w)
      ++counts[static_cast<std::size_t>(inside(h, w) + 2 * inside(h - 1, w) + 4 * inside(h, w - 1) +
                                        8 * inside(h - 1, w - 1))];
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * static_cast<double>(counts[i]);
  return sum;
}

/// Calls use(h, w) for every inside pixel of the box.
template <class Use>
void for_each_inside(const surrounded_mask& inside, const lesion_figures& box, Use&& use) {
  for (index_t h = box.top; h < box.top + box.height; ++h)
    for (index_t w = box.left; w < box.left + box.width; ++w)
      if (inside(h, w)) use(h, w);
}

/// The share of the area without a counterpart over the line through the centroid in the direction (down, right).
inline double asymmetry_about(const surrounded_mask& inside, const lesion_figures& f, double down, double right) {
  double overlap = 0;
  for_each_inside(inside, f, [&](index_t h, index_t w) {
    const double y = static_cast<double>(h) - f.centroid.y, x = static_cast<double>(w) - f.centroid.x;
    const double along = 2 * (y * down + x * right);
    overlap += inside.at(along * down - y + f.centroid.y, along * right - x + f.centroid.x);
  });
  return std::max(0.0, 1 - overlap / static_cast<double>(f.area));
}

}  // namespace detail

/// Measures a mask. The asymmetry is that of shape in Stolz, Riemann, Cognetta et al.: ABCD rule of dermatoscopy, a new
/// practical method for early recognition of malignant melanoma, European Journal of Dermatology 4, 1994.
///   mask  [1,H,W,1]; ≥ 128 is inside. Several pieces are measured as one: see `largest_component`.
/// Throws `error` on other shapes.
inline lesion_figures measure_lesion(view<const std::uint8_t> mask) {
  const auto [N, H, W, C] = mask.extents();
  require(N == 1 && C == 1, "measure_lesion: mask ", mask.extents(), " is not [1,H,W,1]");
  const detail::surrounded_mask inside{mask};
  lesion_figures f{.width = W, .height = H};
  index_t right = 0, bottom = 0;
  index_t left = W, top = H;
  std::int64_t x_sum = 0, y_sum = 0;
  detail::for_each_inside(inside, f, [&](index_t h, index_t w) {
    ++f.area;
    x_sum += w;
    y_sum += h;
    left = std::min(left, w);
    right = std::max(right, w + 1);
    top = std::min(top, h);
    bottom = h + 1;
  });
  if (f.area == 0) return {};
  const auto area = static_cast<double>(f.area);
  f.left = left, f.top = top, f.width = right - left, f.height = bottom - top;
  f.centroid = {static_cast<double>(x_sum) / area, static_cast<double>(y_sum) / area};
  f.perimeter = detail::crofton_perimeter(inside, f);
  f.equivalent_diameter = std::sqrt(4 * area / std::numbers::pi);
  f.compactness = 4 * std::numbers::pi * area / (f.perimeter * f.perimeter);
  f.border_irregularity = 1 / f.compactness;

  double xx = 0, yy = 0, xy = 0;  // variances and covariance
  detail::for_each_inside(inside, f, [&](index_t h, index_t w) {
    const double x = static_cast<double>(w) - f.centroid.x, y = static_cast<double>(h) - f.centroid.y;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  });
  xx /= area, yy /= area, xy /= area;
  const double mean = (xx + yy) / 2, difference = std::hypot((xx - yy) / 2, xy);
  const double greater = mean + difference, lesser = std::max(0.0, mean - difference);
  f.major_axis = 4 * std::sqrt(greater);
  f.minor_axis = 4 * std::sqrt(lesser);
  f.eccentricity = greater > 0 ? std::sqrt(1 - lesser / greater) : 0;
  f.orientation = std::atan2(2 * xy, yy - xx) / 2;
  const double down = std::cos(f.orientation), across = std::sin(f.orientation);
  f.asymmetry_about_major = detail::asymmetry_about(inside, f, down, across);
  f.asymmetry_about_minor = detail::asymmetry_about(inside, f, -across, down);
  return f;
}

}  // namespace lamina
