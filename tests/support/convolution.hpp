// SPDX-License-Identifier: Apache-2.0
// Convolutions described once, and what every algorithm must give for them.
#pragma once

#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv2d.hpp>

#include "tensors.hpp"

namespace lamina::testing {

struct conv_case {
  shape x, w;
  conv2d_params params;
  shape y() const { return conv2d_output_shape(x, w, params); }
};
inline std::ostream& operator<<(std::ostream& out, const conv_case& c) {
  return out << "x " << c.x << " w " << c.w << " stride " << c.params.stride << " dilation " << c.params.dilation
             << " groups " << c.params.groups << " padding " << c.params.padding << " algorithm "
             << c.params.algorithm;
}

/// |difference| allowed relative to max(1, |expected|): the sums have `length` terms of at most 1 each. Winograd's
/// transforms add terms of both signs, up to four times as large as their sum.
template <class T>
double tolerance(index_t length, conv2d_algorithm algorithm = conv2d_algorithm::direct) {
  const double rounding = std::is_same_v<T, bfloat16> ? 1.0 / 128 : 0.0;
  const double growth = tile_edge(algorithm) == 6 ? 20 : tile_edge(algorithm) == 4 ? 4 : 1;
  return rounding + growth * std::numeric_limits<float>::epsilon() * (8 + 0.5 * static_cast<double>(length));
}

template <class T>
void check_convolution(cpu_context& ctx, const conv_case& c, float slope) {
  CAPTURE(to_text(c));
  conv2d_params params = c.params;
  params.activation_slope = slope;
  const conv2d_algorithm algorithm = conv2d_algorithm_for(c.x, c.w, params);
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
  copy_elements<T>(x.view(), x_slice.slice());
  copy_elements<T>(dy.view(), dy_slice.slice());
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
    check_close<T, T>(y_out, y, tolerance<T>(taps * c.w.c, algorithm));
    check_close<T, T>(dx_out, dx, tolerance<T>(taps * c.w.n, algorithm));
    check_close<float, float>(dw_out.view(), dw.view(), tolerance<float>(outputs, algorithm));
    check_close<float, float>(db_out.view(), db.view(), tolerance<float>(outputs));
    CHECK(y_slice.surroundings_untouched());
    CHECK(dx_slice.surroundings_untouched());
  }
}

/// The three passes give the same bits for any number of workers, and stay within the scratch memory that they state.
inline void check_bits_and_scratch(const conv_case& c) {
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

}  // namespace lamina::testing
