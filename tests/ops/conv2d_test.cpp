// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv2d.hpp>

#include "../support/convolution.hpp"
#include "../support/golden.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

const std::vector<conv_case> cases{
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
    {{1, 1, 1, 3}, {5, 3, 3, 3}, {.padding = padding2d::same(3)}},
    {{1, 5, 7, 3}, {17, 3, 3, 3}, {.padding = padding2d::same(3)}},
    {{2, 9, 10, 1}, {3, 3, 3, 1}, {.padding = padding2d::same(3)}},
    {{1, 12, 11, 3}, {33, 3, 3, 3}, {.stride = 2, .padding = {0, 1, 2, 0}}},
    {{2, 8, 6, 17}, {3, 3, 3, 17}, {.padding = padding2d::same(3)}},
    {{1, 9, 29, 16}, {33, 3, 3, 16}, {.padding = padding2d::same(3)}},
    {{1, 4, 31, 64}, {64, 3, 3, 64}, {.padding = padding2d::same(3)}},
    {{1, 6, 26, 5}, {48, 3, 3, 5}, {}},
    {{1, 6, 26, 32}, {1, 1, 1, 32}, {}},
    {{2, 7, 9, 8}, {40, 1, 1, 8}, {.stride = 2}},
    {{1, 11, 14, 6}, {20, 3, 3, 6}, {.stride = 2, .padding = padding2d::same(3)}},
    {{1, 13, 8, 4}, {9, 4, 2, 4}, {.stride = 3, .padding = {1, 2, 0, 3}}},
    {{1, 12, 12, 7}, {6, 3, 3, 7}, {.padding = padding2d::same(3, 2), .dilation = 2}},
    {{1, 12, 12, 7}, {6, 3, 3, 7}, {.stride = 2, .padding = padding2d::same(3, 2), .dilation = 2}},
    {{1, 15, 15, 3}, {6, 3, 3, 3}, {.stride = 2, .padding = padding2d::same(3, 3), .dilation = 3}},
    {{1, 9, 8, 5}, {6, 4, 4, 5}, {.padding = padding2d::same(4)}},
    {{1, 3, 2, 3}, {4, 7, 7, 3}, {.padding = padding2d::same(7)}},
    {{1, 6, 7, 12}, {9, 3, 3, 4}, {.padding = padding2d::same(3), .groups = 3}},
    {{2, 6, 7, 19}, {19, 3, 3, 1}, {.padding = padding2d::same(3), .groups = 19}},
    {{1, 9, 7, 6}, {6, 3, 3, 1}, {.stride = 2, .padding = padding2d::same(3), .groups = 6}},
    {{1, 8, 8, 4}, {8, 3, 3, 1}, {.padding = padding2d::same(3), .groups = 4}},
    {{1, 8, 10, 600}, {40, 3, 3, 600}, {.padding = padding2d::same(3)}},
    {{0, 4, 4, 3}, {2, 3, 3, 3}, {}},
};

}  // namespace

TEST_CASE_TEMPLATE("conv2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const conv_case& c : cases) check_convolution<T>(ctx, c, 1);
    check_convolution<T>(ctx, cases[2], 0);
    check_convolution<T>(ctx, cases[17], 0.25f);
    check_convolution<T>(ctx, cases[20], 0);
  });
}

TEST_CASE("conv2d: PyTorch's values") {
  const golden_file golden("conv.safetensors");
  const std::vector<std::pair<std::string, conv2d_params>> named{
      {"same", {.padding = padding2d::same(3)}},
      {"stride", {.stride = 2, .padding = padding2d::all(1)}},
      {"dilation", {.padding = padding2d::same(3, 2), .dilation = 2}},
      {"groups", {.padding = padding2d::same(3), .groups = 2}},
      {"depthwise", {.padding = padding2d::same(3), .groups = 5}},
      {"even", {.padding = padding2d::same(4)}},
      {"asymmetric", {.stride = 2, .padding = {1, 2, 3, 0}}}};
  for_each_isa([&](cpu_context& ctx) {
    for (const auto& entry : named) {
      const auto& name = entry.first;
      const auto& params = entry.second;
      CAPTURE(name);
      const auto x = golden.tensor(name + ".x"), w = golden.tensor(name + ".w"), b = golden.tensor(name + ".b");
      const auto dy = golden.tensor(name + ".dy");
      auto y = poisoned_tensor<float>(dy.extents()), dx = poisoned_tensor<float>(x.extents());
      tensor<float> dw(w.extents()), db(b.extents());
      conv2d_forward(ctx, x.view(), w, b, params, y.view());
      conv2d_backward_data(ctx, dy.view(), w, params, dx.view());
      conv2d_backward_weights(ctx, x.view(), dy.view(), params, dw, db);
      check_close(y, golden.tensor(name + ".y"), 1e-5);
      check_close(dx, golden.tensor(name + ".dx"), 1e-5);
      check_close(dw, golden.tensor(name + ".dw"), 1e-5);
      check_close(db, golden.tensor(name + ".db"), 1e-5);
    }
  });
}

