// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/median.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// The definition.
template <class T>
tensor<T> reference_median(view<const T> x, index_t side) {
  const auto [N, H, W, C] = x.extents();
  tensor<T> y(x.extents());
  std::vector<T> window(static_cast<std::size_t>(side * side));
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          auto place = window.begin();
          for (index_t i = h - side / 2; i <= h + side / 2; ++i)
            for (index_t j = w - side / 2; j <= w + side / 2; ++j)
              *place++ = x(n, std::clamp(i, index_t{0}, H - 1), std::clamp(j, index_t{0}, W - 1), c);
          const auto middle = window.begin() + side * side / 2;
          std::nth_element(window.begin(), middle, window.end());
          y(n, h, w, c) = *middle;
        }
  return y;
}

/// The median of x with every instruction set, one worker and four.
template <class T>
void check_median(const tensor<T>& x, index_t side) {
  CAPTURE(x.extents());
  CAPTURE(side);
  const tensor<T> expected = reference_median<T>(x, side);
  thread_pool pool(4);
  for (const isa set : all_isas) {
    if (!is_supported(set)) continue;
    CAPTURE(set);
    for (executor* workers : {static_cast<executor*>(nullptr), static_cast<executor*>(&pool)}) {
      cpu_context ctx({.workers = workers, .isa = set});
      tensor<T> y(x.extents());
      median_blur(ctx, x, side, y.view());
      CHECK(same_bits<T>(y, expected));
    }
  }
}

/// Slow waves with a little noise: medians move from one to the next by a few grey levels.
tensor<std::uint8_t> smooth_picture(shape extents) {
  auto x = random_tensor<std::uint8_t>(extents, 4, 0, 24);
  const auto [N, H, W, C] = extents;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double wave = std::sin(0.1 * static_cast<double>(h + 2 * w + 30 * c));
          x(n, h, w, c) = static_cast<std::uint8_t>(x(n, h, w, c) + 110 + 100 * wave);
        }
  return x;
}

}  // namespace

TEST_CASE_TEMPLATE("median: the definition, for any channels; pictures smaller than the window, several pieces of rows",
                   T, std::uint8_t, std::uint16_t, float) {
  for (const index_t side : {1, 3, 5, 7, 9, 11, 15, 31})
    for (const index_t C : {1, 3, 4})
      for (const shape& extents : {shape{1, 1, 1, C}, shape{1, 5, 4, C}, shape{2, 6, 67, C}, shape{1, 67, 23, C}})
        if (side <= 11 || std::is_same_v<T, std::uint8_t>) check_median(random_picture<T>(extents, 3), side);
}

TEST_CASE("median: the definition where neighbours are alike") {
  for (const index_t side : {7, 9, 15, 31}) check_median(smooth_picture({1, 70, 90, 3}), side);
}

TEST_CASE("median: pictures of least and greatest values only") {
  for (const index_t side : {7, 9, 15, 31, 255})
    for (const double share : {0.0, 0.5, 1.0}) {
      auto x = random_tensor<std::uint8_t>({1, 9, 12, 2}, 5, 0, 256);
      for (std::uint8_t& v : x) v = v < 256 * share ? 255 : 0;
      check_median(x, side);
    }
}

TEST_CASE("median: sides whose squares 16 bits just hold, and no longer do") {
  for (const index_t side : {253, 255, 257}) check_median(random_picture<std::uint8_t>({1, 4, 5, 1}, 6), side);
}

TEST_CASE("median: bytes that lie in slices, turned and transposed") {
  const auto x = random_picture<std::uint8_t>({1, 19, 37, 3}, 7);
  for (const index_t side : {7, 9, 15}) {
    CAPTURE(side);
    const auto expected = reference_median<std::uint8_t>(x, side);
    for_each_isa([&](cpu_context& ctx) {
      for_each_layout(x, x.extents(), [&](view<const std::uint8_t> lying_x, view<std::uint8_t> lying_y) {
        median_blur(ctx, lying_x, side, lying_y);
        CHECK(same_bits<std::uint8_t>(as_const(lying_y), expected.view()));
      });
    });
  }
}
