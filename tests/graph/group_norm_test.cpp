// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/activation.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/layers/group_norm.hpp>

#include "../support/network_fixture.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

struct group_norm_net {
  conv2d<float> conv{3, 6}, middle{6, 6}, head{6, 1};
  group_norm<float> first{6, {.groups = 2}}, second{6, {.groups = 6}};

  variable operator()(tape<float>& t, variable x) const {
    x = relu(t, first(t, conv(t, x)), 0.25f);
    return head(t, second(t, middle(t, x)));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv);
    visitor("first", first);
    visitor("middle", middle);
    visitor("second", second);
    visitor("head", head);
  }
};

const shape group_norm_input{3, 7, 9, 3};

}  // namespace

TEST_CASE("group_norm: gradients inside a network") { check_network(group_norm_net(), group_norm_input); }

TEST_CASE("group_norm: takes over the ReLU behind it; training and inference compute the same") {
  cpu_context ctx;
  network_fixture<group_norm_net> f({}, group_norm_input);
  auto training = f.make(ctx, run_mode::training);
  CHECK(training.tape().size() == 5);
  f.forward(ctx, training);
  tensor<float> expected(training.output_extents());
  copy(ctx, training.output(), expected.view());
  auto inference = f.make(ctx, run_mode::inference);
  f.forward(ctx, inference);
  CHECK(same_bits<float>(inference.output(), as_const(expected.view())));
}

TEST_CASE("group_norm: channels and groups that don't fit are refused") {
  check_error([&] { group_norm<float>(6, {.groups = 4}); }, "group_norm: 4 groups don't divide 6 channels");
  check_error([&] { group_norm<float>(6, {.groups = 0}); }, "group_norm: 0 groups don't divide 6 channels");
  tape<float> t;
  const group_norm<float> norm(6, {.groups = 2});
  const variable x = t.input({1, 2, 2, 4});
  check_error([&] { norm(t, x); }, "group_norm: x [1,2,2,4] (NHWC) has 4 channels, the layer 6");
}
