// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/relu.hpp>
#include <lamina/ops/sigmoid.hpp>

namespace lamina {

template <class T, class Device>
class relu_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit relu_node(relu_params params) : params_(params) {}
  std::string_view kind() const override { return "relu"; }
  node_traits traits() const override {
    return {.backward_reads_outputs = 1, .rebuildable = true, .forward_in_place = true, .backward_in_place = true};
  }
  std::optional<float> activation_slope() const override { return params_.slope; }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override { relu_forward(ctx, p.x(), params_, p.y()); }
  void backward(context& ctx, const pass& p) const override { relu_backward(ctx, p.y(), p.dy(), params_, p.dx()); }

 private:
  relu_params params_;
};

template <class T, class Device>
class sigmoid_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  std::string_view kind() const override { return "sigmoid"; }
  node_traits traits() const override {
    return {.backward_reads_outputs = 1, .rebuildable = true, .forward_in_place = true, .backward_in_place = true};
  }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override { sigmoid_forward(ctx, p.x(), p.y()); }
  void backward(context& ctx, const pass& p) const override { sigmoid_backward(ctx, p.y(), p.dy(), p.dx()); }
};

/// max(x, slope·x): 0 for ReLU, 0.01 for the usual leaky one.
template <class T, class Device>
variable relu(tape<T, Device>& t, variable x, float slope = 0) {
  return t.record(std::make_unique<relu_node<T, Device>>(relu_params{slope}), {x}, {}, t.extents(x));
}

/// 1 / (1 + e^−x).
template <class T, class Device>
variable sigmoid(tape<T, Device>& t, variable x) {
  return t.record(std::make_unique<sigmoid_node<T, Device>>(), {x}, {}, t.extents(x));
}

}  // namespace lamina
