// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/batch_norm2d.hpp>
#include <lamina/ops/group_norm.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Parameters and statistics of one layer, in the type that the op or the double reference wants.
template <class P>
struct layer {
  tensor<P> gamma, beta, mean, inv_std, dgamma, dbeta;

  layer(shape x, group_norm_params params)
      : gamma(random_tensor<P>(vector_shape(x.c), 11, 0.5, 1.5)),
        beta(random_tensor<P>(vector_shape(x.c), 12)),
        mean(poisoned_tensor<P>(group_norm_statistics_shape(x, params))),
        inv_std(poisoned_tensor<P>(group_norm_statistics_shape(x, params))),
        dgamma(random_tensor<P>(vector_shape(x.c), 15)),
        dbeta(random_tensor<P>(vector_shape(x.c), 16)) {}

  template <class T>
  void reference_forward(view<const T> x, group_norm_params params, view<T> y) {
    reference::group_norm_forward<T, P>(x, gamma, beta, params, mean, inv_std, y);
  }
  template <class T>
  void reference_backward(view<const T> x, view<const T> dy, group_norm_params params, view<T> dx) {
    reference::group_norm_backward<T, P>(x, dy, gamma, beta, mean, inv_std, params, dx, dgamma, dbeta);
  }
  template <class T>
  void forward(cpu_context& ctx, view<const T> x, group_norm_params params, view<T> y) {
    group_norm_forward<T>(ctx, x, gamma.view(), beta.view(), params, mean.view(), inv_std.view(), y);
  }
  template <class T>
  void backward(cpu_context& ctx, view<const T> x, view<const T> dy, group_norm_params params, view<T> dx) {
    group_norm_backward<T>(ctx, x, dy, gamma.view(), beta.view(), mean.view(), inv_std.view(), params, dx,
                           dgamma.view(), dbeta.view());
  }
};

struct norm_case {
  shape x;
  index_t groups;
};
const std::vector<norm_case> cases{{{1, 2, 3, 1}, 1},  {{2, 5, 7, 3}, 1},   {{1, 5, 7, 3}, 3},   {{2, 8, 6, 17}, 17},
                                   {{2, 8, 6, 18}, 6}, {{1, 4, 4, 64}, 32}, {{3, 2, 9, 33}, 11}, {{5, 1, 1, 8}, 2},
                                   {{2, 19, 21, 100}, 4}};  // several parts, a 4-vector chunk and a rest

}  // namespace

TEST_CASE("group_norm equals PyTorch") {
  const golden_file golden("blocks.safetensors");
  const auto x = golden.tensor("input.x"), gamma = golden.tensor("group_norm.gamma");
  const auto beta = golden.tensor("group_norm.beta");
  for_each_isa([&](cpu_context& ctx) {
    for (const index_t groups : {1, 2, 6}) {
      const std::string name = to_text("group_norm_", groups);
      CAPTURE(name);
      const group_norm_params params{.groups = groups, .activation_slope = 0};
      const auto dy = golden.tensor(name + ".dy");
      auto mean = poisoned_tensor<float>(group_norm_statistics_shape(x.extents(), params)), inv_std = mean.clone();
      auto y = poisoned_tensor<float>(x.extents()), dx = poisoned_tensor<float>(x.extents());
      tensor<float> dgamma(gamma.extents()), dbeta(gamma.extents());
      group_norm_forward(ctx, x.view(), gamma, beta, params, mean, inv_std, y.view());
      group_norm_backward(ctx, x.view(), dy.view(), gamma, beta, mean, inv_std, params, dx.view(), dgamma, dbeta);
      check_close(y, golden.tensor(name + ".y"), 2e-6);
      check_close(dx, golden.tensor(name + ".dx"), 4e-6);
      check_close(dgamma, golden.tensor(name + ".dgamma"), 4e-6);
      check_close(dbeta, golden.tensor(name + ".dbeta"), 4e-6);
    }
  });
}

