// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Noise added to each element of the image. Bytes are rounded and saturated.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/discrete_noise.hpp>
#include <lamina/augment/field.hpp>

#include <cmath>
#include <numbers>

namespace lamina::augment {

/// y = v + k, k from Poisson's distribution of mean λ: it brightens by λ.
struct additive_poisson_noise {
  static constexpr std::string_view name = "AugAdditivePoissonNoise";

  range lambda;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("lambda", self.lambda, required, not_negative);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float mean = lambda.draw(random);
    if (mean == 0) return;
    if (c.holds_bytes()) {
      add_noise(c.context(), random, discrete_noise(0, 255, poisson_cdf(mean)), c.image<std::uint8_t>());
      return;
    }
    const discrete_noise noise(0, 511, poisson_cdf(mean));
    for (float& v : elements(c.image<float>())) v += static_cast<float>(noise(random()));
  }
};

/// y = v + x, x from Laplace's distribution about 0 of scale s: density exp(−|x|/s) / 2s, deviation √2·s.
struct additive_laplace_noise {
  static constexpr std::string_view name = "AugAdditiveLaplaceNoise";

  range std_dev;  // s

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("std_dev", self.std_dev, required, not_negative);
  }
  void operator()(canvas& c, random_stream& random) const {
    const double s = std_dev.draw(random);
    if (s == 0) return;
    if (c.holds_bytes()) {
      const auto cdf = [s](int k) {
        const double x = k + 0.5;  // what is below is rounded to k or less
        return x < 0 ? std::exp(x / s) / 2 : 1 - std::exp(-x / s) / 2;
      };
      add_noise(c.context(), random, discrete_noise(-255, 255, cdf), c.image<std::uint8_t>());
      return;
    }
    for (float& v : elements(c.image<float>())) {
      const double u = random.uniform() - 0.5 + 0x1p-25;  // never an end of the interval
      v += static_cast<float>(u < 0 ? s * std::log1p(2 * u) : -s * std::log1p(-2 * u));
    }
  }
};

/// y = v + x, x from the normal distribution about 0.
struct gaussian_noise {
  static constexpr std::string_view name = "AugGaussianNoise";

  range std_dev;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("std_dev", self.std_dev, required, not_negative);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float deviation = std_dev.draw(random);
    if (deviation == 0) return;
    if (c.holds_bytes()) {
      const auto cdf = [deviation](int k) { return std::erfc(-(k + 0.5) / (deviation * std::numbers::sqrt2)) / 2; };
      add_noise(c.context(), random, discrete_noise(-255, 255, cdf), c.image<std::uint8_t>());
      return;
    }
    for (float& v : elements(c.image<float>())) v += deviation * random.normal();
  }
};

}  // namespace lamina::augment
