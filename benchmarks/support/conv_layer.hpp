// SPDX-License-Identifier: Apache-2.0
// A convolution as benchmarks name it, "2x256x256x64-64", with its tensors and its three passes.
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/ops/conv2d.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace lamina::benchmarks {

enum class conv_pass { forward, data, weights };

/// The passes by name, in the order in which they are run.
inline const std::vector<std::pair<std::string, conv_pass>> conv_passes{
    {"forward", conv_pass::forward}, {"data", conv_pass::data}, {"weights", conv_pass::weights}};

struct conv_shape {
  shape x, w;
  conv2d_params params;

  shape y() const { return conv2d_output_shape(x, w, params); }
  double flops() const { return conv2d_flops(x, w, params); }
};

/// NxHxWxI-O, then -k1 for a 1×1 filter (3×3 otherwise; padding "same") and -s2 for a stride of 2.
inline conv_shape parse_conv_shape(const std::string& text) {
  index_t n = 0, h = 0, w = 0, i = 0, o = 0, kernel = 3, stride = 1;
  char x1 = 0, x2 = 0, x3 = 0, dash = 0, option[2] = {};
  std::istringstream in(text);
  in >> n >> x1 >> h >> x2 >> w >> x3 >> i >> dash >> o;
  bool good = in && x1 == 'x' && x2 == 'x' && x3 == 'x' && dash == '-' && n > 0 && h > 0 && w > 0 && i > 0 && o > 0;
  while (good && in >> option[0]) {
    index_t value = 0;
    in >> option[1] >> value;
    good = in && option[0] == '-' && (option[1] == 'k' || option[1] == 's') && value > 0;
    (option[1] == 'k' ? kernel : stride) = value;
  }
  require(good, "shape '", text,
          "': expected NxHxWxI-O, then -kSIZE or -sSTRIDE, such as 2x256x256x64-64 or 1x32x32x8-8-k1");
  return {{n, h, w, i}, {o, kernel, kernel, i}, {.stride = stride, .padding = padding2d::same(kernel)}};
}

/// The tensors of one convolution, drawn from [-1, 1): for the gradients y stands for dy, and x, w, b for dx, dw, db.
struct conv_tensors {
  tensor<float> x, w, b, y;

  explicit conv_tensors(const conv_shape& c) : x(c.x), w(c.w), b(vector_shape(c.w.n)), y(c.y()) {
    random_stream stream({.seed = 1, .purpose = random_purpose::test});
    for (tensor<float>* t : {&x, &w, &b, &y})
      for (float& value : *t) value = stream.uniform(-1, 1);
  }

  /// The forward pass writes y, the data gradient x; the gradient of the weights is added to w and b.
  void run(cpu_context& ctx, conv_pass pass, const conv2d_params& params) {
    if (pass == conv_pass::forward) conv2d_forward(ctx, x.view(), w, b, params, y.view());
    if (pass == conv_pass::data) conv2d_backward_data(ctx, y.view(), w, params, x.view());
    if (pass == conv_pass::weights) conv2d_backward_weights(ctx, x.view(), y.view(), params, w, b);
  }
  tensor<float>& result(conv_pass pass) {
    return pass == conv_pass::forward ? y : pass == conv_pass::data ? x : w;
  }
};

}  // namespace lamina::benchmarks
