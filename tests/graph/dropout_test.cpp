// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/activation.hpp>
#include <lamina/graph/add.hpp>
#include <lamina/graph/dropout.hpp>
#include <lamina/layers/conv2d.hpp>

#include "../support/network_fixture.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct dropout_net {
  conv2d<float> conv{3, 5}, middle{5, 5}, head{5, 1};
  float rate = 0.4f;

  variable operator()(tape<float>& t, variable x) const {
    x = dropout(t, relu(t, conv(t, x), 0.5f), {rate});
    return head(t, dropout(t, middle(t, x), {rate, true}));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv);
    visitor("middle", middle);
    visitor("head", head);
  }
};

/// Two masks over one variable.
struct two_masks {
  conv2d<float> conv{3, 1};

  variable operator()(tape<float>& t, variable x) const {
    const variable a = conv(t, x);
    return add(t, dropout(t, a), dropout(t, a));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv);
  }
};

const shape dropout_input{2, 8, 8, 3};

tensor<float> output_of(cpu_context& ctx, program<float>& p) {
  tensor<float> y(p.output_extents());
  copy(ctx, p.output(), y.view());
  return y;
}

}  // namespace

TEST_CASE("dropout: backward has forward's mask, whether activations are kept or drawn again") {
  check_network(dropout_net(), dropout_input);
}

TEST_CASE("dropout: nothing happens at inference") {
  cpu_context ctx;
  network_fixture<dropout_net> with({}, dropout_input), without({.rate = 0}, dropout_input);
  for (const run_mode mode : {run_mode::inference, run_mode::training}) {
    auto p = with.make(ctx, mode), q = without.make(ctx, mode);
    with.forward(ctx, p);
    without.forward(ctx, q);
    CHECK(same_bits<float>(p.output(), q.output()) == (mode == run_mode::inference));
  }
}

TEST_CASE("dropout: each step has another mask, and a resumed training goes on with its own") {
  cpu_context ctx;
  network_fixture<dropout_net> f({}, dropout_input);
  auto p = f.make(ctx, run_mode::training);
  std::vector<tensor<float>> steps;
  p.set_random({5, 0});
  for (int step = 0; step < 4; ++step) {
    fill_random(p.input(), 1);
    p.forward(ctx, f.weights);
    steps.push_back(output_of(ctx, p));
    p.backward(ctx, f.weights, f.gradients);
    for (int before = 0; before < step; ++before)
      CHECK_FALSE(same_bits<float>(steps[static_cast<std::size_t>(before)].view(), steps.back().view()));
  }
  auto resumed = f.make(ctx, run_mode::training);
  resumed.set_random({5, 2});
  for (const std::size_t step : {2u, 3u}) {
    fill_random(resumed.input(), 1);
    resumed.forward(ctx, f.weights);
    CHECK(same_bits<float>(output_of(ctx, resumed).view(), steps[step].view()));
  }
  resumed.set_random({6, 3});
  fill_random(resumed.input(), 1);
  resumed.forward(ctx, f.weights);
  CHECK_FALSE(same_bits<float>(output_of(ctx, resumed).view(), steps[3].view()));
}

TEST_CASE("dropout: two layers have masks of their own") {
  cpu_context ctx;
  network_fixture<two_masks> f({}, {2, 32, 32, 3});
  auto inference = f.make(ctx, run_mode::inference);
  f.forward(ctx, inference);
  const auto twice = output_of(ctx, inference);
  auto training = f.make(ctx, run_mode::training);
  f.forward(ctx, training);
  index_t none = 0, one = 0, both = 0;
  for (index_t i = 0; i < twice.size(); ++i) {
    const float y = training.output()[i];
    none += y == 0, one += y == twice[i], both += y == 2 * twice[i];
  }
  CHECK(none + one + both == twice.size());
  for (const auto& [count, share] : {std::pair{none, 4}, {one, 2}, {both, 4}})
    CHECK(std::abs(count - twice.size() / share) < twice.size() / 10);
}

TEST_CASE("dropout: rate 0 records nothing, rate 1 is refused") {
  tape<float> t;
  const variable x = t.input(dropout_input);
  CHECK(dropout(t, x, {0}).id == x.id);
  CHECK(t.size() == 0);
  check_error([&] { dropout(t, x, {1}); }, "dropout: rate 1 is outside [0, 1)");
}
