// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv_transpose2d.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct transposed_case {
  shape x, w;
  conv_transpose2d_params params;
  shape y() const { return conv_transpose2d_output_shape(x, w, params); }
};
std::ostream& operator<<(std::ostream& out, const transposed_case& c) {
  return out << "x " << c.x << " w " << c.w << " stride " << c.params.stride << " dilation " << c.params.dilation
             << " padding " << c.params.padding;
}

const std::vector<transposed_case> cases{
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
    {{2, 5, 7, 3}, {17, 2, 2, 3}, {.stride = 2}},
    {{1, 6, 13, 64}, {32, 2, 2, 64}, {.stride = 2}},
    {{1, 6, 5, 17}, {3, 3, 3, 17}, {.stride = 2, .padding = {1, 1, 0, 0}}},
    {{1, 6, 5, 8}, {20, 3, 3, 8}, {.padding = padding2d::all(1)}},
    {{1, 4, 5, 5}, {6, 4, 3, 5}, {.stride = 3, .padding = {0, 1, 2, 0}, .dilation = 2}},
    {{1, 4, 4, 33}, {2, 1, 1, 33}, {.stride = 2}},
};

template <class T>
double tolerance(index_t length) {
  const double rounding = std::is_same_v<T, bfloat16> ? 1.0 / 128 : 0.0;
  return rounding + std::numeric_limits<float>::epsilon() * (8 + 0.5 * static_cast<double>(length));
}

template <class T>
void check_case(cpu_context& ctx, const transposed_case& c) {
  CAPTURE(to_text(c));
  const auto x = random_tensor<T>(c.x, 1), dy = random_tensor<T>(c.y(), 2);
  const auto w = random_tensor<float>(c.w, 3), b = random_tensor<float>(vector_shape(c.w.n), 4);
  tensor<T> y(c.y()), dx(c.x);
  tensor<float> dw = w.clone(), db = b.clone(), dw_out = w.clone(), db_out = b.clone();
  reference::conv_transpose2d_forward<T, float>(x, w, b, c.params, y);
  reference::conv_transpose2d_backward_data<T, float>(dy, w, c.params, dx);
  reference::conv_transpose2d_backward_weights<T, float>(x, dy, c.params, dw, db);

  sliced_tensor<T> y_slice(c.y()), dx_slice(c.x);
  conv_transpose2d_forward(ctx, x.view(), w, b, c.params, y_slice.slice());
  conv_transpose2d_backward_data(ctx, dy.view(), w, c.params, dx_slice.slice());
  conv_transpose2d_backward_weights(ctx, x.view(), dy.view(), c.params, dw_out, db_out);
  const index_t taps = c.w.h * c.w.w;
  check_close<T, T>(y_slice.slice(), y, tolerance<T>(taps * c.w.c));
  check_close<T, T>(dx_slice.slice(), dx, tolerance<T>(taps * c.w.n));
  check_close(dw_out, dw, tolerance<float>(c.x.pixels()));
  check_close(db_out, db, tolerance<float>(c.y().pixels()));
  CHECK(y_slice.surroundings_untouched());
  CHECK(dx_slice.surroundings_untouched());
}

}  // namespace

TEST_CASE_TEMPLATE("conv_transpose2d: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const transposed_case& c : cases) check_case<T>(ctx, c);
  });
}

TEST_CASE("conv_transpose2d: PyTorch's values") {
  const golden_file golden("conv.safetensors");
  for_each_isa([&](cpu_context& ctx) {
    for (const auto& entry : {std::pair<std::string, conv_transpose2d_params>{"transposed", {.stride = 2}},
                              {"transposed_output_padding", {.stride = 2, .padding = {1, 1, 0, 0}}}}) {
      const std::string& name = entry.first;
      const conv_transpose2d_params& params = entry.second;
      CAPTURE(name);
      const auto x = golden.tensor(name + ".x"), w = golden.tensor(name + ".w"), b = golden.tensor(name + ".b");
      const auto dy = golden.tensor(name + ".dy");
      auto y = poisoned_tensor<float>(dy.extents()), dx = poisoned_tensor<float>(x.extents());
      tensor<float> dw(w.extents()), db(b.extents());
      conv_transpose2d_forward(ctx, x.view(), w, b, params, y.view());
      conv_transpose2d_backward_data(ctx, dy.view(), w, params, dx.view());
      conv_transpose2d_backward_weights(ctx, x.view(), dy.view(), params, dw, db);
      check_close(y, golden.tensor(name + ".y"), 1e-5);
      check_close(dx, golden.tensor(name + ".dx"), 1e-5);
      check_close(dw, golden.tensor(name + ".dw"), 1e-5);
      check_close(db, golden.tensor(name + ".db"), 1e-5);
    }
  });
}

