// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/upsample_bilinear2d.hpp>
#include <lamina/ops/upsample_nearest2d.hpp>

#include <bit>

namespace lamina {

template <class T, class Device>
class upsample_nearest2d_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  explicit upsample_nearest2d_node(upsample_nearest2d_params params) : params_(params) {}
  std::string_view kind() const override { return "upsample_nearest2d"; }
  node_traits traits() const override { return {.rebuildable = true}; }
  std::optional<op_reach> reach() const override {
    return op_reach{{.scale = params_.scale}, {.scale = params_.scale}};
  }
  std::optional<index_t> nearest_upsampling() const override { return params_.scale; }
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
  /// With aligned corners weights depend on the image's size; unless the scale is a power of two they are rounded, and
  /// not the same at each place.
  std::optional<op_reach> reach() const override {
    const index_t scale = y_.h / x_.h;
    const bool exact = std::has_single_bit(static_cast<std::size_t>(scale)) && scale > 1;
    if (params_.align_corners || !exact || y_.h != x_.h * scale || y_.w != x_.w * scale) return std::nullopt;
    const axis_reach axis{.scale = scale, .first = -scale / 2, .last = scale / 2};
    return op_reach{axis, axis};
  }
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
