// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/log_odds.hpp>

namespace lamina {

template <class T, class Device>
class log_odds_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  std::string_view kind() const override { return "log_odds"; }
  node_traits traits() const override { return {.rebuildable = true}; }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override { log_odds_forward(ctx, p.x(), p.y()); }
  void backward(context& ctx, const pass& p) const override { log_odds_backward(ctx, p.dy(), p.dx()); }
};

/// x₁ − x₀ of two logits a pixel. Throws `error` unless x has two channels.
template <class T, class Device>
variable log_odds(tape<T, Device>& t, variable x) {
  const auto [N, H, W, C] = t.extents(x);
  require(C == 2, "log_odds: x ", t.extents(x), " has ", C, " channels, expected 2 (NHWC)");
  return t.record(std::make_unique<log_odds_node<T, Device>>(), {x}, {}, {N, H, W, 1});
}

}  // namespace lamina
