// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/pad2d.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct pad_case {
  shape x;
  pad2d_params params;
  index_t H, W;
};
const std::vector<pad_case> cases{
    {{2, 3, 5, 3}, {1, 2}, 6, 9},
    {{1, 4, 4, 17}, {-1, -1}, 2, 2},
    {{2, 1, 1, 1}, {2, 0, pad_border::replicate}, 5, 3},
    {{1, 5, 3, 4}, {-2, 1, pad_border::replicate}, 4, 7},
    {{1, 4, 4, 2}, {6, 6}, 3, 3},
};

}  // namespace

TEST_CASE("pad2d: values") {
  tensor<float> x({1, 1, 2, 1});
  x[0] = 5, x[1] = 7;
  cpu_context ctx;
  tensor<float> y({1, 2, 4, 1});
  pad2d_forward(ctx, x.view(), {.top = 1, .left = 1}, y.view());
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, 0, 0, 0, 0, 5, 7, 0});
  pad2d_forward(ctx, x.view(), {.top = 1, .left = 1, .border = pad_border::replicate}, y.view());
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{5, 5, 7, 7, 5, 5, 7, 7});
}

TEST_CASE_TEMPLATE("pad2d: equals the reference", T, float, bfloat16) {
  cpu_context ctx;
  for (const auto& [extents, params, H, W] : cases) {
    const shape frame{extents.n, H, W, extents.c};
    const auto x = random_tensor<T>(extents, 1), dy = random_tensor<T>(frame, 2);
    tensor<T> expected(frame), expected_dx(extents);
    reference::pad2d_forward<T>(x, params, expected);
    reference::pad2d_backward<T>(dy, params, expected_dx);
    sliced_tensor<T> y(frame);
    auto dx = poisoned_tensor<T>(extents);
    pad2d_forward(ctx, x.view(), params, y.slice());
    pad2d_backward(ctx, dy.view(), params, dx.view());
    check_close<T, T>(y.slice(), expected.view(), 0);
    CHECK(y.surroundings_untouched());
    check_close(dx, expected_dx, std::is_same_v<T, float> ? 1e-6 : 1e-2);
  }
}

TEST_CASE("pad2d: gradient") {
  for (const auto& [extents, params, H, W] : cases) {
    const shape frame{extents.n, H, W, extents.c};
    auto x = random_tensor<double>(extents, 3);
    const auto dy = random_tensor<double>(frame, 4);
    auto y = poisoned_tensor<double>(frame), dx = poisoned_tensor<double>(extents);
    reference::pad2d_backward<double>(dy, params, dx);
    check_gradient(x, dx, [&, p = params] {
      reference::pad2d_forward<double>(x, p, y);
      return dot(y, dy);
    });
  }
}

TEST_CASE("pad2d: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 3}), y({1, 4, 4, 2});
  check_error([&] { pad2d_forward(ctx, x.view(), {}, y.view()); },
              "pad2d_forward: x [1,2,2,3] and y [1,4,4,2] differ in images or channels (NHWC)");
}
