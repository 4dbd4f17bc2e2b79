// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/batch_norm2d.hpp>

namespace lamina {

/// Parameters: gamma, beta, running mean, running variance. Outputs: y, and in training the batch's mean and 1/σ.
/// y isn't kept for backward: one pass rebuilds it from x.
template <class T, class Device>
class batch_norm2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  batch_norm2d_node(shape x, batch_norm2d_params params) : x_(x), params_(params) {}
  std::string_view kind() const override { return "batch_norm2d"; }
  node_traits traits() const override {
    return {.backward_reads_inputs = 1,
            .backward_reads_outputs = 0b110,
            .rebuildable = true,
            .forward_in_place = true,
            .backward_in_place = true};
  }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  bool absorb_activation(float slope) override {
    if (params_.activation_slope != 1) return false;
    params_.activation_slope = slope;
    return true;
  }
  std::optional<float> normalisation_epsilon() const override {
    return params_.activation_slope == 1 ? std::optional(params_.epsilon) : std::nullopt;
  }
  void forward(context& ctx, const pass& p) const override {
    const auto& w = p.parameters;
    if (p.training)
      batch_norm2d_forward(ctx, p.x(), w[0], w[1], params_, w[2], w[3], p.template saved<float>(1),
                           p.template saved<float>(2), p.y());
    else
      batch_norm2d_inference(ctx, p.x(), w[0], w[1], w[2], w[3], params_, p.y());
  }
  void rebuild(context& ctx, const pass& p) const override {
    batch_norm2d_apply(ctx, p.x(), p.parameters[0], p.parameters[1], p.template saved<float>(1),
                       p.template saved<float>(2), params_, p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    batch_norm2d_backward(ctx, p.x(), p.dy(), p.parameters[0], p.parameters[1], p.template saved<float>(1),
                          p.template saved<float>(2), params_, p.dx(), p.parameter_gradients[0],
                          p.parameter_gradients[1]);
  }
  std::size_t scratch(const context&, pass_kind kind) const override {
    return kind == pass_kind::backward ? batch_norm2d_backward_scratch(x_) : batch_norm2d_forward_scratch(x_);
  }

 private:
  shape x_;
  batch_norm2d_params params_;
};

/// Records y = γ·(x − μ)/sqrt(σ² + ε) + β, with the batch's μ and σ² in training and the running ones at inference.
template <class T, class Device>
variable record_batch_norm2d(tape<T, Device>& t, variable x, const parameter& gamma, const parameter& beta,
                             const parameter& running_mean, const parameter& running_var,
                             const batch_norm2d_params& params) {
  const shape extents = t.extents(x);
  require(extents.c == gamma.extents.c, "batch_norm2d: x ", extents, " (NHWC) has ", extents.c, " channels, the layer ",
          gamma.extents.c);
  const variable y = t.record(std::make_unique<batch_norm2d_node<T, Device>>(extents, params), {x},
                              {&gamma, &beta, &running_mean, &running_var}, extents);
  t.add_output(vector_shape(extents.c), element_type::float32);
  t.add_output(vector_shape(extents.c), element_type::float32);
  return y;
}

}  // namespace lamina
