// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/components.hpp>

#include "../support/masks.hpp"

#include <cmath>
#include <functional>

using namespace lamina;
using namespace lamina::testing;

namespace {

index_t components(const std::vector<std::string>& rows, connectivity neighbours = connectivity::eight) {
  return count_components(drawn_mask(rows), neighbours);
}

/// The label image with a letter for each component, the first 'a'.
std::vector<std::string> lettered(view<const std::int32_t> labels) {
  const auto [N, H, W, C] = labels.extents();
  std::vector<std::string> rows(static_cast<std::size_t>(H));
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      rows[static_cast<std::size_t>(h)] += labels(0, h, w, 0) == 0 ? '.' : static_cast<char>('`' + labels(0, h, w, 0));
  return rows;
}

/// What tests/golden/make_components.py digests.
void add_components(cpu_context& ctx, sha256& digest, view<const std::uint8_t> mask) {
  tensor<std::int32_t> labels(mask.extents());
  for (const connectivity neighbours : {connectivity::eight, connectivity::four}) {
    labels.fill(-7);
    const auto found = connected_components(ctx, mask, neighbours, labels.view());
    const auto count = static_cast<std::int32_t>(found.size());
    digest_values<std::int32_t>(digest, {&count, 1});
    digest_values<std::int32_t>(digest, {labels.data(), static_cast<std::size_t>(labels.size())});
    for (const component& c : found) {
      if (c.area == 0) continue;
      const std::int32_t figures[] = {static_cast<std::int32_t>(c.left), static_cast<std::int32_t>(c.top),
                                      static_cast<std::int32_t>(c.width), static_cast<std::int32_t>(c.height),
                                      static_cast<std::int32_t>(c.area)};
      const double centroid[] = {c.centroid.x, c.centroid.y};
      digest_values<std::int32_t>(digest, figures);
      digest_values<double>(digest, centroid);
    }
  }
}

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
  CHECK(components({"#.#", ".#."}, connectivity::four) == 3);
  CHECK(components({"##.", ".##"}, connectivity::four) == 1);
}

TEST_CASE("components: labels in raster order of the first pixels, areas, boxes and centroids") {
  const auto mask = drawn_mask({"...#..##",  //
                                "#..#.#..",  //
                                "#.#.....",  //
                                ".......#"});
  const auto eight = connected_components(mask);
  CHECK(lettered(eight.labels) == std::vector<std::string>{"...a..bb", "c..a.b..", "c.a.....", ".......d"});
  REQUIRE(eight.components.size() == 5);  // with the background
  const component& background = eight.components[0];
  CHECK(background.area == 23);
  CHECK(background.width == 8);
  CHECK(background.height == 4);
  const component& a = eight.components[1];
  CHECK(a.area == 3);
  CHECK(a.left == 2);
  CHECK(a.top == 0);
  CHECK(a.width == 2);
  CHECK(a.height == 3);
  CHECK(a.centroid.x == 8.0 / 3);
  CHECK(a.centroid.y == 1);
  const component& d = eight.components[4];
  CHECK(d.area == 1);
  CHECK(d.left == 7);
  CHECK(d.top == 3);
  CHECK(d.centroid.x == 7);
  CHECK(d.centroid.y == 3);

  const auto four = connected_components(mask, connectivity::four);
  CHECK(lettered(four.labels) == std::vector<std::string>{"...a..bb", "c..a.d..", "c.e.....", ".......f"});
  REQUIRE(four.components.size() == 7);
  CHECK(four.components[1].area == 2);
}

TEST_CASE("components: a comb's teeth are one, numbered by the first") {
  const auto made = connected_components(drawn_mask({"#.#.#", "#.#.#", "#####", ".....", "#...#"}));
  CHECK(lettered(made.labels) == std::vector<std::string>{"a.a.a", "a.a.a", "aaaaa", ".....", "b...c"});
}

TEST_CASE("components: a mask without outside, without inside, without pixels") {
  const auto full = connected_components(drawn_mask({"##", "##"}));
  REQUIRE(full.components.size() == 2);
  CHECK(full.components[0].area == 0);
  CHECK(full.components[0].width == 0);
  CHECK(std::isnan(full.components[0].centroid.x));
  CHECK(full.components[1].centroid.x == 0.5);
  const auto none = connected_components(drawn_mask({"..", ".."}));
  REQUIRE(none.components.size() == 1);
  CHECK(none.components[0].area == 4);
  for (const shape& extents : {shape{1, 0, 5, 1}, shape{1, 5, 0, 1}, shape{1, 0, 0, 1}})
    CHECK(connected_components(tensor<std::uint8_t>(extents)).components.size() == 1);
}

TEST_CASE("components: 10,000 masks as OpenCV's connectedComponentsWithStats, with every isa") {
  for_each_isa([](cpu_context& ctx) {
    check_numbered_masks("components.txt", [&ctx](sha256& digest, view<const std::uint8_t> mask) {
      add_components(ctx, digest, mask);
    });
  });
}

TEST_CASE("components: real masks as OpenCV's connectedComponentsWithStats") {
  cpu_context ctx;
  check_real_masks("components.txt", [&ctx](sha256& digest, view<const std::uint8_t> mask) {
    add_components(ctx, digest, mask);
  });
}

TEST_CASE("components: masks and labels in any layout, written nowhere else") {
  for (const std::uint32_t number : {9u, 120u, 2356u, 5000u, 9999u}) {
    const auto mask = numbered_mask(number);
    const auto expected = connected_components(mask);
    for_each_isa([&](cpu_context& ctx) {
      for_each_layout(mask, mask.extents(), [&](view<const std::uint8_t> lying, view<std::uint8_t>) {
        tensor<std::int32_t> labels(mask.extents());
        connected_components(ctx, lying, connectivity::eight, labels.view());
        CHECK(same_bits<std::int32_t>(labels.view(), expected.labels.view()));
      });
      for_each_layout(expected.labels, mask.extents(), [&](view<const std::int32_t>, view<std::int32_t> lying) {
        connected_components(ctx, mask, connectivity::eight, lying);
        CHECK(same_bits<std::int32_t>(as_const(lying), expected.labels.view()));
      });
    });
  }
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
  check_error([&] { connected_components(image); }, "connected_components: mask [1,2,2,3] is not [1,H,W,1]");
  cpu_context ctx;
  tensor<std::uint8_t> mask({1, 2, 2, 1});
  tensor<std::int32_t> labels({1, 2, 3, 1});
  check_error([&] { connected_components(ctx, mask, connectivity::four, labels.view()); },
              "connected_components: mask [1,2,2,1] and labels [1,2,3,1] differ in shape");
  const view<const std::uint8_t> huge(mask.data(), {1, 50000, 50000, 1});  // refused before anything is read
  check_error([&] { count_components(huge); }, "count_components: mask [1,50000,50000,1] has too many pixels");
}
