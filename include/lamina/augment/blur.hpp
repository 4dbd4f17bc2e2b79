// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/filter.hpp>

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

}  // namespace lamina::augment
