// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/average_pool2d.hpp>
#include <lamina/ops/global_average_pool2d.hpp>

namespace lamina {

/// y is kept for backward where somebody reads it: it is small, and would be rebuilt from what is large.
template <class T, class Device>
class average_pool2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  average_pool2d_node(shape x, shape y, average_pool2d_params params) : x_(x), y_(y), params_(params) {}
  std::string_view kind() const override { return "average_pool2d"; }
  node_traits traits() const override { return {.accumulates = true}; }
  std::optional<op_reach> reach() const override {
    const auto axis = [this](index_t before) {
      return axis_reach{.step = params_.stride, .first = -before, .last = params_.kernel - 1 - before};
    };
    return op_reach{axis(params_.padding.top), axis(params_.padding.left)};
  }
  void forward(context& ctx, const pass& p) const override { average_pool2d_forward(ctx, p.x(), params_, p.y()); }
  void backward(context& ctx, const pass& p) const override {
    average_pool2d_backward(ctx, p.dy(), params_, p.accumulate[0], p.dx());
  }
  std::size_t scratch(const context&, pass_kind kind) const override {
    return kind == pass_kind::backward ? average_pool2d_backward_scratch(x_, y_) : average_pool2d_forward_scratch(y_);
  }

 private:
  shape x_, y_;
  average_pool2d_params params_;
};

template <class T, class Device>
class global_average_pool2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit global_average_pool2d_node(shape x) : x_(x) {}
  std::string_view kind() const override { return "global_average_pool2d"; }
  node_traits traits() const override { return {.accumulates = true}; }
  void forward(context& ctx, const pass& p) const override { global_average_pool2d_forward(ctx, p.x(), p.y()); }
  void backward(context& ctx, const pass& p) const override {
    global_average_pool2d_backward(ctx, p.dy(), p.accumulate[0], p.dx());
  }
  std::size_t scratch(const context&, pass_kind kind) const override {
    return kind == pass_kind::backward ? global_average_pool2d_backward_scratch<T>(x_)
                                       : global_average_pool2d_forward_scratch(x_);
  }

 private:
  shape x_;
};

/// The mean of each window.
template <class T, class Device>
variable average_pool2d(tape<T, Device>& t, variable x, average_pool2d_params params = {}) {
  const shape before = t.extents(x), after = average_pool2d_output_shape(before, params);
  return t.record(std::make_unique<average_pool2d_node<T, Device>>(before, after, params), {x}, {}, after);
}

/// The mean of each channel over an image: [N,H,W,C] becomes [N,1,1,C].
template <class T, class Device>
variable global_average_pool2d(tape<T, Device>& t, variable x) {
  const shape e = t.extents(x);
  return t.record(std::make_unique<global_average_pool2d_node<T, Device>>(e), {x}, {}, {e.n, 1, 1, e.c});
}

}  // namespace lamina
