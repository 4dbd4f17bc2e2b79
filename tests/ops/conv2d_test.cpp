// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv2d.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct conv_case {
  shape x, w;
  conv2d_params params;
  shape y() const { return conv2d_output_shape(x, w, params); }
};
std::ostream& operator<<(std::ostream& out, const conv_case& c) {
  return out << "x " << c.x << " w " << c.w << " stride " << c.params.stride << " dilation " << c.params.dilation
             << " groups " << c.params.groups << " padding " << c.params.padding;
}

const std::vector<conv_case> cases{
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
    {{1, 1, 1, 3}, {5, 3, 3, 3}, {.padding = padding2d::same(3)}},
    {{1, 5, 7, 3}, {17, 3, 3, 3}, {.padding = padding2d::same(3)}},
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
template <class T>
void copy(view<const T> from, view<T> to) {
  const auto [N, H, W, C] = from.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) to(n, h, w, c) = from(n, h, w, c);
}

/// |difference| allowed relative to max(1, |expected|): the sums have `length` terms of at most 1 each.
template <class T>
double tolerance(index_t length) {
  const double rounding = std::is_same_v<T, bfloat16> ? 1.0 / 128 : 0.0;
  return rounding + std::numeric_limits<float>::epsilon() * (8 + 0.5 * static_cast<double>(length));
}

template <class T>
void check_case(cpu_context& ctx, const conv_case& c, float slope) {
  CAPTURE(to_text(c));
  conv2d_params params = c.params;
  params.activation_slope = slope;
  const auto x = random_tensor<T>(c.x, 1), dy = random_tensor<T>(c.y(), 2);
  const auto w = random_tensor<float>(c.w, 3), b = random_tensor<float>(vector_shape(c.w.n), 4);
  const auto dw0 = random_tensor<float>(c.w, 5), db0 = random_tensor<float>(vector_shape(c.w.n), 6);

  tensor<T> y(c.y()), dx(c.x);
  tensor<float> dw = dw0.clone(), db = db0.clone();
  reference::conv2d_forward<T, float>(x, w, b, params, y);
  reference::conv2d_backward_data<T, float>(dy, w, params, dx);
  reference::conv2d_backward_weights<T, float>(x, dy, params, dw, db);

  // operands in the middle of wider buffers whose other elements are NaN
  sliced_tensor<T> x_slice(c.x), dy_slice(c.y()), y_slice(c.y()), dx_slice(c.x);
  copy<T>(x.view(), x_slice.slice());
  copy<T>(dy.view(), dy_slice.slice());
  const index_t outputs = c.y().pixels(), taps = c.w.h * c.w.w;
  for (const bool sliced : {false, true}) {
    CAPTURE(sliced);
    const view<const T> x_in = sliced ? as_const(x_slice.slice()) : x.view();
    const view<const T> dy_in = sliced ? as_const(dy_slice.slice()) : dy.view();
    auto y_dense = poisoned_tensor<T>(c.y()), dx_dense = poisoned_tensor<T>(c.x);
    const view<T> y_out = sliced ? y_slice.slice() : y_dense.view(),
                  dx_out = sliced ? dx_slice.slice() : dx_dense.view();
    tensor<float> dw_out = dw0.clone(), db_out = db0.clone();
    conv2d_forward(ctx, x_in, w, b, params, y_out);
    conv2d_backward_data(ctx, dy_in, w, params, dx_out);
    conv2d_backward_weights(ctx, x_in, dy_in, params, dw_out, db_out);
    check_close<T, T>(y_out, y, tolerance<T>(taps * c.w.c));
    check_close<T, T>(dx_out, dx, tolerance<T>(taps * c.w.n));
    check_close<float, float>(dw_out.view(), dw.view(), tolerance<float>(outputs));
    check_close<float, float>(db_out.view(), db.view(), tolerance<float>(outputs));
    CHECK(y_slice.surroundings_untouched());
    CHECK(dx_slice.surroundings_untouched());
  }
}

}  // namespace

TEST_CASE_TEMPLATE("conv2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const conv_case& c : cases) check_case<T>(ctx, c, 1);
    check_case<T>(ctx, cases[2], 0);
    check_case<T>(ctx, cases[17], 0.25f);
    check_case<T>(ctx, cases[20], 0);
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
        conv_case{{1, 8, 16, 700}, {33, 3, 3, 700}, {.stride = 2, .padding = padding2d::same(3)}}}) {
    CAPTURE(to_text(c));
    const auto x = random_tensor<float>(c.x, 1), dy = random_tensor<float>(c.y(), 2), w = random_tensor<float>(c.w, 3);
    const auto b = random_tensor<float>(vector_shape(c.w.n), 4);
    std::vector<tensor<float>> first;
    for (const int workers : {1, 2, 5}) {
      CAPTURE(workers);
      thread_pool pool(workers);
      const auto within = [&](std::size_t bytes, auto&& run) {
        cpu_context ctx(pool);
        ctx.scratch().reserve(bytes);
        const std::size_t before = ctx.scratch().capacity();
        run(ctx);
        CHECK(ctx.scratch().capacity() == before);
      };
      std::vector<tensor<float>> results;
      for (const shape& s : {c.y(), c.x, c.w, b.extents()}) results.emplace_back(s);
      const isa set = default_isa();
      within(conv2d_forward_scratch<float>(c.x, c.w, c.params, set, workers),
             [&](cpu_context& ctx) { conv2d_forward(ctx, x.view(), w, b, c.params, results[0].view()); });
      within(conv2d_backward_data_scratch<float>(c.x, c.w, c.params, set, workers),
             [&](cpu_context& ctx) { conv2d_backward_data(ctx, dy.view(), w, c.params, results[1].view()); });
      within(conv2d_backward_weights_scratch<float>(c.x, c.w, c.params, set, workers), [&](cpu_context& ctx) {
        conv2d_backward_weights(ctx, x.view(), dy.view(), c.params, results[2].view(), results[3].view());
      });
      if (first.empty()) {
        first = std::move(results);
        continue;
      }
      for (std::size_t i = 0; i < first.size(); ++i) CHECK(same_bits<float>(first[i].view(), results[i].view()));
    }
  }
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
