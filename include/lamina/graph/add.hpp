// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/copy.hpp>

namespace lamina {

/// The sum of two inputs. Its gradient is dy for both, so backward only moves it to where it is asked for.
template <class T, class Device>
class add_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  std::string_view kind() const override { return "add"; }
  node_traits traits() const override {
    return {.rebuildable = true, .forward_in_place = true, .backward_in_place = true, .accumulates = true};
  }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override {
    if (p.x(0).data() != p.y().data()) copy(ctx, p.x(0), p.y());
    add(ctx, p.x(1), p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    for (std::size_t i = 0; i < p.inputs.size(); ++i) {
      const view<T, Device> dx = p.dx(i);
      if (dx.empty()) continue;
      if (p.accumulate[i])
        add(ctx, p.dy(), dx);
      else if (dx.data() != p.dy().data())
        copy(ctx, p.dy(), dx);
    }
  }
};

/// a + b, of the same shape: the residual connection of He et al. 2015, arXiv:1512.03385.
template <class T, class Device>
variable add(tape<T, Device>& t, variable a, variable b) {
  require(t.extents(a) == t.extents(b), "add: ", t.extents(a), " and ", t.extents(b), " differ in shape (NHWC)");
  return t.record(std::make_unique<add_node<T, Device>>(), {a, b}, {}, t.extents(a));
}

}  // namespace lamina
