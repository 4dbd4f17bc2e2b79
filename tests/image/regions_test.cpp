// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/regions.hpp>

#include "../support/masks.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

void apply_region_operation(cpu_context& ctx, const std::string& operation, connectivity neighbours,
                            view<const std::uint8_t> mask, view<std::uint8_t> y) {
  if (operation == "largest") largest_component(ctx, mask, neighbours, y);
  if (operation == "least7") remove_small_components(ctx, mask, 7, neighbours, y);
  if (operation == "fill") fill_holes(ctx, mask, neighbours, y);
  if (operation == "fill9") fill_holes(ctx, mask, neighbours, y, 9);
}

/// Values that are not 0 and 255.
tensor<std::uint8_t> grey_mask(const std::vector<std::string>& rows) { return drawn_mask(rows, 200, 100); }

}  // namespace

TEST_CASE("regions: equal to SciPy's and scikit-image's") {
  thread_pool workers(3);
  cpu_context alone, threaded(workers);
  for_each_golden_digest("regions.txt", 64, [&](std::istream& words, const std::string& digest) {
    std::string operation;
    int neighbours = 0;
    index_t number = 0;
    words >> operation >> neighbours >> number;
    const auto connected = neighbours == 4 ? connectivity::four : connectivity::eight;
    const auto mask = speckled_mask(number);
    for (cpu_context* ctx : {&alone, &threaded}) {
      tensor<std::uint8_t> y(mask.extents()), in_place = mask.clone(), turned({1, 121, 83, 1});
      apply_region_operation(*ctx, operation, connected, mask, y.view());
      CHECK(digest_of(y) == digest);
      apply_region_operation(*ctx, operation, connected, in_place, in_place.view());
      CHECK(digest_of(in_place) == digest);
      apply_region_operation(*ctx, operation, connected, transpose(as_const(mask.view())), turned.view());
      CHECK(same_bits<std::uint8_t>(as_const(transpose(turned.view())), y.view()));
    }
  });
}

TEST_CASE("regions: the first of two of the same size, and nothing of nothing") {
  cpu_context ctx;
  auto mask = grey_mask({"##..#", "....#", "....."});
  largest_component(ctx, mask, connectivity::eight, mask.view());
  CHECK(rows_of_mask(mask) == std::vector<std::string>{"##...", ".....", "....."});
  tensor<std::uint8_t> nothing({1, 3, 5, 1}), y(nothing.extents());
  y.fill(9);
  largest_component(ctx, nothing, connectivity::four, y.view());
  CHECK(*std::max_element(y.begin(), y.end()) == 0);
}

TEST_CASE("regions: what is done after prediction, in its order") {
  cpu_context ctx;
  const std::vector<std::string> rows{"..........", ".#####..#.", ".#...#....", ".#.#.#..##", ".#...#..##",
                                      ".#####..##", ".........."};
  const auto after = [&](const postprocess_options& options) {
    return rows_of_mask(postprocess(ctx, grey_mask(rows), options));
  };
  CHECK(after({}) == rows);
  CHECK(after({.largest = true, .fill_holes = true}) ==
        std::vector<std::string>{"..........", ".#####....", ".#####....", ".#####....", ".#####....", ".#####....",
                                 ".........."});
  CHECK(after({.least_area = 2}) == std::vector<std::string>{"..........", ".#####....", ".#...#....", ".#...#..##",
                                                             ".#...#..##", ".#####..##", ".........."});
  // The cross of a disk of radius 1 fits into the block at the edge only, because beyond the edge nothing is missing.
  CHECK(after({.open_radius = 1}) == std::vector<std::string>{"..........", "..........", "..........", ".........#",
                                                              "........##", ".........#", ".........."});
  // A closing joins the two blocks in their middle row, so that the smaller one stays.
  const std::vector<std::string> blocks{"............", "............", "..####.###..", "..####.###..",
                                        "..####.###..", "............", "............"};
  auto joined = blocks;
  joined[3] = "..########..";
  CHECK(rows_of_mask(postprocess(ctx, grey_mask(blocks), {.close_radius = 1, .largest = true})) == joined);
  const auto full = grey_mask({"####", "####"});
  CHECK(rows_of_mask(postprocess(ctx, full, {1, 1, 4, true, true})) == std::vector<std::string>{"####", "####"});
}

TEST_CASE("regions: wrong use is refused") {
  cpu_context ctx;
  const tensor<std::uint8_t> mask({1, 4, 4, 1}), batch({2, 4, 4, 1});
  tensor<std::uint8_t> y({1, 4, 5, 1}), two({2, 4, 4, 1});
  check_error([&] { largest_component(ctx, mask, connectivity::four, y.view()); },
              "largest_component: mask [1,4,4,1] and y [1,4,5,1] are not both the same [1,H,W,1]");
  check_error([&] { fill_holes(ctx, batch, connectivity::four, two.view()); },
              "fill_holes: mask [2,4,4,1] and y [2,4,4,1] are not both the same [1,H,W,1]");
  check_error([&] { remove_small_components(ctx, mask, 3, connectivity::four, y.view()); },
              "remove_small_components: mask [1,4,4,1] and y [1,4,5,1]");
  check_error([&] { postprocess(ctx, batch, {}); }, "postprocess: mask [2,4,4,1] is not [1,H,W,1]");
  check_error([&] { postprocess(ctx, mask, {.open_radius = -1}); },
              "postprocess: open_radius -1, close_radius 0 and least_area 0 must not be negative");
}
