// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/tape.hpp>
#include <lamina/ops/copy.hpp>
#include <lamina/ops/dropout.hpp>

namespace lamina {

/// The mask is drawn again in backward, from the step's key, the layer's place on the tape and the image's place in the
/// batch; so nothing is kept.
template <class T, class Device>
class dropout_node final : public node<T, Device> {
 public:
  using typename node<T, Device>::context;
  using typename node<T, Device>::pass;

  dropout_node(shape x, std::uint32_t position, dropout_params params) : x_(x), position_(position), params_(params) {}
  std::string_view kind() const override { return "dropout"; }
  node_traits traits() const override {
    return {.rebuildable = true, .forward_in_place = true, .backward_in_place = true};
  }
  std::optional<op_reach> reach() const override { return op_reach{}; }
  void forward(context& ctx, const pass& p) const override {
    if (p.training)
      dropout_forward(ctx, p.x(), place_of(p), params_, p.y());
    else if (p.x().data() != p.y().data())
      copy(ctx, p.x(), p.y());
  }
  void backward(context& ctx, const pass& p) const override {
    dropout_backward(ctx, p.dy(), place_of(p), params_, p.dx());
  }
  std::size_t scratch(const context&, pass_kind) const override { return dropout_scratch(x_, params_); }

 private:
  random_stream::place place_of(const pass& p) const {
    return {.seed = p.random.seed,
            .purpose = random_purpose::dropout,
            .epoch = p.random.step,
            .position = position_};
  }

  shape x_;
  std::uint32_t position_;
  dropout_params params_;
};

/// In training each element, or each channel of an image, becomes zero with probability `rate`, and what is left grows
/// by 1/(1 − rate); at inference x itself. The mask changes from step to step (`program::set_random`).
/// Throws `error` when the rate is outside [0, 1).
template <class T, class Device>
variable dropout(tape<T, Device>& t, variable x, dropout_params params = {}) {
  require(params.rate >= 0 && params.rate < 1, "dropout: rate ", params.rate, " is outside [0, 1)");
  if (params.rate == 0) return x;
  const shape e = t.extents(x);
  return t.record(std::make_unique<dropout_node<T, Device>>(e, static_cast<std::uint32_t>(t.size()), params), {x}, {},
                  e);
}

}  // namespace lamina
