// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/letterbox.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("letterbox: the largest size of the same aspect, in the middle") {
  const letterbox_placement wide({600, 450}, {128, 128}), high({30, 90}, {64, 48}), same({5, 7}, {5, 7});
  CHECK(wide.inside == image_size{128, 96});
  CHECK(wide.left == 0);
  CHECK(wide.top == 16);
  CHECK(high.inside == image_size{16, 48});
  CHECK(high.left == 24);
  CHECK(high.top == 0);
  CHECK(same.inside == image_size{5, 7});
  CHECK(letterbox_placement({1000, 1}, {10, 10}).inside == image_size{10, 1});
  check_error([] { letterbox_placement({600, 450}, {128, 0}); },
              "letterbox_placement: 600×450 pixels in a frame of 128×0; expected positive extents");
}

TEST_CASE("letterbox: what lies in the frame is lamina::resize, and one value around it; undone by resizing back") {
  cpu_context ctx;
  const auto x = random_picture<std::uint8_t>({2, 30, 50, 3}, 1);
  for (const interpolation method : all_interpolations) {
    CAPTURE(name(method));
    const auto y = letterboxed(ctx, x, {64, 80}, method, 37);
    CHECK(y.extents() == shape{2, 80, 64, 3});
    const letterbox_placement placement({50, 30}, {64, 80});
    CHECK(same_bits<std::uint8_t>(placement.part(y.view()), resized(x.view(), method, 38, 64).view()));
    CHECK(same_bits<std::uint8_t>(placement.undo(y.view(), method).view(),
                                  resized(copy_of(placement.part(y.view())).view(), method, 30, 50).view()));
    index_t others = 0;
    for (index_t n = 0; n < 2; ++n)
      for (index_t h = 0; h < 80; ++h)
        for (index_t w = 0; w < 64; ++w) others += (h < 21 || h >= 59) && y(n, h, w, 1) != 37;
    CHECK(others == 0);
  }
  const auto doubled = letterboxed(ctx, x, {100, 100}, interpolation::nearest);
  CHECK(same_bits<std::uint8_t>(letterbox_placement({50, 30}, {100, 100}).undo(doubled.view()).view(), x.view()));
}
