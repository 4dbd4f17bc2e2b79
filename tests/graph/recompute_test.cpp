// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/recompute.hpp>
#include <lamina/models/network.hpp>

#include "../support/network_fixture.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

const shape recompute_extents{2, 64, 64, 3};

const std::vector<network_description> recompute_networks{
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}},
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"batch_norm", "false"}},
    {{"model", "unet"}, {"base_width", "2"}, {"upsampling", "transposed"}},
    {{"model", "segnet"}, {"base_width", "2"}},
    {{"model", "segnet_bn"}, {"base_width", "2"}},
};

/// Forward, loss, backward, with a plan of its own.
template <class T>
struct limited_step : network_fixture<lamina::network<T>, T> {
  using base = network_fixture<lamina::network<T>, T>;
  cpu_context ctx;
  program<T> step_program;

  limited_step(const network_description& description, plan_options options)
      : base(make_network<T>(description), recompute_extents),
        step_program(base::make(ctx, run_mode::training, options)) {
    base::step(ctx, step_program);
  }
  const memory_plan& plan() const { return step_program.plan(); }
};

template <class T>
void check_same_bits(limited_step<T>& some, limited_step<T>& all) {
  CHECK(same_bits<float>(some.gradients.all(), all.gradients.all()));
  CHECK(same_bits<float>(some.weights.all(), all.weights.all()));  // running statistics
}

template <class T>
void check_limits(const network_description& description) {
  CAPTURE(description.at("model"));
  limited_step<T> all(description, {.rebuild = false}), cheap(description, {}), least(description, {.limit = 1});
  const std::size_t most = cheap.plan().bytes(), fewest = least.plan().bytes();
  CHECK(cheap.plan().dropped == 0);
  CHECK(cheap.plan().recomputed_flops == 0);
  CHECK(least.plan().dropped > 0);
  CHECK(least.plan().recomputed_flops > 0);
  CHECK(10 * fewest < 9 * most);
  check_same_bits(least, all);

  double share = least.plan().recomputed_share();
  for (const std::size_t part : {0u, 1u, 5u, 9u, 10u}) {  // tenths of the way to a plan without a limit
    const std::size_t limit = fewest + (most - fewest) * part / 10;
    limited_step<T> some(description, {.limit = limit});
    CHECK(some.plan().bytes() <= limit);
    CHECK(some.plan().recomputed_share() <= share);
    check_same_bits(some, all);
    share = some.plan().recomputed_share();
  }
  CHECK(share == 0);
  limited_step<T> refused(description, {.limit = fewest - 1});
  CHECK(refused.plan().bytes() == fewest);
}

}  // namespace

TEST_CASE("recompute: any limit that can be met is met, and the bits stay the same") {
  for (const auto& description : recompute_networks) check_limits<float>(description);
}

TEST_CASE("recompute: … with activations of 16 bits, too") {
  for (const auto& description : recompute_networks) check_limits<bfloat16>(description);
}

TEST_CASE("recompute: what is given up for a limit costs arithmetic only where the limit is below the plan") {
  cpu_context ctx;
  const auto net = make_network<float>({{"model", "unet"}, {"base_width", "16"}});
  const auto layout = std::make_shared<const parameter_layout>(net);
  workspace<> space;
  const auto plan_within = [&](std::size_t limit) {
    return program<float>(ctx, net, layout, {4, 128, 128, 3}, run_mode::training, space, {.limit = limit}).plan();
  };
  const memory_plan free = plan_within(0);
  CHECK(plan_within(free.bytes()).recomputed_flops == 0);
  const memory_plan tight = plan_within(free.bytes() * 4 / 5);
  CHECK(tight.bytes() <= free.bytes() * 4 / 5);
  CHECK(tight.recomputed_share() < 0.1);
}
