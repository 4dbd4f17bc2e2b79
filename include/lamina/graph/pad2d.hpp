// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/pad2d.hpp>

namespace lamina {

template <class T, class Device>
class pad2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit pad2d_node(pad2d_params params) : params_(params) {}
  std::string_view kind() const override { return "pad2d"; }
  node_traits traits() const override { return {.rebuildable = true}; }
  std::optional<op_reach> reach() const override {
    return op_reach{{.first = -params_.top, .last = -params_.top}, {.first = -params_.left, .last = -params_.left}};
  }
  void forward(context& ctx, const pass& p) const override { pad2d_forward(ctx, p.x(), params_, p.y()); }
  void backward(context& ctx, const pass& p) const override { pad2d_backward(ctx, p.dy(), params_, p.dx()); }

 private:
  pad2d_params params_;
};

/// x at (top, left) of an H × W frame, with `border` around it; negative offsets crop.
template <class T, class Device>
variable pad2d(tape<T, Device>& t, variable x, pad2d_params params, index_t H, index_t W) {
  const shape e = t.extents(x);
  return t.record(std::make_unique<pad2d_node<T, Device>>(params), {x}, {}, {e.n, H, W, e.c});
}

/// The middle H × W pixels of x; where one is left over it goes to the bottom and right.
template <class T, class Device>
variable center_crop2d(tape<T, Device>& t, variable x, index_t H, index_t W) {
  const shape e = t.extents(x);
  if (e.h == H && e.w == W) return x;
  require(H <= e.h && W <= e.w, "center_crop2d: ", H, "×", W, " from ", e, " (NHWC)");
  return pad2d(t, x, {.top = -((e.h - H) / 2), .left = -((e.w - W) / 2)}, H, W);
}

}  // namespace lamina