TEST_CASE_TEMPLATE("group_norm: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const norm_case& c : cases) {
      CAPTURE(to_text(c.x, ", groups ", c.groups));
      for (const float slope : {1.0f, 0.0f, 0.25f}) {
        const shape extents = c.x;
        const group_norm_params params{.groups = c.groups, .activation_slope = slope};
        const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(extents, 2);
        tensor<double> expected_x = converted<double>(x), expected_dy = converted<double>(dy), expected(extents),
                       expected_dx(extents);
        layer<float> have(extents, params);
        layer<double> want(extents, params);
        for (auto [to, from] : {std::pair{&want.gamma, &have.gamma}, {&want.beta, &have.beta},
                                {&want.dgamma, &have.dgamma}, {&want.dbeta, &have.dbeta}})
          *to = converted<double>(*from);
        want.template reference_forward<double>(expected_x, params, expected);
        want.template reference_backward<double>(expected_x, expected_dy, params, expected_dx);

        const double eps = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0x1p-23, sum_eps = 0x1p-23 * 64;
        // where a group has few elements, a small deviation may magnify roundings
        double magnified = 1;
        for (const double inverse : want.inv_std) magnified = std::max(magnified, inverse);
        auto y = poisoned_tensor<T>(extents), dx = poisoned_tensor<T>(extents);
        have.template forward<T>(ctx, x, params, y);
        have.template backward<T>(ctx, x, dy, params, dx);
        check_close(have.mean, want.mean, sum_eps);
        check_close(have.inv_std, want.inv_std, sum_eps * magnified);
        check_close(y, expected, (sum_eps + 2 * eps) * magnified);
        check_close(have.dgamma, want.dgamma, sum_eps * 8 * magnified);
        check_close(have.dbeta, want.dbeta, sum_eps * 8);
        check_close(dx, expected_dx, (sum_eps + 2 * eps) * 4 * magnified);

        auto again = x.clone();
        group_norm_apply<T>(ctx, again.view(), have.gamma, have.beta, have.mean, have.inv_std, params, again.view());
        CHECK(same_bits<T>(again.view(), y.view()));

        sliced_tensor<T> x_slice(extents), y_slice(extents), dx_slice(extents);
        copy_elements<T>(x.view(), x_slice.slice());
        layer<float> sliced(extents, params);
        sliced.template forward<T>(ctx, x_slice.slice(), params, y_slice.slice());
        sliced.template backward<T>(ctx, x_slice.slice(), dy.view(), params, dx_slice.slice());
        CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
        CHECK(same_bits<T>(as_const(dx_slice.slice()), dx.view()));
        CHECK(y_slice.surroundings_untouched());
        CHECK(dx_slice.surroundings_untouched());
      }
    }
  });
}

TEST_CASE("group_norm: an image's result does not depend on the others in the batch") {
  cpu_context ctx;
  const shape batch{3, 9, 11, 12};
  const group_norm_params params{.groups = 3};
  const auto x = random_tensor<float>(batch, 1);
  layer<float> together(batch, params);
  tensor<float> y(batch), alone({1, 9, 11, 12});
  together.forward<float>(ctx, x, params, y);
  for (index_t n = 0; n < batch.n; ++n) {
    layer<float> one(alone.extents(), params);
    one.forward<float>(ctx, x.view().images(n), params, alone);
    CHECK(same_bits<float>(alone.view(), as_const(y.view().images(n))));
  }
}

TEST_CASE("group_norm: with one image and a group for each channel it is a batch norm") {
  cpu_context ctx;
  const shape extents{1, 9, 11, 12};
  const group_norm_params params{.groups = 12};
  const auto x = random_tensor<float>(extents, 1);
  layer<float> values(extents, params);
  tensor<float> y(extents), expected(extents), ignored(vector_shape(12)), mean(vector_shape(12)),
      inv_std(vector_shape(12));
  values.forward<float>(ctx, x, params, y);
  batch_norm2d_forward(ctx, x.view(), values.gamma, values.beta, {}, ignored, ignored, mean, inv_std, expected.view());
  CHECK(same_bits<float>(y.view(), expected.view()));
}

TEST_CASE("group_norm: statistics survive a mean far from zero") {
  for_each_isa([](cpu_context& ctx) {
    const shape extents{2, 40, 41, 16};
    const group_norm_params params{.groups = 4};
    tensor<float> x(extents);
    random_stream stream({.seed = 5});
    for (float& v : x) v = 1000 + stream.normal();
    layer<float> have(extents, params);
    layer<double> want(extents, params);
    tensor<float> y(extents);
    tensor<double> expected(extents);
    const auto expected_x = converted<double>(x);
    have.forward<float>(ctx, x, params, y);
    want.reference_forward<double>(expected_x, params, expected);
    check_close(have.inv_std, want.inv_std, 1e-6);
    check_close(y, expected, 2 * 0x1p-23 * 1000);  // the last bit of x, in standard deviations
  });
}

