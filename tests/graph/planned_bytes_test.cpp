// SPDX-License-Identifier: Apache-2.0
// What a plan asks for is what a step takes: not a byte more, and none in vain.
#include <lamina/models/network.hpp>

#include "../support/network_fixture.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

const std::vector<network_description> planned_networks{
    {{"model", "unet"}, {"base_width", "4"}},
    {{"model", "unet"}, {"base_width", "16"}, {"depth", "2"}, {"upsampling", "transposed"}},
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"batch_norm", "false"}, {"upsampling", "bilinear"}},
    {{"model", "segnet"}, {"base_width", "8"}},
    {{"model", "segnet_bn"}, {"base_width", "4"}},
};

template <class T>
void check_planned_bytes(const network_description& description, shape images, int threads, plan_options options) {
  CAPTURE(description.at("model"));
  CAPTURE(images);
  CAPTURE(threads);
  thread_pool pool(threads);
  cpu_context ctx(pool);
  network_fixture<lamina::network<T>, T> f(make_network<T>(description), images);
  auto p = f.make(ctx, run_mode::training, options);
  fill_random(p.input(), 1);
  p.forward(ctx, f.weights);
  fill_random(p.output_gradient(), 2);
  p.backward(ctx, f.weights, f.gradients);
  CHECK(f.space.bytes() == p.plan().block_bytes);
  CHECK(ctx.scratch().high_water() == p.plan().scratch_bytes);
  CHECK(ctx.scratch().capacity() == p.plan().scratch_bytes);

  cpu_context other(pool);
  auto q = f.make(other, run_mode::inference);
  q.forward(other, f.weights);
  CHECK(other.scratch().high_water() == q.plan().scratch_bytes);
}

}  // namespace

TEST_CASE("the plan's scratch is the arena's high-water mark, the plan's block the workspace") {
  for (const auto& description : planned_networks)
    for (const shape& images : {shape{1, 64, 64, 3}, shape{2, 32, 96, 3}})
      for (const int threads : {1, 2}) {
        check_planned_bytes<float>(description, images, threads, {});
        check_planned_bytes<bfloat16>(description, images, threads, {.limit = 1});
      }
}
