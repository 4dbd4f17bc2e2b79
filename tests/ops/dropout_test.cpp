// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/dropout.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

const random_stream::place here{.seed = 0x0123456789abcdef, .epoch = 41, .position = 7};

/// Shapes whose images begin and end anywhere in the blocks of four numbers, and one that is longer than what a kernel
/// draws at once.
std::vector<shape> shapes() {
  std::vector<shape> all = awkward_shapes;
  all.insert(all.end(), {{2, 3, 3, 5}, {3, 1, 7, 2}, {2, 19, 21, 100}});
  return all;
}

}  // namespace

TEST_CASE("dropout equals PyTorch's arithmetic on a mask of Philox") {
  const golden_file golden("blocks.safetensors");
  const auto x = golden.tensor("input.x");
  for_each_isa([&](cpu_context& ctx) {
    for (const bool per_channel : {false, true}) {
      const std::string name = per_channel ? "dropout_per_channel" : "dropout";
      CAPTURE(name);
      const auto dy = golden.tensor(name + ".dy");
      auto y = poisoned_tensor<float>(x.extents()), dx = poisoned_tensor<float>(x.extents());
      dropout_forward(ctx, x.view(), here, {0.25f, per_channel}, y.view());
      dropout_backward(ctx, dy.view(), here, {0.25f, per_channel}, dx.view());
      check_close(y, golden.tensor(name + ".y"), 1e-6);
      check_close(dx, golden.tensor(name + ".dx"), 1e-6);
    }
  });
}

TEST_CASE_TEMPLATE("dropout: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : shapes()) {
      for (const bool per_channel : {false, true}) {
        CAPTURE(to_text(extents, per_channel ? " per channel" : ""));
        const dropout_params params{0.3f, per_channel};
        const auto x = random_tensor<T>(extents, 1);
        tensor<T> expected(extents);
        auto y = poisoned_tensor<T>(extents), dx = poisoned_tensor<T>(extents);
        reference::dropout_forward<T>(x, here, params, expected);
        dropout_forward(ctx, x.view(), here, params, y.view());
        check_close(y, expected, std::is_same_v<T, bfloat16> ? 0x1p-7 : 0x1p-22);
        index_t other_zeros = 0;
        for (index_t i = 0; i < x.size(); ++i)
          other_zeros += (static_cast<float>(y[i]) == 0) != (static_cast<float>(expected[i]) == 0);
        CHECK(other_zeros == 0);
        dropout_backward(ctx, x.view(), here, params, dx.view());
        CHECK(same_bits<T>(dx.view(), y.view()));

        sliced_tensor<T> x_slice(extents), y_slice(extents);
        copy_elements<T>(x.view(), x_slice.slice());
        dropout_forward(ctx, x_slice.slice(), here, params, y_slice.slice());
        CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
        CHECK(y_slice.surroundings_untouched());
        auto in_place = x.clone();
        dropout_forward(ctx, in_place.view(), here, params, in_place.view());
        CHECK(same_bits<T>(in_place.view(), y.view()));
      }
    }
  });
}

TEST_CASE("dropout: as many as asked for become zero, and the mean stays") {
  cpu_context ctx;
  const shape extents{4, 100, 100, 16};
  tensor<float> x(extents), y(extents);
  x.fill(1);
  const double count = static_cast<double>(x.size());
  for (const float rate : {0.1f, 0.5f, 0.875f}) {
    dropout_forward(ctx, x.view(), here, {rate}, y.view());
    double zeros = 0, sum = 0;
    for (const float v : y) zeros += v == 0, sum += static_cast<double>(v);
    CHECK(std::abs(zeros - count * rate) < 5 * std::sqrt(count * rate * (1 - rate)));  // five standard deviations
    CHECK(sum / count == doctest::Approx((1 - zeros / count) / (1 - rate)).epsilon(1e-6));
  }
  dropout_forward(ctx, x.view(), here, {0}, y.view());
  CHECK(same_bits<float>(x.view(), y.view()));
}

