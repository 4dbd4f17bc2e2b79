// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Pictures of a batch mixed with each other, masks likewise.
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/core/view.hpp>
#include <lamina/image/transform.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace lamina::augment {

/// A number from the gamma distribution of shape a > 0 and scale 1. Marsaglia, Tsang: A Simple Method for Generating
/// Gamma Variables. ACM TOMS 26, 2000, doi:10.1145/358407.358414.
inline double gamma_variate(random_stream& random, double a) {
  if (a < 1) {  // of shape a + 1, times u^(1/a)
    const double u = 1.0 - random.uniform();
    return gamma_variate(random, a + 1) * std::pow(u, 1 / a);
  }
  const double d = a - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1.0 - random.uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}
/// A number from the beta distribution of parameters a, a: on [0, 1], about ½; uniform for a = 1.
inline double symmetric_beta_variate(random_stream& random, double a) {
  const double x = gamma_variate(random, a), y = gamma_variate(random, a);
  return x + y > 0 ? x / (x + y) : random.uniform() < 0.5f ? 0 : 1;
}

/// How much of each picture is its own, and which other one has the rest.
struct mixing {
  float own = 1;
  std::vector<index_t> partner;  // [N], a permutation
};

namespace detail {

inline void check_mix(std::string_view op, double alpha, view<const float> images, view<const float> masks,
                      view<float> mixed_images, view<float> mixed_masks) {
  const auto [N, H, W, C] = images.extents();
  require(alpha > 0, op, ": alpha ", alpha, " is not positive");
  require(masks.extents().n == N && masks.extents().h == H && masks.extents().w == W, op, ": images ", images.extents(),
          " and masks ", masks.extents(), " differ in N, H or W");
  require(mixed_images.extents() == images.extents() && mixed_masks.extents() == masks.extents(), op, ": ",
          images.extents(), " and ", masks.extents(), " can't be mixed into ", mixed_images.extents(), " and ",
          mixed_masks.extents());
}

}  // namespace detail

/// y_n = λ·x_n + (1 − λ)·x_m for images and masks, one λ from Beta(α, α) for the batch and m a random permutation of n.
/// Zhang, Cissé, Dauphin, Lopez-Paz: mixup: Beyond Empirical Risk Minimization, 2017, arXiv:1710.09412.
///   images        [N,H,W,C]
///   masks         [N,H,W,K]
///   mixed_images  [N,H,W,C], mixed_masks [N,H,W,K]: no element in common with them
/// Writes the mixed ones and returns λ and m. Throws `error` when shapes disagree or alpha ≤ 0.
inline mixing mixup(random_stream random, double alpha, view<const float> images, view<const float> masks,
                    view<float> mixed_images, view<float> mixed_masks) {
  detail::check_mix("mixup", alpha, images, masks, mixed_images, mixed_masks);
  mixing m{static_cast<float>(symmetric_beta_variate(random, alpha)), random_permutation(images.extents().n, random)};
  const auto blend = [&m](view<const float> x, view<float> y) {
    const auto [N, H, W, C] = x.extents();
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const float *a = x.pixel(n, h, w), *b = x.pixel(m.partner[static_cast<std::size_t>(n)], h, w);
          float* to = y.pixel(n, h, w);
          for (index_t c = 0; c < C; ++c) to[c] = m.own * a[c] + (1 - m.own) * b[c];
        }
  };
  blend(images, mixed_images);
  blend(masks, mixed_masks);
  return m;
}

/// A rectangle of each picture is replaced by the same of another one, image and mask. Its share of the area is 1 − λ,
/// λ from Beta(α, α), its middle anywhere, what lies outside cut off; one rectangle for the batch.
/// Yun et al.: CutMix: Regularization Strategy to Train Strong Classifiers, 2019, arXiv:1905.04899.
/// Shapes, results and errors as of `mixup`; `own` is the share of the area that stayed.
inline mixing cutmix(random_stream random, double alpha, view<const float> images, view<const float> masks,
                     view<float> mixed_images, view<float> mixed_masks) {
  detail::check_mix("cutmix", alpha, images, masks, mixed_images, mixed_masks);
  const auto [N, H, W, C] = images.extents();
  const double side = std::sqrt(1 - symmetric_beta_variate(random, alpha));
  const auto interval = [&](index_t extent) {
    const auto length = static_cast<index_t>(side * static_cast<double>(extent));
    const index_t begin = static_cast<index_t>(random.below(static_cast<std::uint32_t>(extent))) - length / 2;
    return std::pair{std::max<index_t>(0, begin), std::min(extent, begin + length)};
  };
  const std::pair<index_t, index_t> columns = interval(W), rows = interval(H);
  const auto area = [](index_t h, index_t w) { return static_cast<float>(h * w); };
  mixing m{1 - area(rows.second - rows.first, columns.second - columns.first) / area(H, W),
           random_permutation(N, random)};
  const auto paste = [&, n_images = N](view<const float> x, view<float> y) {
    copy_pixels(x, y);
    for (index_t n = 0; n < n_images; ++n)
      for (index_t h = rows.first; h < rows.second; ++h)
        for (index_t w = columns.first; w < columns.second; ++w)
          std::copy_n(x.pixel(m.partner[static_cast<std::size_t>(n)], h, w), x.extents().c, y.pixel(n, h, w));
  };
  paste(images, mixed_images);
  paste(masks, mixed_masks);
  return m;
}

}  // namespace lamina::augment