TEST_CASE("conv_transpose2d: gradient") {
  for (const transposed_case& c : {cases[1], cases[3], cases[5]}) {
    CAPTURE(to_text(c));
    auto x = random_tensor<double>(c.x, 1), w = random_tensor<double>(c.w, 2);
    auto b = random_tensor<double>(vector_shape(c.w.n), 3);
    const auto dy = random_tensor<double>(c.y(), 4);
    auto y = poisoned_tensor<double>(c.y()), dx = poisoned_tensor<double>(c.x);
    tensor<double> dw(c.w), db(b.extents());
    const auto f = [&] {
      reference::conv_transpose2d_forward<double, double>(x, w, b, c.params, y);
      return dot(y, dy);
    };
    reference::conv_transpose2d_backward_data<double, double>(dy, w, c.params, dx);
    reference::conv_transpose2d_backward_weights<double, double>(x, dy, c.params, dw, db);
    check_gradient(x, dx, f);
    check_gradient(w, dw, f);
    check_gradient(b, db, f);
  }
}

TEST_CASE("conv_transpose2d: the same bits for any number of workers, within the stated scratch memory") {
  const transposed_case c{{2, 9, 14, 40}, {24, 2, 2, 40}, {.stride = 2}};
  const auto x = random_tensor<float>(c.x, 1), dy = random_tensor<float>(c.y(), 2), w = random_tensor<float>(c.w, 3);
  const auto b = random_tensor<float>(vector_shape(c.w.n), 4);
  std::vector<tensor<float>> first;
  for (const int workers : {1, 2, 5}) {
    thread_pool pool(workers);
    cpu_context ctx(pool);
    const auto within = [&](std::size_t bytes, auto&& run) {
      cpu_context own(pool);
      own.scratch().reserve(bytes);
      const std::size_t before = own.scratch().capacity();
      run(own);
      CHECK(own.scratch().capacity() == before);
    };
    std::vector<tensor<float>> results;
    for (const shape& s : {c.y(), c.x, c.w, b.extents()}) results.emplace_back(s);
    within(conv_transpose2d_forward_scratch<float>(c.x, c.w, c.params, ctx.isa(), workers),
           [&](cpu_context& own) { conv_transpose2d_forward(own, x.view(), w, b, c.params, results[0].view()); });
    within(conv_transpose2d_backward_data_scratch<float>(c.x, c.w, c.params, ctx.isa(), workers),
           [&](cpu_context& own) { conv_transpose2d_backward_data(own, dy.view(), w, c.params, results[1].view()); });
    within(conv_transpose2d_backward_weights_scratch<float>(c.x, c.w, c.params, ctx.isa(), workers),
           [&](cpu_context& own) {
             conv_transpose2d_backward_weights(own, x.view(), dy.view(), c.params, results[2].view(),
                                               results[3].view());
           });
    if (first.empty()) first = std::move(results);
    else
      for (std::size_t i = 0; i < first.size(); ++i) CHECK(same_bits<float>(first[i].view(), results[i].view()));
  }
}

TEST_CASE("conv_transpose2d: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> x({1, 4, 4, 3}), w({2, 2, 2, 4}), right({2, 2, 2, 3}), y({1, 7, 8, 2}), b(vector_shape(3));
  check_error([&] { conv_transpose2d_forward(ctx, x.view(), w, {}, {.stride = 2}, y.view()); },
              "conv_transpose2d_forward: x has 3 channels, w expects 4 (x [1,4,4,3] NHWC, w [2,2,2,4] OHWI)");
  check_error([&] { conv_transpose2d_forward(ctx, x.view(), right, {}, {.stride = 2}, y.view()); },
              "conv_transpose2d_forward: y [1,7,8,2] should be [1,8,8,2]");
  check_error([&] { conv_transpose2d_output_shape(x.extents(), right.extents(), {.padding = padding2d::all(5)}); },
              "nothing is left");
  check_error([&] { conv_transpose2d_output_shape(x.extents(), right.extents(), {.stride = 0}); }, "stride 0");
}
