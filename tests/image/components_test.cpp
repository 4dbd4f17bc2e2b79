// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/components.hpp>

#include "../support/tensors.hpp"

#include <functional>

using namespace lamina;
using namespace lamina::testing;

namespace {

tensor<std::uint8_t> drawn(const std::vector<std::string>& rows) {
  tensor<std::uint8_t> mask({1, static_cast<index_t>(rows.size()), static_cast<index_t>(rows[0].size()), 1});
  for (std::size_t i = 0; i < rows.size() * rows[0].size(); ++i)
    mask[static_cast<index_t>(i)] = rows[i / rows[0].size()][i % rows[0].size()] == '#' ? 255 : 0;
  return mask;
}
index_t components(const std::vector<std::string>& rows) { return count_components(drawn(rows)); }

/// By painting each piece over.
index_t flood_count(tensor<std::uint8_t> mask) {
  const auto [N, H, W, C] = mask.extents();
  const std::function<void(index_t, index_t)> erase = [&, H = H, W = W](index_t h, index_t w) {
    if (h < 0 || w < 0 || h >= H || w >= W || mask(0, h, w, 0) == 0) return;
    mask(0, h, w, 0) = 0;
    for (index_t dh = -1; dh <= 1; ++dh)
      for (index_t dw = -1; dw <= 1; ++dw) erase(h + dh, w + dw);
  };
  index_t count = 0;
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      if (mask(0, h, w, 0) != 0) ++count, erase(h, w);
  return count;
}

}  // namespace

TEST_CASE("components: small drawings") {
  CHECK(components({"...", "..."}) == 0);
  CHECK(components({"###", "###"}) == 1);
  CHECK(components({"#.#", "..."}) == 2);
  CHECK(components({"#.#", ".#."}) == 1);
  CHECK(components({"#..#", "#..#", "####"}) == 1);
  CHECK(components({"#.#.#", "#.#.#", "#####"}) == 1);
  CHECK(components({"####", "...#", "##.#", "#..#", "####"}) == 1);
  CHECK(components({"##..", "...#", "##.."}) == 3);
  CHECK(components({"#"}) == 1);
}

TEST_CASE("components: random masks equal flood filling") {
  for (std::uint32_t number = 0; number < 200; ++number) {
    random_stream stream({.seed = 5, .sample = number});
    tensor<std::uint8_t> mask(
        {1, 1 + static_cast<index_t>(stream.below(20)), 1 + static_cast<index_t>(stream.below(20)), 1});
    const float share = stream.uniform(0.05f, 0.7f);
    for (std::uint8_t& pixel : mask) pixel = stream.uniform() < share ? 255 : 0;
    CHECK(count_components(mask) == flood_count(mask.clone()));
  }
}

TEST_CASE("components: wrong shapes are refused") {
  tensor<std::uint8_t> image({1, 2, 2, 3});
  check_error([&] { count_components(image); }, "count_components: mask [1,2,2,3] is not [1,H,W,1]");
}