TEST_CASE("conv2d: gradient") {
  const std::vector<conv_case> small{
      {{1, 4, 5, 2}, {3, 3, 3, 2}, {.padding = padding2d::same(3)}},
      {{2, 5, 4, 4}, {2, 2, 3, 2}, {.stride = 2, .padding = {1, 0, 0, 2}, .groups = 2}},
      {{1, 7, 6, 3}, {2, 3, 2, 3}, {.stride = 2, .padding = {2, 1, 1, 1}, .dilation = 2}}};
  for (const conv_case& c : small) {
    CAPTURE(to_text(c));
    auto x = random_tensor<double>(c.x, 1), w = random_tensor<double>(c.w, 2);
    auto b = random_tensor<double>(vector_shape(c.w.n), 3);
    const auto dy = random_tensor<double>(c.y(), 4);
    auto y = poisoned_tensor<double>(c.y()), dx = poisoned_tensor<double>(c.x);
    tensor<double> dw(c.w), db(b.extents());
    const auto f = [&] {
      reference::conv2d_forward<double, double>(x, w, b, c.params, y);
      return dot(y, dy);
    };
    reference::conv2d_backward_data<double, double>(dy, w, c.params, dx);
    reference::conv2d_backward_weights<double, double>(x, dy, c.params, dw, db);
    check_gradient(x, dx, f);
    check_gradient(w, dw, f);
    check_gradient(b, db, f);
  }
}

TEST_CASE("conv2d: the same bits for any number of workers, within the stated scratch memory") {
  for (const conv_case& c :
       {conv_case{{2, 20, 33, 40}, {72, 3, 3, 40}, {.padding = padding2d::same(3)}},
        conv_case{{1, 33, 40, 3}, {16, 3, 3, 3}, {.padding = padding2d::same(3)}},
        conv_case{{2, 9, 9, 12}, {12, 3, 3, 1}, {.stride = 2, .padding = padding2d::same(3), .groups = 12}},
        conv_case{{1, 8, 16, 700}, {33, 3, 3, 700}, {.stride = 2, .padding = padding2d::same(3)}}})
    check_bits_and_scratch(c);
}

TEST_CASE("conv2d: its ReLU makes 0 of minus infinity, dense and depthwise") {
  for_each_isa([](cpu_context& ctx) {
    for (const index_t groups : {1, 5}) {
      tensor<float> x({1, 3, 4, 5}), w({5, 1, 1, 5 / groups}), y(x.extents());
      w.fill(1);
      x.fill(-std::numeric_limits<float>::infinity());
      conv2d_forward(ctx, x.view(), w, {}, {.groups = groups, .activation_slope = 0}, y.view());
      for (const float v : y) CHECK(v == 0);
    }
  });
}

TEST_CASE("conv2d: shapes, padding, operations") {
  CHECK(conv2d_output_shape({2, 7, 8, 3}, {5, 3, 3, 3}, {.stride = 2, .padding = padding2d::all(1)}) ==
        shape{2, 4, 4, 5});
  CHECK(conv2d_output_shape({1, 572, 572, 1}, {64, 3, 3, 1}, {}) == shape{1, 570, 570, 64});
  const padding2d even = padding2d::same(4);
  CHECK(even.top == 1);
  CHECK(even.bottom == 2);
  CHECK(padding2d::same(3, 2).right == 2);
  CHECK(conv2d_flops({1, 4, 4, 2}, {3, 3, 3, 2}, {.padding = padding2d::same(3)}) == 2.0 * 16 * 3 * 18);
}

TEST_CASE("conv2d: wrong shapes are refused before anything is written") {
  cpu_context ctx;
  tensor<float> x({1, 4, 4, 3}), w({2, 3, 3, 4}), right({2, 3, 3, 3}), b(vector_shape(3)), y({1, 4, 4, 2});
  check_error([&] { conv2d_forward(ctx, x.view(), w, {}, {}, y.view()); },
              "conv2d_forward: x has 3 channels, w expects 4 (x [1,4,4,3] NHWC, w [2,3,3,4] OHWI)");
  check_error([&] { conv2d_forward(ctx, x.view(), right, {}, {}, y.view()); },
              "conv2d_forward: y [1,4,4,2] should be [1,2,2,2] (x [1,4,4,3] NHWC, w [2,3,3,3] OHWI)");
  check_error([&] { conv2d_forward(ctx, x.view(), right, b, {.padding = padding2d::same(3)}, y.view()); },
              "conv2d_forward: b [1,1,1,3] does not fit the 2 output channels of w [2,3,3,3] OHWI");
  check_error([&] { conv2d_backward_data(ctx, y.view(), right, {}, x.view()); }, "conv2d_backward_data: dy [1,4,4,2]");
  check_error([&] { conv2d_backward_weights(ctx, x.view(), y.view(), {}, right, {}); },
              "conv2d_backward_weights: dy [1,4,4,2] should be [1,2,2,2]");
  const auto refused = [&](const conv2d_params& params, const char* text) {
    check_error([&] { conv2d_output_shape(x.extents(), right.extents(), params); }, text);
  };
  refused({.stride = 0}, "stride 0 is not positive");
  refused({.dilation = 2}, "larger than the image");
  refused({.padding = {0, -1, 0, 0}}, "is negative");
  refused({.groups = 0}, "groups 0");
  refused({.activation_slope = -1}, "activation slope -1 is negative");
  check_error([&] { conv2d_output_shape({1, 4, 4, 6}, {3, 3, 3, 3}, {.groups = 2}); },
              "can't be divided into 2 groups");
  check_error(
      [&] {
        conv2d_forward(ctx, x.view(), right.view().channels(0, 2), {}, {.padding = padding2d::same(3)}, y.view());
      },
      "w expects 2");
}
