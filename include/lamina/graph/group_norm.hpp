// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/group_norm.hpp>

namespace lamina {

/// Parameters: gamma, beta. Outputs: y, and each group's mean and 1/σ. y isn't kept for backward: one pass rebuilds it
/// from x.
template <class T, class Device>
class group_norm_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  group_norm_node(shape x, group_norm_params params) : x_(x), params_(params) {}
  std::string_view kind() const override { return "group_norm"; }
  node_traits traits() const override {
    return {.backward_reads_inputs = 1,
            .backward_reads_outputs = 0b110,
            .rebuildable = true,
            .forward_in_place = true,
            .backward_in_place = true};
  }
  bool absorb_activation(float slope) override {
    if (params_.activation_slope != 1) return false;
    params_.activation_slope = slope;
    return true;
  }
  void forward(context& ctx, const pass& p) const override {
    group_norm_forward(ctx, p.x(), p.parameters[0], p.parameters[1], params_, p.template saved<float>(1),
                       p.template saved<float>(2), p.y());
  }
  void rebuild(context& ctx, const pass& p) const override {
    group_norm_apply(ctx, p.x(), p.parameters[0], p.parameters[1], p.template saved<float>(1),
                     p.template saved<float>(2), params_, p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    group_norm_backward(ctx, p.x(), p.dy(), p.parameters[0], p.parameters[1], p.template saved<float>(1),
                        p.template saved<float>(2), params_, p.dx(), p.parameter_gradients[0],
                        p.parameter_gradients[1]);
  }
  std::size_t scratch(const context&, pass_kind kind) const override {
    return kind == pass_kind::forward   ? group_norm_forward_scratch(x_)
           : kind == pass_kind::rebuild ? group_norm_apply_scratch(x_)
                                        : group_norm_backward_scratch(x_);
  }

 private:
  shape x_;
  group_norm_params params_;
};

/// Records y = γ·(x − μ)/sqrt(σ² + ε) + β with μ and σ² of each group of channels of each image.
template <class T, class Device>
variable record_group_norm(tape<T, Device>& t, variable x, const parameter& gamma, const parameter& beta,
                           const group_norm_params& params) {
  const shape extents = t.extents(x);
  require(extents.c == gamma.extents.c, "group_norm: x ", extents, " (NHWC) has ", extents.c, " channels, the layer ",
          gamma.extents.c);
  const variable y =
      t.record(std::make_unique<group_norm_node<T, Device>>(extents, params), {x}, {&gamma, &beta}, extents);
  const shape statistics = group_norm_statistics_shape(extents, params);
  t.add_output(statistics, element_type::float32);
  t.add_output(statistics, element_type::float32);
  return y;
}

}  // namespace lamina
