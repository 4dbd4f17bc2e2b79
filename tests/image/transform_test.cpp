// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/transform.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// 1 2 3
/// 4 5 6
tensor<int> two_by_three() {
  tensor<int> x({1, 2, 3, 1});
  for (int i = 0; i < 6; ++i) x[i] = i + 1;
  return x;
}
std::vector<int> elements(view<const int> x) {
  const auto y = copy_of(x);
  return {y.begin(), y.end()};
}
using list = std::vector<int>;

}  // namespace

TEST_CASE("transform: flips, transposition, quarter turns") {
  const auto x = two_by_three();
  CHECK(elements(flip_left_right(x.view())) == list{3, 2, 1, 6, 5, 4});
  CHECK(elements(flip_up_down(x.view())) == list{4, 5, 6, 1, 2, 3});
  CHECK(elements(transpose(x.view())) == list{1, 4, 2, 5, 3, 6});
  CHECK(transpose(x.view()).extents() == shape{1, 3, 2, 1});
  CHECK(elements(rotate_quarters(x.view(), 1)) == list{4, 1, 5, 2, 6, 3});
  CHECK(elements(rotate_quarters(x.view(), 2)) == list{6, 5, 4, 3, 2, 1});
  CHECK(elements(rotate_quarters(x.view(), 3)) == list{3, 6, 2, 5, 1, 4});
  CHECK(elements(rotate_quarters(x.view(), -1)) == elements(rotate_quarters(x.view(), 3)));
  CHECK(elements(rotate_quarters(x.view(), 4)) == elements(x.view()));
}

TEST_CASE("transform: every EXIF orientation") {
  // What a camera stores of 1 2 3 / 4 5 6, by orientation (EXIF 2.3, tag 0x0112).
  const auto x = two_by_three();
  const std::pair<shape, list> stored[] = {{{1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}}, {{1, 2, 3, 1}, {3, 2, 1, 6, 5, 4}},
                                           {{1, 2, 3, 1}, {6, 5, 4, 3, 2, 1}}, {{1, 2, 3, 1}, {4, 5, 6, 1, 2, 3}},
                                           {{1, 3, 2, 1}, {1, 4, 2, 5, 3, 6}}, {{1, 3, 2, 1}, {3, 6, 2, 5, 1, 4}},
                                           {{1, 3, 2, 1}, {6, 3, 5, 2, 4, 1}}, {{1, 3, 2, 1}, {4, 1, 5, 2, 6, 3}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const auto& [extents, values] = stored[orientation - 1];
    tensor<int> file(extents);
    std::copy(values.begin(), values.end(), file.begin());
    CHECK(elements(upright(file.view(), orientation)) == elements(x.view()));
  }
  CHECK(elements(upright(x.view(), 0)) == elements(x.view()));
}

TEST_CASE("transform: large pictures and channel slices are copied whole") {
  const auto x = random_tensor<float>({2, 70, 45, 5}, 1);
  const auto slice = x.view().channels(1, 3);
  const auto turned = copy_of(transpose(slice));
  bool same = true;
  for (index_t n = 0; n < 2; ++n)
    for (index_t h = 0; h < 70; ++h)
      for (index_t w = 0; w < 45; ++w)
        for (index_t c = 0; c < 3; ++c) same &= turned(n, w, h, c) == x(n, h, w, c + 1);
  CHECK(same);
  CHECK(same_bits<float>(copy_of(transpose(turned.view())).view(), slice));
}

TEST_CASE_TEMPLATE("transform: copies of every orientation, element by element, with every isa", T, std::uint8_t,
                   std::uint16_t, float) {
  for (const index_t C : {1, 2, 3, 4, 5})
    for (const auto& size : {std::pair<index_t, index_t>{1, 1}, {1, 2}, {3, 1}, {4, 5}, {33, 70}, {67, 16}}) {
      const index_t H = size.first, W = size.second;
      const auto x = random_picture<T>({2, H, W, C}, 2);
      for_each_isa([&](cpu_context& ctx) {
        for (int orientation = 1; orientation <= 8; ++orientation) {
          CAPTURE(C);
          CAPTURE(W);
          CAPTURE(orientation);
          const auto turned = upright(x.view(), orientation);
          tensor<T> y(turned.extents());
          copy_pixels(ctx, turned, y.view());
          bool same = true;
          for (index_t n = 0; n < 2; ++n)
            for (index_t h = 0; h < turned.extents().h; ++h)
              for (index_t w = 0; w < turned.extents().w; ++w)
                for (index_t c = 0; c < C; ++c) same &= y(n, h, w, c) == turned(n, h, w, c);
          CHECK(same);
          for_each_layout(y, y.extents(), [&](view<const T> lying_x, view<T> lying_y) {
            copy_pixels(ctx, lying_x, lying_y);
            CHECK(same_bits<T>(as_const(lying_y), y.view()));
          });
        }
      });
    }
}

TEST_CASE("transform: wrong shapes are refused") {
  tensor<float> x({1, 2, 3, 1}), y({1, 3, 2, 1});
  check_error([&] { copy_pixels(x.view(), y.view()); }, "copy_pixels: x [1,2,3,1] and y [1,3,2,1] differ in shape");
}
