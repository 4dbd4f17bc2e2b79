// SPDX-License-Identifier: Apache-2.0
#include <lamina/models/network.hpp>
#include <lamina/ops/adam.hpp>
#include <lamina/ops/ema.hpp>
#include <lamina/ops/gradient_clip.hpp>
#include <lamina/ops/loss.hpp>

#include "../support/network_fixture.hpp"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

using namespace lamina;
using namespace lamina::testing;

namespace {
std::atomic<long> allocations{0};
}

// every allocation of this program is counted
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes != 0 ? bytes : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t boundary) {
  ++allocations;
  const auto a = static_cast<std::size_t>(boundary);
  if (void* p = std::aligned_alloc(a, (bytes + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
// asan brings this one of its own unless it is replaced, too
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes != 0 ? bytes : 1);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

const shape batch_extents{2, 64, 64, 3};

struct fixture : network_fixture<lamina::network<float>> {
  explicit fixture(const network_description& description)
      : network_fixture(make_network<float>(description), batch_extents) {}
};

const std::vector<network_description> descriptions{
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}},
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"batch_norm", "false"}, {"activation_slope", "0.01"}},
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"upsampling", "bilinear"}, {"skip_first", "true"}},
    {{"model", "unet"}, {"base_width", "3"}, {"depth", "2"}, {"upsampling", "transposed"}},
    {{"model", "segnet"}, {"base_width", "2"}},
    {{"model", "segnet_bn"}, {"base_width", "2"}, {"unpool_with_indices", "false"}},
};

}  // namespace

TEST_CASE("program: gradients are the same bits whether activations are kept or rebuilt") {
  for (const auto& description : descriptions) {
    CAPTURE(description.at("model"));
    cpu_context ctx;
    fixture kept(description), rebuilt(description);
    auto with = rebuilt.make(ctx, run_mode::training), without = kept.make(ctx, run_mode::training, {.rebuild = false});
    rebuilt.step(ctx, with);
    kept.step(ctx, without);
    CHECK(same_bits<float>(rebuilt.gradients.all(), kept.gradients.all()));
    CHECK(same_bits<float>(rebuilt.weights.all(), kept.weights.all()));  // running statistics
    CHECK(with.plan().block_bytes <= without.plan().block_bytes);
  }
}

TEST_CASE("program: the same bits for 1, 2 and 5 threads") {
  for (const auto& description : descriptions) {
    CAPTURE(description.at("model"));
    cpu_context serial;
    fixture one(description);
    auto p = one.make(serial, run_mode::training);
    one.step(serial, p);
    for (const int threads : {2, 5}) {
      thread_pool pool(threads);
      cpu_context ctx(pool);
      fixture several(description);
      auto q = several.make(ctx, run_mode::training);
      several.step(ctx, q);
      CHECK(same_bits<float>(one.gradients.all(), several.gradients.all()));
    }
  }
}

TEST_CASE("program: gradients agree with central differences of the loss") {
  for (const auto& description : descriptions) {
    CAPTURE(description.at("model"));
    cpu_context ctx;
    fixture f(description);
    auto p = f.make(ctx, run_mode::training);
    f.step(ctx, p);
    f.check_gradient_along_itself(ctx, p);
  }
}

TEST_CASE("program: nothing is allocated after the first step, and memory is what the plan said") {
  for (const auto& description : descriptions) {
    CAPTURE(description.at("model"));
    cpu_context ctx;
    fixture f(description);
    auto p = f.make(ctx, run_mode::training);
    fill_random(p.input(), 1);
    p.forward(ctx, f.weights);
    p.backward(ctx, f.weights, f.gradients);
    CHECK(f.space.bytes() == p.plan().block_bytes);
    CHECK(ctx.scratch().capacity() == aligned_size(p.plan().scratch_bytes));
    const long before = allocations;
    p.forward(ctx, f.weights);
    p.backward(ctx, f.weights, f.gradients);
    CHECK(allocations - before == 0);
  }
}

TEST_CASE("program: nothing is allocated after the first inference, and memory is what the plan said") {
  for (const auto& description : descriptions) {
    CAPTURE(description.at("model"));
    cpu_context ctx;
    fixture f(description);
    auto p = f.make(ctx, run_mode::inference);
    p.forward(ctx, f.weights);
    CHECK(f.space.bytes() == p.plan().block_bytes);
    CHECK(ctx.scratch().capacity() == aligned_size(p.plan().scratch_bytes));
    const long before = allocations;
    p.forward(ctx, f.weights);
    CHECK(allocations - before == 0);
  }
}

TEST_CASE("program: a whole training step allocates nothing once the first has run") {
  for (const auto& description : descriptions) {
    for (const plan_options& options : {plan_options{}, {.limit = 1}, {.gradients_by_layer = true}}) {
      CAPTURE(description.at("model"));
      thread_pool pool(2);
      cpu_context ctx(pool);
      fixture f(description);
      auto p = f.make(ctx, run_mode::training, options);
      parameter_set<> m(f.layout), v(f.layout), average(f.layout);
      const auto images = random_tensor<float>(p.input_extents(), 1);
      const auto masks = random_tensor<float>(p.output_extents(), 2, 0, 1);
      index_t number = 0;
      const auto update = [&](view<const float> g, view<float> w, view<float> first, view<float> second) {
        adam_step(ctx, g, {}, number, w, first, second);
      };
      const auto step = [&] {
        ++number;
        copy(ctx, images.view(), p.input());
        p.forward(ctx, f.weights);
        loss_forward_backward<float>(ctx, p.output(), masks.view(), bce_dice_params{}, p.output_gradient());
        if (options.gradients_by_layer) {
          p.backward_by_layer(ctx, f.weights, [&](const parameter_layout::entry& e, view<const float> g) {
            update(g, f.weights[e], m[e], v[e]);
          });
        } else {
          fill(ctx, 0.0f, f.gradients.all());
          p.backward(ctx, f.weights, f.gradients);
          update(as_const(f.gradients.trainable()), f.weights.trainable(), m.trainable(), v.trainable());
        }
        ema_step(ctx, as_const(f.weights.all()), 0.9f, average.all());
        return global_norm(ctx, f.weights.all());
      };
      step();
      const long before = allocations;
      CHECK(std::isfinite(step()));
      CHECK(allocations - before == 0);
    }
  }
}

TEST_CASE("program: inference takes const parameters and less memory") {
  for (const auto& description : descriptions) {
    cpu_context ctx;
    fixture f(description);
    auto training = f.make(ctx, run_mode::training), inference = f.make(ctx, run_mode::inference);
    CHECK(inference.plan().block_bytes < training.plan().block_bytes);
    fill_random(inference.input(), 1);
    const parameter_set<>& weights = f.weights;
    inference.forward(ctx, weights);
    for (index_t i = 0; i < inference.output().size(); ++i) CHECK(std::isfinite(inference.output()[i]));
    check_error([&] { training.forward(ctx, weights); }, "training updates running statistics");
    check_error([&] { inference.output_gradient(); }, "made for inference");
  }
}

TEST_CASE("program: without batch norm, inference and training compute the same") {
  cpu_context ctx;
  fixture f({{"model", "segnet"}, {"base_width", "2"}});
  auto training = f.make(ctx, run_mode::training);
  fill_random(training.input(), 1);
  training.forward(ctx, f.weights);
  tensor<float> expected(training.output_extents());
  copy(ctx, training.output(), expected.view());
  auto inference = f.make(ctx, run_mode::inference);
  fill_random(inference.input(), 1);
  inference.forward(ctx, f.weights);
  CHECK(same_bits<float>(inference.output(), as_const(expected.view())));
}
