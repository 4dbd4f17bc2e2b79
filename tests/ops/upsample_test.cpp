// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/upsample_bilinear2d.hpp>
#include <lamina/ops/upsample_nearest2d.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {
template <class T>
constexpr double tolerance = std::is_same_v<T, bfloat16> ? 0x1p-6 : 1e-5;
}  // namespace

TEST_CASE_TEMPLATE("upsample_nearest2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes)
      for (const index_t scale : {1, 2, 3}) {
        CAPTURE(to_text(extents, " scale ", scale));
        const shape large{extents.n, extents.h * scale, extents.w * scale, extents.c};
        const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(large, 2);
        tensor<T> expected(large), expected_dx(extents);
        reference::upsample_nearest2d_forward<T>(x, {scale}, expected);
        reference::upsample_nearest2d_backward<T>(dy, {scale}, expected_dx);
        sliced_tensor<T> y(large), dx(extents);
        upsample_nearest2d_forward(ctx, x.view(), {scale}, y.slice());
        upsample_nearest2d_backward(ctx, dy.view(), {scale}, dx.slice());
        CHECK(same_bits<T>(as_const(y.slice()), expected.view()));
        check_close<T, T>(dx.slice(), expected_dx.view(), tolerance<T>);
        CHECK(y.surroundings_untouched());
        CHECK(dx.surroundings_untouched());
      }
  });
}

TEST_CASE_TEMPLATE("upsample_bilinear2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const shape& extents : awkward_shapes)
      for (const auto& size : {std::pair<index_t, index_t>{2 * extents.h, 2 * extents.w}, {11, 1}, {3, 13}, {1, 1}})
        for (const bool align_corners : {false, true}) {
          const index_t H = size.first, W = size.second;
          CAPTURE(to_text(extents, " to ", H, "×", W, align_corners ? " aligned" : ""));
          const shape large{extents.n, H, W, extents.c};
          const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(large, 2);
          tensor<T> expected(large), expected_dx(extents);
          reference::upsample_bilinear2d_forward<T>(x, {align_corners}, expected);
          reference::upsample_bilinear2d_backward<T>(dy, {align_corners}, expected_dx);
          sliced_tensor<T> y(large), dx(extents);
          upsample_bilinear2d_forward(ctx, x.view(), {align_corners}, y.slice());
          upsample_bilinear2d_backward(ctx, dy.view(), {align_corners}, dx.slice());
          check_close<T, T>(y.slice(), expected.view(), tolerance<T>);
          check_close<T, T>(dx.slice(), expected_dx.view(), tolerance<T>);
          CHECK(y.surroundings_untouched());
          CHECK(dx.surroundings_untouched());
        }
  });
}

TEST_CASE("upsample: gradients") {
  const shape extents{2, 3, 4, 2}, doubled{2, 6, 8, 2}, odd{2, 7, 5, 2};
  auto x = random_tensor<double>(extents, 3);
  auto dx = poisoned_tensor<double>(extents);
  {
    const auto dy = random_tensor<double>(doubled, 4);
    tensor<double> y(doubled);
    reference::upsample_nearest2d_backward<double>(dy, {}, dx);
    check_gradient(x, dx, [&] {
      reference::upsample_nearest2d_forward<double>(x, {}, y);
      return dot(y, dy);
    });
  }
  for (const bool align_corners : {false, true}) {
    const auto dy = random_tensor<double>(odd, 4);
    tensor<double> y(odd);
    reference::upsample_bilinear2d_backward<double>(dy, {align_corners}, dx);
    check_gradient(x, dx, [&] {
      reference::upsample_bilinear2d_forward<double>(x, {align_corners}, y);
      return dot(y, dy);
    });
  }
}

TEST_CASE("upsample: same bits for any number of workers") {
  const shape extents{2, 33, 41, 24}, large{2, 66, 82, 24};
  const auto dy = random_tensor<float>(large, 1);
  tensor<float> first(extents);
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    cpu_context ctx(pool);
    tensor<float> dx(extents);
    upsample_bilinear2d_backward(ctx, dy.view(), {}, dx.view());
    CHECK(ctx.scratch().capacity() == upsample_bilinear2d_backward_scratch(extents, large));
    if (threads == 1)
      first = std::move(dx);
    else
      CHECK(same_bits<float>(first.view(), dx.view()));
  }
}

TEST_CASE("upsample: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 4, 5, 3}), other({1, 4, 4, 2});
  check_error([&] { upsample_nearest2d_forward(ctx, x.view(), {}, y.view()); },
              "upsample_nearest2d_forward: y [1,4,5,3] must be [1,4,4,3], 2 times x [1,2,2,3] (NHWC)");
  check_error([&] { upsample_nearest2d_backward(ctx, x.view(), {0}, x.view()); }, "scale 0 is not positive");
  check_error([&] { upsample_bilinear2d_forward(ctx, x.view(), {}, other.view()); },
              "upsample_bilinear2d_forward: x [1,2,2,3] and y [1,4,4,2] differ in images or channels (NHWC)");
}
