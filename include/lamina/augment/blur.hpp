// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/filter.hpp>

#include <cmath>
#include <numbers>
#include <vector>

namespace lamina::augment {

/// The side of the kernel that is used for σ > 0.
inline index_t gaussian_side(double sigma) {
  const auto side = static_cast<index_t>(((sigma - 0.8) / 0.3 + 1) / 0.5 + 1);
  return std::max<index_t>(3, side % 2 == 0 ? side + 1 : side);
}

/// A Gaussian; edges are replicated. A drawn σ ≤ 0 stands for 0.8.
struct gaussian_blur {
  static constexpr std::string_view name = "AugGaussianBlur";

  range sigma;  // in pixels

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("sigma", self.sigma, required, {.most = 1000});
  }
  void operator()(canvas& c, random_stream& random) const {
    const double drawn = sigma.draw(random), used = drawn > 0 ? drawn : 0.8;
    c.remake_image([&]<class T>(view<const T> x, view<T> y) {
      lamina::gaussian_blur(c.context(), x, gaussian_side(used), used, border::replicate, y);
    });
  }
};

namespace detail {

/// A drawn number's whole part, made odd upwards: [3, 5] gives 3 and 5 equally often.
inline index_t odd_side(const range& side, random_stream& random) {
  return static_cast<index_t>(side.draw(random)) | 1;
}

}  // namespace detail

/// The median of side × side pixels, channel by channel; edges are replicated. Bytes only.
struct median_blur {
  static constexpr std::string_view name = "AugMedianBlur";

  range side;  // made odd upwards

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("side", self.side, required, {1, 99});
  }
  void operator()(canvas& c, random_stream& random) const {
    const index_t drawn = detail::odd_side(side, random);
    c.bytes(name);
    c.remake_image([&]<class T>(view<const T> x, view<T> y) { lamina::median_blur(c.context(), x, drawn, y); });
  }
};

/// The mean along a line, as of a hand that moved: `side` pixels long, at an angle; edges are replicated.
struct motion_blur {
  static constexpr std::string_view name = "AugMotionBlur";

  range side;           // pixels, made odd upwards
  range angle{0, 180};  // degrees, clockwise on the screen from the horizontal

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("side", self.side, required, {1, 99});
    field("angle", self.angle, optional);
  }
  void operator()(canvas& c, random_stream& random) const {
    const index_t drawn = detail::odd_side(side, random);
    const std::vector<float> kernel = line_kernel(drawn, angle.draw(random));
    c.remake_image([&]<class T>(view<const T> x, view<T> y) {
      filter2d(c.context(), x, kernel, drawn, drawn, border::replicate, y);
    });
  }

  /// side × side weights that sum to 1: points a tenth of a pixel apart along the line, each shared among the four
  /// pixels around it.
  static std::vector<float> line_kernel(index_t side, double degrees) {
    std::vector<double> weights(static_cast<std::size_t>(side * side), 0.0);
    const double radians = degrees * (std::numbers::pi / 180), middle = static_cast<double>(side / 2);
    const auto steps = 10 * (side - 1);
    for (index_t i = 0; i <= steps; ++i) {
      const double t = static_cast<double>(i) / 10 - middle;
      const double x = middle + t * std::cos(radians), y = middle + t * std::sin(radians);
      const auto left = static_cast<index_t>(std::floor(x)), top = static_cast<index_t>(std::floor(y));
      const double right_share = x - static_cast<double>(left), lower_share = y - static_cast<double>(top);
      for (index_t dy = 0; dy < 2; ++dy)
        for (index_t dx = 0; dx < 2; ++dx) {
          const double share = (dx == 1 ? right_share : 1 - right_share) * (dy == 1 ? lower_share : 1 - lower_share);
          if (top + dy >= 0 && top + dy < side && left + dx >= 0 && left + dx < side)
            weights[static_cast<std::size_t>((top + dy) * side + left + dx)] += share / static_cast<double>(steps + 1);
        }
    }
    double sum = 0;
    for (const double w : weights) sum += w;
    std::vector<float> kernel;
    for (const double w : weights) kernel.push_back(static_cast<float>(w / sum));
    return kernel;
  }
};

}  // namespace lamina::augment
