// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/copy.hpp>

namespace lamina {

/// Inputs side by side in channels. Usually nothing is done: the plan lets the inputs be made inside the output.
template <class T, class Device>
class concat_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  std::string_view kind() const override { return "concat"; }
  node_traits traits() const override { return {.rebuildable = true, .accumulates = true, .concatenates = true}; }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override {
    index_t channel = 0;
    for (std::size_t i = 0; i < p.inputs.size(); ++i) {
      const view<T, Device> x = p.x(i), place = p.y().channels(channel, x.extents().c);
      if (x.data() != place.data()) copy(ctx, x, place);
      channel += x.extents().c;
    }
  }
  void backward(context& ctx, const pass& p) const override {
    index_t channel = 0;
    for (std::size_t i = 0; i < p.inputs.size(); ++i) {
      const index_t C = p.inputs[i].extents.c;
      if (const view<T, Device> dx = p.dx(i); !dx.empty()) {
        const view<T, Device> share = p.dy().channels(channel, C);
        if (p.accumulate[i])
          add(ctx, share, dx);
        else if (dx.data() != share.data())
          copy(ctx, share, dx);
      }
      channel += C;
    }
  }
};

/// [a's channels, b's channels, …]; all of the same N, H, W.
template <class T, class Device>
variable concat(tape<T, Device>& t, std::vector<variable> inputs) {
  require(!inputs.empty(), "concat: nothing to join");
  shape joined = t.extents(inputs.front());
  joined.c = 0;
  for (const variable v : inputs) {
    const shape& e = t.extents(v);
    require(e.n == joined.n && e.h == joined.h && e.w == joined.w, "concat: ", e, " beside ", t.extents(inputs.front()),
            " (NHWC): only channels may differ");
    joined.c += e.c;
  }
  return t.record(std::make_unique<concat_node<T, Device>>(), std::move(inputs), {}, joined);
}

}  // namespace lamina