TEST_CASE("group_norm: gradient") {
  const shape extents{2, 3, 4, 6};
  for (const index_t groups : {1, 2, 6}) {
    CAPTURE(groups);
    auto x = random_tensor<double>(extents, 3);
    const auto dy = random_tensor<double>(extents, 4);
    auto y = poisoned_tensor<double>(extents), dx = poisoned_tensor<double>(extents);
    const group_norm_params params{.groups = groups, .activation_slope = 0.1f};
    layer<double> values(extents, params);
    const auto f = [&] {
      values.reference_forward<double>(x, params, y);
      return dot(y, dy);
    };
    f();
    values.dgamma.fill(0), values.dbeta.fill(0);
    values.reference_backward<double>(x, dy, params, dx);
    check_gradient(x, dx, f, 1e-5);
    check_gradient(values.gamma, values.dgamma, f, 1e-5);
    check_gradient(values.beta, values.dbeta, f, 1e-5);
  }
}

TEST_CASE("group_norm: the same bits for any number of workers, and the scratch that was announced") {
  const shape extents{2, 37, 53, 48};
  const group_norm_params params{.groups = 8, .activation_slope = 0};
  const auto x = random_tensor<float>(extents, 1), dy = random_tensor<float>(extents, 2);
  layer<float> first(extents, params);
  tensor<float> first_y(extents), first_dx(extents);
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    layer<float> values(extents, params);
    tensor<float> y(extents), dx(extents);
    {
      cpu_context ctx(pool);
      values.forward<float>(ctx, x, params, y);
      CHECK(ctx.scratch().capacity() == group_norm_forward_scratch(extents));
    }
    cpu_context ctx(pool);
    values.backward<float>(ctx, x, dy, params, dx);
    CHECK(ctx.scratch().capacity() == group_norm_backward_scratch(extents));
    if (threads == 1) {
      first = std::move(values), first_y = std::move(y), first_dx = std::move(dx);
    } else {
      CHECK(same_bits<float>(first_y.view(), y.view()));
      CHECK(same_bits<float>(first_dx.view(), dx.view()));
      CHECK(same_bits<float>(first.dgamma.view(), values.dgamma.view()));
      CHECK(same_bits<float>(first.dbeta.view(), values.dbeta.view()));
    }
  }
}

TEST_CASE("group_norm: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 6}), y({1, 2, 2, 4}), none({1, 0, 2, 6});
  const group_norm_params three{.groups = 3};
  layer<float> right(x.extents(), three), of_four(y.extents(), {.groups = 2});
  check_error([&] { right.forward<float>(ctx, x, three, y); },
              "group_norm_forward: x [1,2,2,6] and y [1,2,2,4] differ in shape (NHWC)");
  check_error([&] { right.forward<float>(ctx, x, {.groups = 4}, x); },
              "group_norm_forward: 4 groups don't divide the 6 channels of x [1,2,2,6] (NHWC)");
  check_error([&] { right.forward<float>(ctx, x, {.groups = 0}, x); }, "0 groups don't divide the 6 channels");
  check_error([&] { right.forward<float>(ctx, x, {.groups = 2}, x); },
              "mean [1,1,1,3] must be [1,1,1,2], one value for each of 2 groups of each image of x [1,2,2,6] (NHWC)");
  check_error([&] { of_four.forward<float>(ctx, x, {.groups = 2}, x); },
              "gamma [1,1,1,4] must be [1,1,1,6], one value for each channel of x [1,2,2,6] (NHWC)");
  check_error([&] { right.forward<float>(ctx, none, three, none); }, "x [1,0,2,6] has no elements");
  check_error([&] { right.backward<float>(ctx, x, x, {.groups = 3, .epsilon = 0}, x); },
              "group_norm_backward: epsilon 0 is not positive");
  check_error([&] { right.backward<float>(ctx, x, y, three, x); },
              "group_norm_backward: x [1,2,2,6] and dy [1,2,2,4]");
}
