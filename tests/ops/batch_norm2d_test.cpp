// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/batch_norm2d.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Values per channel of one layer, in the type that the op or the double reference wants.
template <class P>
struct layer {
  tensor<P> gamma, beta, running_mean, running_var, mean, inv_std, dgamma, dbeta;

  explicit layer(index_t C)
      : gamma(random_tensor<P>(vector_shape(C), 11, 0.5, 1.5)),
        beta(random_tensor<P>(vector_shape(C), 12)),
        running_mean(random_tensor<P>(vector_shape(C), 13)),
        running_var(random_tensor<P>(vector_shape(C), 14, 0.5, 2)),
        mean(poisoned_tensor<P>(vector_shape(C))),
        inv_std(poisoned_tensor<P>(vector_shape(C))),
        dgamma(random_tensor<P>(vector_shape(C), 15)),
        dbeta(random_tensor<P>(vector_shape(C), 16)) {}

  template <class T>
  void reference_forward(view<const T> x, batch_norm2d_params params, view<T> y) {
    reference::batch_norm2d_forward<T, P>(x, gamma, beta, params, running_mean, running_var, mean, inv_std, y);
  }
  template <class T>
  void reference_backward(view<const T> x, view<const T> dy, batch_norm2d_params params, view<T> dx) {
    reference::batch_norm2d_backward<T, P>(x, dy, gamma, beta, mean, inv_std, params, dx, dgamma, dbeta);
  }
  template <class T>
  void forward(cpu_context& ctx, view<const T> x, batch_norm2d_params params, view<T> y) {
    batch_norm2d_forward<T>(ctx, x, gamma.view(), beta.view(), params, running_mean.view(), running_var.view(),
                            mean.view(), inv_std.view(), y);
  }
  template <class T>
  void backward(cpu_context& ctx, view<const T> x, view<const T> dy, batch_norm2d_params params, view<T> dx) {
    batch_norm2d_backward<T>(ctx, x, dy, gamma.view(), beta.view(), mean.view(), inv_std.view(), params, dx,
                             dgamma.view(), dbeta.view());
  }
};

template <class T>
constexpr double epsilon_of = std::is_same_v<T, bfloat16> ? 0x1p-8 : 0x1p-23;

}  // namespace

TEST_CASE_TEMPLATE("batch_norm2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    std::vector<shape> shapes = awkward_shapes;
    shapes.push_back({1, 19, 21, 100});  // several blocks of 64 pixels, a 4-vector chunk and a rest
    for (const shape& extents : shapes) {
      CAPTURE(to_text(extents));
      for (const float slope : {1.0f, 0.0f, 0.25f}) {
        const batch_norm2d_params params{.activation_slope = slope};
        const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(extents, 2);
        tensor<double> expected_x = converted<double>(x), expected_dy = converted<double>(dy), expected(extents),
                       expected_dx(extents);
        layer<double> want(extents.c);
        layer<float> have(extents.c);
        for (auto [to, from] : {std::pair{&want.gamma, &have.gamma},
                                {&want.beta, &have.beta},
                                {&want.running_mean, &have.running_mean},
                                {&want.running_var, &have.running_var},
                                {&want.dgamma, &have.dgamma},
                                {&want.dbeta, &have.dbeta}})
          *to = converted<double>(*from);
        want.reference_forward<double>(expected_x, params, expected);
        want.reference_backward<double>(expected_x, expected_dy, params, expected_dx);

        const double eps = epsilon_of<T>, sum_eps = 0x1p-23 * 64;
        auto y = poisoned_tensor<T>(extents), dx = poisoned_tensor<T>(extents);
        have.forward<T>(ctx, x, params, y);
        have.backward<T>(ctx, x, dy, params, dx);
        check_close(have.mean, want.mean, sum_eps);
        check_close(have.inv_std, want.inv_std, sum_eps * 4);
        check_close(have.running_mean, want.running_mean, sum_eps);
        check_close(have.running_var, want.running_var, sum_eps);
        const double one_pixel = extents.pixels() < 2 ? 1000 : 1;  // inv_std = 316 magnifies roundings
        check_close(y, expected, (sum_eps + 2 * eps) * one_pixel);
        check_close(have.dgamma, want.dgamma, sum_eps * 8 * one_pixel);
        check_close(have.dbeta, want.dbeta, sum_eps * 8);
        check_close(dx, expected_dx, (sum_eps + 2 * eps) * 4 * one_pixel);

        auto again = x.clone();
        batch_norm2d_apply<T>(ctx, again.view(), have.gamma.view(), have.beta.view(), have.mean.view(),
                              have.inv_std.view(), params, again.view());
        CHECK(same_bits<T>(again.view(), y.view()));

        sliced_tensor<T> x_slice(extents), y_slice(extents), dx_slice(extents);
        for (index_t i = 0; i < extents.pixels(); ++i)
          std::copy_n(x.data() + i * extents.c, extents.c, x_slice.slice().data() + i * x_slice.slice().pixel_stride());
        layer<float> sliced(extents.c);
        sliced.forward<T>(ctx, x_slice.slice(), params, y_slice.slice());
        sliced.backward<T>(ctx, x_slice.slice(), dy.view(), params, dx_slice.slice());
        CHECK(same_bits<T>(as_const(y_slice.slice()), y.view()));
        CHECK(same_bits<T>(as_const(dx_slice.slice()), dx.view()));
        CHECK(y_slice.surroundings_untouched());
        CHECK(dx_slice.surroundings_untouched());
      }
    }
  });
}

