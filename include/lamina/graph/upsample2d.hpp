// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/upsample_bilinear2d.hpp>
#include <lamina/ops/upsample_nearest2d.hpp>

namespace lamina {

template <class T, class Device>
class upsample_nearest2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit upsample_nearest2d_node(upsample_nearest2d_params params) : params_(params) {}
  std::string_view kind() const override { return "upsample_nearest2d"; }
  node_traits traits() const override { return {.rebuildable = true}; }
  void forward(context& ctx, const pass& p) const override { upsample_nearest2d_forward(ctx, p.x(), params_, p.y()); }
  void backward(context& ctx, const pass& p) const override {
    upsample_nearest2d_backward(ctx, p.dy(), params_, p.dx());
  }

 private:
  upsample_nearest2d_params params_;
};

template <class T, class Device>
class upsample_bilinear2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  upsample_bilinear2d_node(shape x, shape y, upsample_bilinear2d_params params) : x_(x), y_(y), params_(params) {}
  std::string_view kind() const override { return "upsample_bilinear2d"; }
  node_traits traits() const override { return {.rebuildable = true}; }
  void forward(context& ctx, const pass& p) const override { upsample_bilinear2d_forward(ctx, p.x(), params_, p.y()); }
  void backward(context& ctx, const pass& p) const override {
    upsample_bilinear2d_backward(ctx, p.dy(), params_, p.dx());
  }
  std::size_t scratch(const context&, pass_kind kind) const override {
    return kind == pass_kind::backward ? upsample_bilinear2d_backward_scratch(x_, y_)
                                       : upsample_bilinear2d_forward_scratch(y_);
  }

 private:
  shape x_, y_;
  upsample_bilinear2d_params params_;
};

/// Each pixel becomes scale × scale pixels.
template <class T, class Device>
variable upsample_nearest2d(tape<T, Device>& t, variable x, index_t scale = 2) {
  const auto [N, H, W, C] = t.extents(x);
  return t.record(std::make_unique<upsample_nearest2d_node<T, Device>>(upsample_nearest2d_params{scale}), {x}, {},
                  {N, H * scale, W * scale, C});
}

/// Linear interpolation to H·scale × W·scale.
template <class T, class Device>
variable upsample_bilinear2d(tape<T, Device>& t, variable x, index_t scale = 2, bool align_corners = false) {
  const shape from = t.extents(x), to{from.n, from.h * scale, from.w * scale, from.c};
  const upsample_bilinear2d_params params{align_corners};
  return t.record(std::make_unique<upsample_bilinear2d_node<T, Device>>(from, to, params), {x}, {}, to);
}

}  // namespace lamina
