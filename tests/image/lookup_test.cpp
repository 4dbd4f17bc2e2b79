// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/lookup.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// What a lookup takes and what it makes of it.
template <class F, class T>
struct types {
  using from = F;
  using to = T;
};
using bytes_to_bytes = types<std::uint8_t, std::uint8_t>;
using bytes_to_words = types<std::uint8_t, std::uint16_t>;
using bytes_to_floats = types<std::uint8_t, float>;
using words_to_words = types<std::uint16_t, std::uint16_t>;
using words_to_floats = types<std::uint16_t, float>;

/// Copies of x and of an empty picture in the middle of wider pixels, y's rows from bottom to top.
template <class From, class To>
struct strided {
  strided(const tensor<From>& source, shape s)
      : wide_x({s.n, s.h, s.w, s.c + 3}), wide_y(wide_x.extents()), x(wide_x.view().channels(1, s.c)),
        y(flip_up_down(wide_y.view().channels(2, s.c))) {
    copy_pixels(source.view(), x);
  }
  tensor<From> wide_x;
  tensor<To> wide_y;
  view<From> x;
  view<To> y;
};

}  // namespace

TEST_CASE_TEMPLATE("lookup: y = table[x], of one table or one a channel", Types, bytes_to_bytes, bytes_to_words,
                   bytes_to_floats, words_to_words, words_to_floats) {
  using From = typename Types::from;
  using To = typename Types::to;
  constexpr index_t levels = sizeof(From) == 1 ? 256 : 65536;
  for (const index_t C : {1, 2, 3, 4, 5})
    for (const bool each : {false, true}) {
      CAPTURE(C);
      CAPTURE(each);
      auto x = random_picture<From>({2, 37, 53, C}, 4);
      x[0] = 0;
      x[x.size() - 1] = static_cast<From>(levels - 1);
      const auto values = random_picture<To>(vector_shape(each ? levels * C : levels), 5);
      const std::span<const To> table(values.data(), static_cast<std::size_t>(values.size()));
      tensor<To> expected(x.extents());
      for (index_t i = 0; i < x.size(); ++i) expected[i] = values[(each ? i % C * levels : 0) + x[i]];
      for_each_isa([&](cpu_context& ctx) {
        tensor<To> y(x.extents());
        lookup(ctx, x, table, y.view());
        CHECK(same_bits<To>(y, expected));
        strided<From, To> apart(x, x.extents());
        lookup(ctx, apart.x, table, apart.y);
        CHECK(same_bits<To>(as_const(apart.y), expected));
        if constexpr (std::is_same_v<To, From>) {
          tensor<To> in_place = x.clone();
          lookup(ctx, in_place, table, in_place.view());
          CHECK(same_bits<To>(in_place, expected));
          for_each_layout(x, x.extents(), [&](view<const To> lying_x, view<To> lying_y) {
            lookup(ctx, lying_x, table, lying_y);
            CHECK(same_bits<To>(as_const(lying_y), expected));
          });
        }
      });
    }
}

TEST_CASE("lookup: kernels that give way to a quicker one here are right, too") {
  const auto x = random_picture<std::uint8_t>({1, 1, 1000, 1}, 6);
  const auto table = random_picture<std::uint8_t>({1, 1, 1, 256}, 7);
  tensor<std::uint8_t> every({1, 1, 256, 1}), found({1, 1, 256, 1}), y(x.extents());
  for (index_t i = 0; i < 256; ++i) every[i] = static_cast<std::uint8_t>(i);
  for_each_isa([&](cpu_context& ctx) {
    const auto lookup_bytes = [&](const tensor<std::uint8_t>& from, tensor<std::uint8_t>& to) {
      LAMINA_DISPATCH(ctx.isa(), lookup_bytes(from.data(), table.data(), from.size(), to.data()));
    };
    lookup_bytes(every, found);
    CHECK(std::equal(found.begin(), found.end(), table.begin()));
    lookup_bytes(x, y);
    bool same = true;
    for (index_t i = 0; i < x.size(); ++i) same &= y[i] == table[x[i]];
    CHECK(same);
  });
}

TEST_CASE("lookup: wrong shapes and tables are refused") {
  cpu_context ctx;
  const tensor<std::uint8_t> x({1, 4, 4, 3});
  tensor<float> y({1, 4, 4, 3}), small({1, 4, 3, 3});
  const std::vector<float> one(256), odd(512);
  check_error([&] { lookup(ctx, x, one, small.view()); }, "lookup: x [1,4,4,3] and y [1,4,3,3] differ in shape");
  check_error([&] { lookup(ctx, x, odd, y.view()); },
              "lookup: 512 values for 3 channels; expected 256 or 256 a channel");
  const tensor<std::uint16_t> words({1, 4, 4, 3});
  check_error([&] { lookup(ctx, words, one, y.view()); },
              "lookup: 256 values for 3 channels; expected 65536 or 65536 a channel");
  const std::vector<float> of_words(65536);
  check_error([&] { lookup(ctx, x, of_words, y.view()); },
              "lookup: 65536 values for 3 channels; expected 256 or 256 a channel");
}