TEST_CASE_TEMPLATE("batch_norm2d: inference equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes) {
      const batch_norm2d_params params{.epsilon = 1e-3f, .activation_slope = 0};
      auto x = random_tensor<T>(extents, 1);
      layer<float> values(extents.c);
      for (index_t c = 0; c < extents.c; ++c) values.inv_std[c] = 1 / std::sqrt(values.running_var[c] + params.epsilon);
      tensor<T> expected(extents);
      reference::batch_norm2d_apply<T, float>(x, values.gamma, values.beta, values.running_mean, values.inv_std, params,
                                              expected);
      batch_norm2d_inference<T>(ctx, x.view(), values.gamma.view(), values.beta.view(), values.running_mean.view(),
                                values.running_var.view(), params, x.view());
      check_close(x, expected, 4 * epsilon_of<T>);
    }
  });
}

TEST_CASE("batch_norm2d: rows that do not follow each other") {
  cpu_context ctx;
  const shape wide{2, 9, 30, 5}, extents{2, 9, 11, 5};
  auto buffer = random_tensor<float>(wide, 1);
  const view<float> x(buffer.data(), extents, wide.h * wide.w * wide.c, wide.w * wide.c, wide.c);
  const auto compact = converted<float>(as_const(x));
  layer<float> a(5), b(5);
  auto y = poisoned_tensor<float>(extents), expected = poisoned_tensor<float>(extents);
  a.forward<float>(ctx, x, {}, y);
  b.forward<float>(ctx, compact, {}, expected);
  check_close(y, expected, 1e-6);
}

TEST_CASE("batch_norm2d: statistics survive a mean far from zero and an outlier in front") {
  for_each_isa([](cpu_context& ctx) {
    const shape extents{2, 64, 96, 17};
    for (const auto& [mean, first] : {std::pair{1000.0f, 1000.0f}, {0.0f, 1e4f}, {-3e4f, 0.0f}}) {
      auto x = tensor<float>(extents);
      random_stream stream({.seed = 5});
      for (float& v : x) v = mean + stream.normal();
      for (index_t c = 0; c < extents.c; ++c) x[c] = first;
      layer<float> have(extents.c);
      layer<double> want(extents.c);
      auto y = poisoned_tensor<float>(extents);
      auto expected_x = converted<double>(x);
      tensor<double> expected(extents);
      have.forward<float>(ctx, x, {}, y);
      want.reference_forward<double>(expected_x, {}, expected);
      for (index_t c = 0; c < extents.c; ++c) {
        const double deviation = 1 / want.inv_std[c];
        CHECK(std::abs(have.mean[c] - want.mean[c]) <= 0x1p-23 * (deviation + std::abs(want.mean[c])));
        CHECK(have.inv_std[c] == doctest::Approx(want.inv_std[c]).epsilon(1e-6));
      }
      const double last_bit_of_x = 0x1p-23 * (1 + std::abs(static_cast<double>(mean)));  // in standard deviations
      check_close(y, expected, 2 * last_bit_of_x);
    }
  });
}

