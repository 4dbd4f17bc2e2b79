// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv2d.hpp>

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
    const view<T> y_out = sliced ? y_slice.slice() : y_dense.view(), dx_out = sliced ? dx_slice.slice() : dx_dense.view();
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
