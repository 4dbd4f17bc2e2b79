// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/add.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/models/network.hpp>

#include "../support/network_fixture.hpp"

#include <map>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// `twice` runs two times, `never` not at all.
struct shared_layers {
  conv2d<float> first{3, 5}, twice{5, 5}, never{5, 2}, head{5, 1};

  variable operator()(tape<float>& t, variable x) const {
    x = first(t, x);
    return head(t, add(t, twice(t, twice(t, x)), x));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("first", first);
    visitor("twice", twice);
    visitor("never", never);
    visitor("head", head);
  }
};

/// Each parameter is given away once, with the bits that backward has when all gradients stay; a parameter that changes
/// as soon as its gradient is complete does not disturb the others.
template <class Network>
void check_by_layer(const Network& net, shape images, std::size_t limit) {
  cpu_context ctx;
  network_fixture<Network> whole(net, images), layered(net, images);
  auto p = whole.make(ctx, run_mode::training);
  whole.step(ctx, p);
  auto q = layered.make(ctx, run_mode::training, {.limit = limit, .gradients_by_layer = true});
  layered.forward(ctx, q);
  bce_with_logits_backward(ctx, q.output(), layered.target(q).view(), {}, q.output_gradient());
  std::map<std::string, int> taken;
  q.backward_by_layer(ctx, layered.weights, [&](const parameter_layout::entry& e, view<const float> g) {
    ++taken[e.name];
    CHECK_MESSAGE(same_bits<float>(g, as_const(whole.gradients[e])), e.name);
    fill(ctx, std::numeric_limits<float>::quiet_NaN(), layered.weights[e]);
  });
  for (const auto& e : whole.layout->entries()) CHECK(taken[e.name] == (e.parameter.trainable ? 1 : 0));
}

}  // namespace

TEST_CASE("gradients by layer have the same bits, and nobody reads a parameter that was given away") {
  for (const network_description& description :
       {network_description{{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}},
        {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"upsampling", "transposed"}},
        {{"model", "segnet"}, {"base_width", "2"}},
        {{"model", "segnet_bn"}, {"base_width", "2"}}}) {
    CAPTURE(description.at("model"));
    for (const std::size_t limit : {0u, 1u}) check_by_layer(make_network<float>(description), {2, 64, 64, 3}, limit);
  }
}

TEST_CASE("gradients by layer: of a layer that runs twice, the sum; of one that never runs, zero") {
  for (const std::size_t limit : {0u, 1u}) check_by_layer(shared_layers(), {2, 16, 16, 3}, limit);
}

TEST_CASE("gradients by layer take less memory than all of them") {
  cpu_context ctx;
  network_fixture<lamina::network<float>> f(make_network<float>({{"model", "unet"}, {"base_width", "16"}}),
                                            {1, 32, 32, 3});
  const auto all = f.make(ctx, run_mode::training), layered = f.make(ctx, run_mode::training,
                                                                     {.gradients_by_layer = true});
  const std::size_t set = static_cast<std::size_t>(f.layout->trainable_size()) * sizeof(float);
  CHECK(layered.plan().bytes_of(buffer_use::parameter_gradient) <= set);
  CHECK(layered.plan().block_bytes < all.plan().block_bytes + set / 2);
}

TEST_CASE("gradients by layer are asked for when a program is made") {
  cpu_context ctx;
  network_fixture<shared_layers> f({}, {1, 8, 8, 3});
  auto all = f.make(ctx, run_mode::training), layered = f.make(ctx, run_mode::training, {.gradients_by_layer = true});
  check_error([&] { layered.backward(ctx, f.weights, f.gradients); }, "planned with gradients_by_layer");
  check_error([&] { all.backward_by_layer(ctx, f.weights, [](const auto&, view<const float>) {}); },
              "not planned with gradients_by_layer");
}