TEST_CASE("dropout: seed, step, layer and image each have a mask of their own; another purpose changes nothing") {
  cpu_context ctx;
  const shape extents{2, 8, 8, 4};
  tensor<float> x(extents);
  x.fill(1);
  const auto mask = [&](random_stream::place where) {
    tensor<float> y(extents);
    dropout_forward(ctx, x.view(), where, {}, y.view());
    return y;
  };
  const auto expected = mask(here);
  CHECK_FALSE(same_bits<float>(as_const(expected.view()).images(0), as_const(expected.view()).images(1)));
  for (const random_stream::place& other :
       {random_stream::place{here.seed + 1, here.purpose, here.epoch, 0, here.position},
        {here.seed + (std::uint64_t{1} << 32), here.purpose, here.epoch, 0, here.position},
        {here.seed, here.purpose, here.epoch + 1, 0, here.position},
        {here.seed, here.purpose, here.epoch, 0, here.position + 1}})
    CHECK_FALSE(same_bits<float>(expected.view(), mask(other).view()));
  random_stream::place second = here, renamed = here;
  second.sample = 1;
  CHECK(same_bits<float>(as_const(expected.view()).images(1), as_const(mask(second).view()).images(0)));
  renamed.purpose = random_purpose::augment;
  CHECK(same_bits<float>(expected.view(), mask(renamed).view()));
}

TEST_CASE("dropout: what it drops is zero, whatever it was") {
  for_each_isa([](cpu_context& ctx) {
    for (const bool per_channel : {false, true}) {
      tensor<float> x({1, 4, 4, 9}), y(x.extents());
      x.fill(std::numeric_limits<float>::infinity());
      dropout_forward(ctx, x.view(), here, {0.5f, per_channel}, y.view());
      for (const float v : y) CHECK((v == 0 || v == std::numeric_limits<float>::infinity()));
    }
  });
}

TEST_CASE("dropout: gradient") {
  const shape extents{2, 3, 4, 3};
  for (const bool per_channel : {false, true}) {
    auto x = random_tensor<double>(extents, 3);
    const auto dy = random_tensor<double>(extents, 4);
    auto y = poisoned_tensor<double>(extents), dx = poisoned_tensor<double>(extents);
    const dropout_params params{0.4f, per_channel};
    reference::dropout_backward<double>(dy, here, params, dx);
    check_gradient(x, dx, [&] {
      reference::dropout_forward<double>(x, here, params, y);
      return dot(y, dy);
    });
  }
}

TEST_CASE("dropout: the same bits for any number of workers, and the scratch that was announced") {
  const shape extents{3, 65, 67, 41};
  const auto x = random_tensor<float>(extents, 1);
  for (const bool per_channel : {false, true}) {
    const dropout_params params{0.5f, per_channel};
    tensor<float> first;
    for (const int threads : {1, 2, 5}) {
      thread_pool pool(threads);
      cpu_context ctx(pool);
      tensor<float> y(extents);
      dropout_forward(ctx, x.view(), here, params, y.view());
      CHECK(ctx.scratch().capacity() == dropout_scratch(extents, params));
      if (threads == 1)
        first = std::move(y);
      else
        CHECK(same_bits<float>(first.view(), y.view()));
    }
  }
}

TEST_CASE("dropout: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 2, 4});
  check_error([&] { dropout_forward(ctx, x.view(), here, {}, y.view()); },
              "dropout_forward: x [1,2,2,3] and y [1,2,2,4] differ in shape (NHWC)");
  check_error([&] { dropout_backward(ctx, x.view(), here, {}, y.view()); },
              "dropout_backward: dy [1,2,2,3] and dx [1,2,2,4] differ in shape (NHWC)");
  check_error([&] { dropout_forward(ctx, x.view(), here, {1}, x.view()); },
              "dropout_forward: rate 1 is outside [0, 1)");
  check_error([&] { dropout_backward(ctx, x.view(), here, {-0.5f}, x.view()); },
              "dropout_backward: rate -0.5 is outside [0, 1)");
}
