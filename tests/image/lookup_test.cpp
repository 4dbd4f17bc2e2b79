// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/lookup.hpp>

#include "../support/pictures.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("lookup: y = table[x], of one table or one a channel", To, std::uint8_t, float) {
  for (const index_t C : {1, 2, 3, 4, 5})
    for (const bool each : {false, true}) {
      CAPTURE(C);
      CAPTURE(each);
      const auto x = random_picture<std::uint8_t>({2, 37, 53, C}, 4);
      const auto values = random_picture<To>(vector_shape(each ? 256 * C : 256), 5);
      const std::span<const To> table(values.data(), static_cast<std::size_t>(values.size()));
      tensor<To> expected(x.extents());
      for (index_t i = 0; i < x.size(); ++i) expected[i] = values[(each ? i % C * 256 : 0) + x[i]];
      for_each_isa([&](cpu_context& ctx) {
        tensor<To> y(x.extents());
        lookup(ctx, x, table, y.view());
        CHECK(same_bits<To>(y, expected));
        if constexpr (std::is_same_v<To, std::uint8_t>) {
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
}
