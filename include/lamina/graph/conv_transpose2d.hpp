// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/conv_transpose2d.hpp>

namespace lamina {

/// Parameters: w, b (which may be absent).
template <class T, class Device>
class conv_transpose2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  conv_transpose2d_node(shape x, shape w, conv_transpose2d_params params) : x_(x), w_(w), params_(params) {}
  std::string_view kind() const override { return "conv_transpose2d"; }
  node_traits traits() const override { return {.backward_reads_inputs = 1}; }
  std::optional<op_reach> reach() const override {
    const auto axis = [this](index_t kernel, index_t before) {
      return axis_reach{.scale = params_.stride, .first = before - (kernel - 1) * params_.dilation, .last = before};
    };
    return op_reach{axis(w_.h, params_.padding.top), axis(w_.w, params_.padding.left)};
  }
  void forward(context& ctx, const pass& p) const override {
    conv_transpose2d_forward(ctx, p.x(), p.parameters[0], p.parameters[1], params_, p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    if (!p.dx().empty()) conv_transpose2d_backward_data(ctx, p.dy(), p.parameters[0], params_, p.dx());
    conv_transpose2d_backward_weights(ctx, p.x(), p.dy(), params_, p.parameter_gradients[0], p.parameter_gradients[1]);
  }
  std::size_t scratch(const context& ctx, pass_kind kind) const override {
    const int workers = ctx.workers().workers();
    if (kind != pass_kind::backward) return conv_transpose2d_forward_scratch<T>(x_, w_, params_, ctx.isa(), workers);
    return std::max(conv_transpose2d_backward_data_scratch<T>(x_, w_, params_, ctx.isa(), workers),
                    conv_transpose2d_backward_weights_scratch<T>(x_, w_, params_, ctx.isa(), workers));
  }
  double flops() const override { return conv_transpose2d_flops(x_, w_); }

 private:
  shape x_, w_;
  conv_transpose2d_params params_;
};

/// Records the transposed convolution of x with w; `b` may be nullptr.
template <class T, class Device>
variable record_conv_transpose2d(tape<T, Device>& t, variable x, const parameter& w, const parameter* b,
                                 const conv_transpose2d_params& params) {
  const shape y = conv_transpose2d_output_shape(t.extents(x), w.extents, params);
  return t.record(std::make_unique<conv_transpose2d_node<T, Device>>(t.extents(x), w.extents, params), {x}, {&w, b}, y);
}

}  // namespace lamina
