// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/activation.hpp>
#include <lamina/graph/add.hpp>
#include <lamina/graph/program.hpp>
#include <lamina/layers/conv2d.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

enum class form { plain, doubled, residual };

/// a = conv(x); then a, a + a, or a + act(a) with an activation that changes nothing.
struct adding_net {
  conv2d<float> conv{3, 5, {.bias = false}};
  form kind;

  variable operator()(tape<float>& t, variable x) const {
    const variable a = relu(t, conv(t, x), 0.5f);
    if (kind == form::plain) return a;
    return add(t, a, kind == form::doubled ? a : relu(t, a, 1));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv);
  }
};

struct outcome {
  tensor<float> y, gradients;
};

outcome step(form kind, run_mode mode, bool rebuild = true) {
  cpu_context ctx;
  const adding_net net{.kind = kind};
  const auto layout = std::make_shared<const parameter_layout>(net);
  parameter_set<> weights(layout), gradients(layout);
  initialize(weights, 1);
  workspace<> space;
  program<float> p(ctx, net, layout, {2, 5, 6, 3}, mode, space, {.rebuild = rebuild});
  fill_random(p.input(), 1);
  p.forward(ctx, weights);
  outcome made{tensor<float>(p.output_extents()), tensor<float>(gradients.all().extents())};
  copy(ctx, p.output(), made.y.view());
  if (mode == run_mode::inference) return made;
  fill_random(p.output_gradient(), 2);
  p.backward(ctx, weights, gradients);
  copy(ctx, gradients.all(), made.gradients.view());
  return made;
}

tensor<float> twice(const tensor<float>& x) {
  auto y = x.clone();
  for (float& v : y) v *= 2;
  return y;
}

}  // namespace

TEST_CASE("add: of a variable with itself, or with what was made of it, doubles value and gradient") {
  const outcome plain = step(form::plain, run_mode::training);
  const auto y = twice(plain.y), gradients = twice(plain.gradients);
  for (const form kind : {form::doubled, form::residual}) {
    for (const bool rebuild : {true, false}) {
      const outcome sum = step(kind, run_mode::training, rebuild);
      CHECK(same_bits<float>(sum.y, y));
      check_close(sum.gradients, gradients, 1e-6);
    }
    CHECK(same_bits<float>(step(kind, run_mode::inference).y, y));
  }
}

TEST_CASE("add: different shapes are refused") {
  tape<float> t;
  const variable a = t.input({1, 2, 2, 3}), b = t.input({1, 2, 2, 4});
  check_error([&] { add(t, a, b); }, "add: [1,2,2,3] and [1,2,2,4] differ in shape (NHWC)");
}
