// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/contours.hpp>
#include <lamina/image/overlay.hpp>

#include "../support/masks.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// "x,y x,y …"
std::string written(std::span<const pixel_point> points) {
  std::string text;
  for (const pixel_point& p : points) text += to_text(text.empty() ? "" : " ", p.x, ",", p.y);
  return text;
}
/// Next, previous, first child and parent, and whether it is a hole.
std::string links_of(const contour& c) {
  return to_text(c.next, " ", c.previous, " ", c.first_child, " ", c.parent, c.is_hole ? " hole" : "");
}

constexpr contour_retrieval all_retrievals[] = {contour_retrieval::external, contour_retrieval::list,
                                                contour_retrieval::two_levels, contour_retrieval::tree};

/// What tests/golden/make_contours.py digests.
void add_contours(cpu_context& ctx, sha256& digest, view<const std::uint8_t> mask) {
  for (const contour_retrieval retrieval : all_retrievals) {
    const contour_set found = find_contours(ctx, mask, retrieval);
    const auto count = static_cast<std::int32_t>(found.size());
    digest_values<std::int32_t>(digest, {&count, 1});
    for (index_t i = 0; i < found.size(); ++i) {
      const contour& c = found.contours[static_cast<std::size_t>(i)];
      const std::int32_t numbers[] = {c.next, c.previous, c.first_child, c.parent,
                                      static_cast<std::int32_t>(found[i].size())};
      digest_values<std::int32_t>(digest, numbers);
      digest_values<pixel_point>(digest, found[i]);
    }
  }
}

}  // namespace

TEST_CASE("contours: an outer border against the clock, a hole's with it, each from its first pixel") {
  const auto found = find_contours(drawn_mask({"......",  //
                                               ".####.",  //
                                               ".#..#.",  //
                                               ".####.",  //
                                               "......"}));
  REQUIRE(found.size() == 2);
  CHECK(written(found[0]) == "1,1 1,2 1,3 2,3 3,3 4,3 4,2 4,1 3,1 2,1");
  CHECK(links_of(found.contours[0]) == "-1 -1 1 -1");
  CHECK(written(found[1]) == "1,2 2,1 3,1 4,2 3,3 2,3");  // past the corners, which touch the hole by a corner only
  CHECK(links_of(found.contours[1]) == "-1 -1 -1 0 hole");
}

TEST_CASE("contours: a pixel alone, and a line that is walked to and fro") {
  const auto found = find_contours(drawn_mask({"#....", "..###"}));
  REQUIRE(found.size() == 2);
  CHECK(written(found[0]) == "2,1 3,1 4,1 3,1");
  CHECK(written(found[1]) == "0,0");
}

TEST_CASE("contours: what lies in what, by each retrieval") {
  const auto mask = drawn_mask({"#######..#",  //
                                "#.....#...",  //
                                "#.#.#.#...",  //
                                "#.....#...",  //
                                "#######..."});
  const auto tree = find_contours(mask);
  REQUIRE(tree.size() == 5);  // the last found first, each before its children
  CHECK(links_of(tree.contours[0]) == "1 -1 -1 -1");
  CHECK(written(tree[0]) == "9,0");
  CHECK(links_of(tree.contours[1]) == "-1 0 2 -1");
  CHECK(links_of(tree.contours[2]) == "-1 -1 3 1 hole");
  CHECK(links_of(tree.contours[3]) == "4 -1 -1 2");
  CHECK(written(tree[3]) == "4,2");
  CHECK(links_of(tree.contours[4]) == "-1 3 -1 2");
  CHECK(written(tree[4]) == "2,2");

  const auto external = find_contours(mask, contour_retrieval::external);
  REQUIRE(external.size() == 2);
  CHECK(written(external[0]) == written(tree[0]));
  CHECK(written(external[1]) == written(tree[1]));
  const auto two_levels = find_contours(mask, contour_retrieval::two_levels);
  REQUIRE(two_levels.size() == 5);
  CHECK(links_of(two_levels.contours[4]) == "-1 -1 -1 3 hole");
  const auto list = find_contours(mask, contour_retrieval::list);
  REQUIRE(list.size() == 5);
  CHECK(links_of(list.contours[2]) == "3 1 -1 -1 hole");
}

TEST_CASE("contours: 10,000 masks as OpenCV's findContours, with every isa") {
  for_each_isa([](cpu_context& ctx) {
    check_numbered_masks("contours.txt", [&ctx](sha256& digest, view<const std::uint8_t> mask) {
      add_contours(ctx, digest, mask);
    });
  });
}

TEST_CASE("contours: real masks as OpenCV's findContours") {
  cpu_context ctx;
  check_real_masks("contours.txt", [&ctx](sha256& digest, view<const std::uint8_t> mask) {
    add_contours(ctx, digest, mask);
  });
}

TEST_CASE("contours: of a mask in any layout") {
  for (const std::uint32_t number : {9u, 120u, 2356u, 5000u, 9999u}) {
    const auto mask = numbered_mask(number);
    const auto expected = find_contours(mask);
    for_each_layout(mask, mask.extents(), [&](view<const std::uint8_t> lying, view<std::uint8_t>) {
      CHECK(find_contours(lying).points == expected.points);
    });
  }
}

TEST_CASE("contours: none in a mask without inside or without pixels") {
  for (const shape& extents : {shape{1, 3, 70, 1}, shape{1, 0, 5, 1}, shape{1, 5, 0, 1}})
    CHECK(find_contours(tensor<std::uint8_t>(extents)).size() == 0);
}

TEST_CASE("overlay: contours paint their pixels, the outline of one pixel is exactly they, and nothing else changes") {
  for (std::uint32_t number = 0; number < mask_count; number += 7) {
    CAPTURE(number);
    const auto mask = numbered_mask(number);
    const contour_set found = find_contours(mask);
    const auto [N, H, W, C] = mask.extents();
    tensor<std::uint8_t> expected = random_picture<std::uint8_t>({1, H, W, 3}, number), painted = expected.clone();
    tensor<std::uint8_t> outlined = expected.clone();
    for (const pixel_point& p : found.points)
      for (index_t c = 0; c < 3; ++c) expected(0, p.y, p.x, c) = c == 0 ? 255 : 0;
    draw_contours(painted, found, prediction_colour);
    CHECK(same_bits<std::uint8_t>(painted.view(), expected.view()));
    draw_mask_contour(outlined, mask, prediction_colour);
    CHECK(same_bits<std::uint8_t>(outlined.view(), expected.view()));
  }
}

TEST_CASE("contours: wrong shapes are refused") {
  tensor<std::uint8_t> image({1, 2, 2, 3}), mask({1, 2, 3, 1});
  check_error([&] { find_contours(image); }, "find_contours: mask [1,2,2,3] is not [1,H,W,1]");
  mask(0, 1, 2, 0) = 255;
  check_error([&] { draw_contours(image, find_contours(mask), {}); },
              "draw_contours: pixel (2, 1) of a contour is outside the image [1,2,2,3]");
  check_error([&] { draw_contours(mask, find_contours(mask), {}); },
              "draw_contours: image [1,2,3,1] is no RGB image [1,H,W,3]");
  const view<const std::uint8_t> huge(mask.data(), {1, 50000, 50000, 1});  // refused before anything is read
  check_error([&] { find_contours(huge); }, "find_contours: mask [1,50000,50000,1] has too many pixels");
}
