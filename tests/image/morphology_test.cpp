// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/morphology.hpp>

#include "../support/masks.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

using morphology_operation = void (*)(cpu_context&, view<const std::uint8_t>, const structuring_element&,
                                      view<std::uint8_t>);
const std::map<std::string, morphology_operation> morphology_operations{
    {"erode", erode}, {"dilate", dilate}, {"opening", opening}, {"closing", closing}};
const std::map<std::string, element_shape> element_shapes{{"rectangle", element_shape::rectangle},
                                                          {"cross", element_shape::cross},
                                                          {"ellipse", element_shape::ellipse}};

/// The pixels that a single one becomes when it is dilated, row by row.
std::vector<std::string> dilated_point(const structuring_element& element) {
  tensor<std::uint8_t> x({1, element.height, element.width, 1}), y(x.extents());
  x(0, element.height - 1 - element.height / 2, element.width - 1 - element.width / 2, 0) = 255;
  cpu_context ctx;
  dilate(ctx, x, element, y.view());
  return rows_of_mask(y);
}

}  // namespace

TEST_CASE("morphology: equal to OpenCV's erode, dilate and morphologyEx") {
  for_each_golden_digest("morphology.txt", 312, [](std::istream& words, const std::string& digest) {
    std::string operation, kind;
    structuring_element element;
    index_t channels = 0;
    words >> operation >> kind >> element.height >> element.width >> channels;
    element.shape = element_shapes.at(kind);
    const auto x = formula_picture({1, 83, 121, channels});
    for_each_isa([&](cpu_context& ctx) {
      tensor<std::uint8_t> y(x.extents());
      morphology_operations.at(operation)(ctx, x, element, y.view());
      CHECK(digest_of(y) == digest);
    });
  });
}

TEST_CASE("morphology: what the elements look like") {
  using lines = std::vector<std::string>;
  CHECK(dilated_point({element_shape::rectangle, 2, 3}) == lines{"###", "###"});
  CHECK(dilated_point({element_shape::cross, 3, 5}) == lines{"..#..", "#####", "..#.."});
  CHECK(dilated_point(structuring_element::disk(2)) == lines{"..#..", "#####", "#####", "#####", "..#.."});
  CHECK(dilated_point(structuring_element::disk(0)) == lines{"#"});
}

TEST_CASE("morphology: any layout, batches, any number of workers") {
  const auto x = random_picture<std::uint8_t>({3, 150, 41, 2}, 1);
  thread_pool workers(3);
  cpu_context alone, threaded(workers);
  const structuring_element element{element_shape::ellipse, 9, 6};
  for (const auto& entry : morphology_operations) {
    const morphology_operation run = entry.second;
    CAPTURE(entry.first);
    tensor<std::uint8_t> expected(x.extents()), y(x.extents());
    run(alone, x, element, expected.view());
    run(threaded, x, element, y.view());
    CHECK(same_bits<std::uint8_t>(y, expected));
    for (index_t n = 0; n < 3; ++n) {
      tensor<std::uint8_t> single({1, 150, 41, 2});
      run(alone, x.view().images(n), element, single.view());
      CHECK(same_bits<std::uint8_t>(single, as_const(expected.view().images(n))));
    }
    for_each_layout(x, x.extents(), [&](view<const std::uint8_t> lying_x, view<std::uint8_t> lying_y) {
      run(alone, lying_x, element, lying_y);
      CHECK(same_bits<std::uint8_t>(as_const(lying_y), expected.view()));
    });
  }
}

TEST_CASE("morphology: opening and closing in place") {
  const auto x = formula_picture({1, 70, 33, 1});
  cpu_context ctx;
  for (const auto run : {opening, closing}) {
    tensor<std::uint8_t> expected(x.extents()), y = x.clone();
    run(ctx, x, structuring_element::disk(3), expected.view());
    run(ctx, y, structuring_element::disk(3), y.view());
    CHECK(same_bits<std::uint8_t>(y, expected));
  }
}

TEST_CASE("morphology: wrong shapes are refused") {
  cpu_context ctx;
  tensor<std::uint8_t> x({1, 4, 4, 1}), y({1, 4, 5, 1}), z({1, 4, 4, 1});
  check_error([&] { erode(ctx, x, {}, y.view()); }, "erode: x [1,4,4,1] and y [1,4,5,1] differ in shape (NHWC)");
  check_error([&] { closing(ctx, x, {}, y.view()); }, "closing: x [1,4,4,1] and y [1,4,5,1] differ in shape (NHWC)");
  check_error([&] { dilate(ctx, x, {element_shape::cross, 0, 3}, z.view()); },
              "dilate: the structuring element has 0×3 pixels, at least 1×1 is needed");
}
