// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/batch_norm2d.hpp>
#include <lamina/ops/conv2d.hpp>
#include <lamina/ops/relu.hpp>
#include <lamina/ops/upsampled_conv2d.hpp>

namespace lamina {

/// Parameters: w, b (which may be absent); behind them γ, β, μ and σ² of a batch normalisation that it has absorbed,
/// which each forward pass folds into filters and bias. May upsample x, too; then x is an image of the smaller size.
template <class T, class Device>
class conv2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  conv2d_node(shape x, shape w, conv2d_params params) : x_(x), w_(w), params_(params) {
    params_.algorithm = conv2d_algorithm_for(x, w, params);
  }
  std::string_view kind() const override { return "conv2d"; }
  node_traits traits() const override {
    return {.backward_reads_inputs = 1, .backward_reads_outputs = params_.activation_slope != 1 ? 1u : 0u};
  }
  std::optional<op_reach> reach() const override {
    // The last bits of a pixel depend on all inputs of its tile, in which it is the first or the last of four or six.
    const index_t tile = tile_edge(params_.algorithm);
    const auto axis = [&](index_t kernel, index_t before) {
      return axis_reach{.step = params_.stride,
                        .scale = upsampling_.scale,
                        .first = -before - (tile - 1),
                        .last = (kernel - 1) * params_.dilation - before + (tile - 1)};
    };
    return op_reach{axis(w_.h, params_.padding.top), axis(w_.w, params_.padding.left), tile};
  }
  bool absorb_activation(float slope) override {
    if (params_.activation_slope != 1) return false;
    params_.activation_slope = slope;
    return true;
  }
  bool absorb_normalisation(float epsilon) override {
    if (params_.activation_slope != 1 || epsilon_) return false;
    epsilon_ = epsilon;
    return true;
  }
  bool absorb_upsampling(index_t scale) override {
    if (upsampling_.scale != 1 || !fits_upsampled_conv2d(w_, params_)) return false;
    upsampling_.scale = scale;
    return true;
  }
  void forward(context& ctx, const pass& p) const override {
    const auto& w = p.parameters;
    if (!epsilon_) return convolve(ctx, p, {}, w[1]);
    auto frame = ctx.scratch().open();
    const view<float, Device> scale = frame.template take<float>(vector_shape(w_.n)),
                              shift = frame.template take<float>(vector_shape(w_.n));
    batch_norm2d_fold(ctx, w[2], w[3], w[4], w[5], w[1], {.epsilon = *epsilon_}, scale, shift);
    convolve(ctx, p, scale, shift);
  }
  void backward(context& ctx, const pass& p) const override {
    if (params_.activation_slope != 1) relu_backward(ctx, p.y(), p.dy(), {params_.activation_slope}, p.dy());
    if (!p.dx().empty()) conv2d_backward_data(ctx, p.dy(), p.parameters[0], params_, p.dx());
    conv2d_backward_weights(ctx, p.x(), p.dy(), params_, p.parameter_gradients[0], p.parameter_gradients[1]);
  }
  std::size_t scratch(const context& ctx, pass_kind kind) const override {
    const int workers = ctx.workers().workers();
    if (kind != pass_kind::backward) {
      const index_t s = upsampling_.scale;
      const std::size_t folded = epsilon_ ? 2 * aligned_size(static_cast<std::size_t>(w_.n) * sizeof(float)) : 0;
      if (s == 1) return folded + conv2d_forward_scratch<T>(x_, w_, params_, ctx.isa(), workers);
      const shape small{x_.n, x_.h / s, x_.w / s, x_.c};
      return folded + upsampled_conv2d_forward_scratch<T>(small, w_, upsampling_, params_, ctx.isa(), workers);
    }
    return std::max(conv2d_backward_data_scratch<T>(x_, w_, params_, ctx.isa(), workers),
                    conv2d_backward_weights_scratch<T>(x_, w_, params_, ctx.isa(), workers));
  }
  double flops() const override { return conv2d_flops(x_, w_, params_); }
  /// All passes run with the same one.
  int algorithm() const override { return static_cast<int>(params_.algorithm); }
  void use_algorithm(int algorithm) override { params_.algorithm = static_cast<conv2d_algorithm>(algorithm); }
  void limit_tiles(index_t edge) override {
    if (tile_edge(params_.algorithm) > edge)
      params_.algorithm = edge >= 4 ? conv2d_algorithm::winograd : conv2d_algorithm::direct;
  }

 private:
  void convolve(context& ctx, const pass& p, view<const float, Device> scale, view<const float, Device> b) const {
    if (upsampling_.scale == 1)
      conv2d_forward(ctx, p.x(), p.parameters[0], scale, b, params_, p.y());
    else
      upsampled_conv2d_forward(ctx, p.x(), p.parameters[0], scale, b, upsampling_, params_, p.y());
  }

  shape x_, w_;  // x_ upsampled
  conv2d_params params_;
  std::optional<float> epsilon_;  // of the normalisation
  upsample_nearest2d_params upsampling_{.scale = 1};
};

/// Records y = x ∗ w + b; `b` may be nullptr.
template <class T, class Device>
variable record_conv2d(tape<T, Device>& t, variable x, const parameter& w, const parameter* b,
                       const conv2d_params& params) {
  const shape y = conv2d_output_shape(t.extents(x), w.extents, params);
  return t.record(std::make_unique<conv2d_node<T, Device>>(t.extents(x), w.extents, params), {x}, {&w, b}, y);
}

}  // namespace lamina