TEST_CASE("batch_norm2d: its ReLU makes 0 of minus infinity") {
  for_each_isa([](cpu_context& ctx) {
    tensor<float> x({1, 2, 2, 5}), ones(vector_shape(5)), zeros(vector_shape(5)), y(x.extents());
    ones.fill(1);
    x.fill(-std::numeric_limits<float>::infinity());
    batch_norm2d_inference(ctx, x.view(), ones, zeros, zeros, ones, {.activation_slope = 0}, y.view());
    for (const float v : y) CHECK(v == 0);
  });
}

TEST_CASE("batch_norm2d: gradient") {
  const shape extents{2, 3, 4, 3};
  auto x = random_tensor<double>(extents, 3);
  const auto dy = random_tensor<double>(extents, 4);
  auto y = poisoned_tensor<double>(extents), dx = poisoned_tensor<double>(extents);
  layer<double> values(3);
  const batch_norm2d_params params{.activation_slope = 0.1f};
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

TEST_CASE("batch_norm2d: same bits for any number of workers, and the scratch that was announced") {
  const shape extents{2, 37, 53, 48};
  const batch_norm2d_params params{.activation_slope = 0};
  const auto x = random_tensor<float>(extents, 1), dy = random_tensor<float>(extents, 2);
  layer<float> first(extents.c);
  tensor<float> first_y(extents), first_dx(extents);
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    layer<float> values(extents.c);
    tensor<float> y(extents), dx(extents);
    {
      cpu_context ctx(pool);
      values.forward<float>(ctx, x, params, y);
      CHECK(ctx.scratch().capacity() == batch_norm2d_forward_scratch(extents));
    }
    cpu_context ctx(pool);
    values.backward<float>(ctx, x, dy, params, dx);
    CHECK(ctx.scratch().capacity() == batch_norm2d_backward_scratch(extents));
    if (threads == 1) {
      first = std::move(values), first_y = std::move(y), first_dx = std::move(dx);
    } else {
      CHECK(same_bits<float>(first_y.view(), y.view()));
      CHECK(same_bits<float>(first_dx.view(), dx.view()));
      CHECK(same_bits<float>(first.dgamma.view(), values.dgamma.view()));
      CHECK(same_bits<float>(first.dbeta.view(), values.dbeta.view()));
      CHECK(same_bits<float>(first.running_var.view(), values.running_var.view()));
    }
  }
}

TEST_CASE("batch_norm2d: wrong arguments are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 2, 2, 4}), none({0, 2, 2, 3}, uninitialized);
  layer<float> three(3), four(4);
  check_error([&] { three.forward<float>(ctx, x, {}, y); },
              "batch_norm2d_forward: x [1,2,2,3] and y [1,2,2,4] differ in shape (NHWC)");
  check_error(
      [&] { four.forward<float>(ctx, x, {}, x); },
      "batch_norm2d_forward: gamma [1,1,1,4] must be [1,1,1,3], one value for each channel of x [1,2,2,3] (NHWC)");
  check_error([&] { three.forward<float>(ctx, none, {}, none); }, "has nothing to take statistics of");
  check_error([&] { three.forward<float>(ctx, x, {.epsilon = 0}, x); }, "epsilon 0 is not positive");
  check_error([&] { three.backward<float>(ctx, x, x, {.momentum = 2}, x); }, "momentum 2 is outside [0, 1]");
  check_error([&] { four.backward<float>(ctx, x, y, {}, x); }, "batch_norm2d_backward: x [1,2,2,3] and dy [1,2,2,4]");
}
