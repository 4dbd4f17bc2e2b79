// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/max_pool2d.hpp>
#include <lamina/ops/max_unpool2d.hpp>

namespace lamina {

template <class T, class Device>
class max_pool2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit max_pool2d_node(pool2d_params params) : params_(params) {}
  std::string_view kind() const override { return "max_pool2d"; }
  node_traits traits() const override { return {.backward_reads_outputs = 0b10, .accumulates = true}; }
  std::optional<op_reach> reach() const override {
    const axis_reach window{.step = params_.stride, .last = params_.kernel - 1};
    return op_reach{window, window};
  }
  void forward(context& ctx, const pass& p) const override {
    max_pool2d_forward(ctx, p.x(), params_, p.y(), p.template saved<std::uint8_t>(1));
  }
  void backward(context& ctx, const pass& p) const override {
    max_pool2d_backward(ctx, p.dy(), p.template saved<std::uint8_t>(1), params_, p.accumulate[0], p.dx());
  }

 private:
  pool2d_params params_;
};

/// Inputs: x and the indices of the pooling that it undoes.
template <class T, class Device>
class max_unpool2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit max_unpool2d_node(pool2d_params params) : params_(params) {}
  std::string_view kind() const override { return "max_unpool2d"; }
  node_traits traits() const override { return {.backward_reads_inputs = 0b10, .rebuildable = true}; }
  std::optional<op_reach> reach() const override {
    const axis_reach window{.scale = params_.stride};
    return op_reach{window, window};
  }
  void forward(context& ctx, const pass& p) const override {
    max_unpool2d_forward(ctx, p.x(), p.inputs[1].template as<std::uint8_t>(), params_, p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    max_unpool2d_backward(ctx, p.dy(), p.inputs[1].template as<std::uint8_t>(), params_, p.dx());
  }

 private:
  pool2d_params params_;
};

/// What a pooling leaves behind for the unpooling that mirrors it.
struct pooled {
  variable y, indices;
  shape before;  // extents of what was pooled
  pool2d_params params;
};

/// The largest value of each window, and where in the window it stood.
template <class T, class Device>
pooled max_pool2d(tape<T, Device>& t, variable x, pool2d_params params = {}) {
  const shape before = t.extents(x), after = pool2d_output_shape(before, params);
  const variable y = t.record(std::make_unique<max_pool2d_node<T, Device>>(params), {x}, {}, after);
  return {y, t.add_output(pool2d_index_shape(after, params), element_type::uint8), before, params};
}

/// Puts each value of x back where the pooling found its maximum, zeros elsewhere. x has the extents of `p.y`.
template <class T, class Device>
variable max_unpool2d(tape<T, Device>& t, variable x, const pooled& p) {
  require(t.extents(x) == t.extents(p.y), "max_unpool2d: x ", t.extents(x), " and the pooling's result ",
          t.extents(p.y), " differ in shape (NHWC)");
  return t.record(std::make_unique<max_unpool2d_node<T, Device>>(p.params), {x, p.indices}, {}, p.before);
}

}  // namespace lamina
