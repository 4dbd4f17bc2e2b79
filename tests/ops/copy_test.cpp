// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/copy.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("copy, fill, add, scale: whole tensors and slices, on every instruction set", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes) {
      CAPTURE(to_text(extents));
      const auto x = random_tensor<T>(extents, 1), start = random_tensor<T>(extents, 2);
      tensor<T> sum(extents), third(extents);
      for (index_t i = 0; i < x.size(); ++i) {
        sum[i] = static_cast<T>(static_cast<float>(start[i]) + static_cast<float>(x[i]));
        third[i] = static_cast<T>(static_cast<float>(sum[i]) * 0.25f);
      }
      sliced_tensor<T> y(extents);
      copy(ctx, start.view(), y.slice());
      CHECK(same_bits<T>(y.slice(), start.view()));
      add(ctx, x.view(), y.slice());
      check_close<T, T>(y.slice(), sum.view(), 0);
      scale(ctx, 0.25f, y.slice());
      check_close<T, T>(y.slice(), third.view(), 0);
      CHECK(y.surroundings_untouched());

      auto whole = poisoned_tensor<T>(extents);
      fill(ctx, static_cast<T>(2.0f), whole.view());
      for (const T v : whole) CHECK(static_cast<float>(v) == 2);
      add(ctx, x.view(), whole.view());
      CHECK(static_cast<float>(whole[0]) == static_cast<float>(static_cast<T>(2 + static_cast<float>(x[0]))));
    }
  });
}

TEST_CASE("copy, add: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 3, 2});
  check_error([&] { copy(ctx, x.view(), y.view()); }, "copy: x [1,2,2,3] and y [1,2,3,2] differ in shape (NHWC)");
  check_error([&] { add(ctx, x.view(), y.view()); }, "add: x [1,2,2,3] and y [1,2,3,2] differ in shape (NHWC)");
}
