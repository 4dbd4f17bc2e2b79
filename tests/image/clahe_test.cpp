// SPDX-License-Identifier: Apache-2.0
// That the results are OpenCV's is tested in tests/augment/opencv_test.cpp.
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/clahe.hpp>

#include "../support/pictures.hpp"

#include <array>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// By the definition, pixel by pixel.
tensor<std::uint8_t> reference(const tensor<std::uint8_t>& x, double clip_limit, index_t across, index_t down) {
  const auto [N, H, W, C] = x.extents();
  const bool fits = H % down == 0 && W % across == 0;
  const index_t tile_h = fits ? H / down : H / down + 1, tile_w = fits ? W / across : W / across + 1;
  const auto pixels = static_cast<double>(tile_h * tile_w);
  const index_t clip = clip_limit > 0 ? std::max<index_t>(1, static_cast<index_t>(clip_limit * pixels / 256)) : 0;
  std::vector<std::array<std::uint8_t, 256>> tables;
  for (index_t tile = 0; tile < across * down; ++tile) {
    std::array<index_t, 256> histogram{};
    for (index_t h = 0; h < tile_h; ++h)
      for (index_t w = 0; w < tile_w; ++w)
        ++histogram[x(0, border_position(border::reflect_101, tile / across * tile_h + h, H),
                      border_position(border::reflect_101, tile % across * tile_w + w, W), 0)];
    tables.push_back(detail::equalised(histogram, clip, tile_h * tile_w));
  }
  tensor<std::uint8_t> y(x.extents());
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w) {
      using portable::rounded_product;  // nothing is fused, so that the bits are the same everywhere
      const float place_h = rounded_product(static_cast<float>(h), 1.0f / static_cast<float>(tile_h)) - 0.5f;
      const float place_w = rounded_product(static_cast<float>(w), 1.0f / static_cast<float>(tile_w)) - 0.5f;
      const float lower = place_h - std::floor(place_h), right = place_w - std::floor(place_w);
      const auto level = [&](float row, float column) {
        const auto r = std::clamp<index_t>(static_cast<index_t>(row), 0, down - 1);
        const auto c = std::clamp<index_t>(static_cast<index_t>(column), 0, across - 1);
        return static_cast<float>(tables[static_cast<std::size_t>(r * across + c)][x(0, h, w, 0)]);
      };
      const auto mean = [&](float row) {
        return rounded_product(level(row, std::floor(place_w)), 1 - right) +
               rounded_product(level(row, std::floor(place_w) + 1), right);
      };
      const float sum = rounded_product(mean(std::floor(place_h)), 1 - lower) +
                        rounded_product(mean(std::floor(place_h) + 1), lower);
      y(0, h, w, 0) = static_cast<std::uint8_t>(sum + 0.5f);
    }
  return y;
}

struct grid {
  shape extents;
  index_t across, down;
};
constexpr std::array grids{grid{{1, 64, 96, 1}, 8, 8}, grid{{1, 130, 91, 1}, 3, 4}, grid{{1, 5, 3, 1}, 8, 2},
                           grid{{1, 1, 1, 1}, 1, 1},   grid{{1, 2, 200, 1}, 1, 2}};

}  // namespace

TEST_CASE("clahe: the definition to the bit, in any layout, with every instruction set") {
  for (const grid& g : grids)
    for (const double limit : {0.0, 2.0, 40.0}) {
      CAPTURE(g.extents.w);
      CAPTURE(limit);
      auto x = random_picture<std::uint8_t>(g.extents, 5);
      for (index_t i = 0; i < x.size() / 2; ++i) x[i] = static_cast<std::uint8_t>(90 + x[i] / 8);
      const auto expected = reference(x, limit, g.across, g.down);
      for_each_isa([&](cpu_context& ctx) {
        tensor<std::uint8_t> y(x.extents()), in_place = x.clone();
        clahe(ctx, x, limit, g.across, g.down, y.view());
        CHECK(same_bits<std::uint8_t>(y, expected));
        clahe(ctx, in_place, limit, g.across, g.down, in_place.view());
        CHECK(same_bits<std::uint8_t>(in_place, expected));
        for_each_layout(x, x.extents(), [&](view<const std::uint8_t> lying_x, view<std::uint8_t> lying_y) {
          clahe(ctx, lying_x, limit, g.across, g.down, lying_y);
          CHECK(same_bits<std::uint8_t>(as_const(lying_y), expected));
        });
      });
    }
}

TEST_CASE("clahe: the same bits with any number of workers") {
  thread_pool workers(3);
  cpu_context many(workers), one;
  const auto x = random_picture<std::uint8_t>({1, 200, 150, 1}, 6);
  tensor<std::uint8_t> a(x.extents()), b(x.extents());
  clahe(many, x, 2, 8, 8, a.view());
  clahe(one, x, 2, 8, 8, b.view());
  CHECK(same_bits<std::uint8_t>(a, b));
}

TEST_CASE("clahe: wrong shapes, tiles and limits are refused") {
  cpu_context ctx;
  const tensor<std::uint8_t> x({1, 4, 4, 1}), colour({1, 4, 4, 3});
  tensor<std::uint8_t> y({1, 4, 4, 1});
  check_error([&] { clahe(ctx, colour, 2, 2, 2, y.view()); }, "clahe: x [1,4,4,3] and y [1,4,4,1] are not [1,H,W,1]");
  check_error([&] { clahe(ctx, x, 2, 0, 2, y.view()); }, "clahe: 0×2 tiles: 0 is not between 1 and 256");
  check_error([&] { clahe(ctx, x, -1, 2, 2, y.view()); }, "clahe: clip_limit -1 is negative");
}
