// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/activation.hpp>
#include <lamina/graph/add.hpp>
#include <lamina/graph/average_pool2d.hpp>
#include <lamina/graph/upsample2d.hpp>
#include <lamina/layers/conv2d.hpp>

#include "../support/network_fixture.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Context at three scales around each pixel: four readers of one variable, whose gradients meet.
struct pooling_net {
  conv2d<float> conv{3, 5}, low{5, 5}, all{5, 5, {.kernel = 1}}, head{5, 1, {.kernel = 1}};

  variable operator()(tape<float>& t, variable x) const {
    const variable a = relu(t, conv(t, x), 0.5f);
    const variable near = average_pool2d(t, a, {3, 1, padding2d::all(1), false});
    const variable far = upsample_nearest2d(t, low(t, average_pool2d(t, a)), 2);
    const variable whole = upsample_nearest2d(t, all(t, global_average_pool2d(t, a)), 8);
    return head(t, add(t, add(t, a, near), add(t, far, whole)));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv);
    visitor("low", low);
    visitor("all", all);
    visitor("head", head);
  }
};

}  // namespace

TEST_CASE("average_pool2d, global_average_pool2d: gradients inside a network") {
  check_network(pooling_net(), {2, 8, 8, 3});
}

TEST_CASE("average_pool2d: training and inference compute the same") {
  cpu_context ctx;
  network_fixture<pooling_net> f({}, {2, 8, 8, 3});
  auto training = f.make(ctx, run_mode::training);
  f.forward(ctx, training);
  tensor<float> expected(training.output_extents());
  copy(ctx, training.output(), expected.view());
  auto inference = f.make(ctx, run_mode::inference);
  f.forward(ctx, inference);
  CHECK(same_bits<float>(inference.output(), as_const(expected.view())));
}

TEST_CASE("average_pool2d: the extents that it records, and windows that don't fit") {
  tape<float> t;
  const variable x = t.input({2, 7, 9, 3});
  CHECK(t.extents(average_pool2d(t, x)) == shape{2, 3, 4, 3});
  CHECK(t.extents(average_pool2d(t, x, {3, 2, padding2d::all(1)})) == shape{2, 4, 5, 3});
  CHECK(t.extents(global_average_pool2d(t, x)) == shape{2, 1, 1, 3});
  check_error([&] { average_pool2d(t, x, {8, 1}); }, "average_pool2d: no window of 8×8 fits x [2,7,9,3] (NHWC)");
}
