// SPDX-License-Identifier: Apache-2.0
// What changes how a step is computed, but not, or hardly, what it computes.
#include <lamina/train/trainer.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <cmath>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("the same bits under any limit of memory, which a run that goes on may change") {
  const temporary_folder folder, limited_folder;
  const train_result whole = train_once(tiny_options(folder.path()));
  CHECK(whole.plan.dropped_activations == 0);
  train_options o = tiny_options(limited_folder.path());
  o.memory_limit = whole.plan.planned_bytes() - 40'000;
  o.max_steps = 5;
  const train_result limited = train_once(o);
  CHECK(limited.plan.dropped_activations > 0);
  CHECK(limited.plan.recomputed_share > 0);
  CHECK(limited.plan.planned_bytes() <= o.memory_limit);
  o.max_steps = o.memory_limit = 0;
  cpu_context ctx;
  trainer<float> rest(ctx, tiny_unet(), made_up_data(), o);
  rest.resume(open_checkpoint(limited_folder.path() / "checkpoint.safetensors"));
  CHECK(rest.run().weights_sha256 == whole.weights_sha256);
}

TEST_CASE("convolutions all computed directly: other bits, nearly the same weights") {
  train_options o = tiny_options();
  o.max_steps = 3;
  const auto weights_of = [&](bool direct) {
    cpu_context ctx;
    o.direct_convolutions = direct;
    trainer<float> t(ctx, tiny_unet("8"), made_up_data(), o);
    t.run();
    return t.weights().clone();
  };
  const auto winograd = weights_of(false), direct = weights_of(true);
  double difference = 0, norm = 0;
  for (index_t i = 0; i < direct.all().size(); ++i) {
    difference += std::pow(static_cast<double>(winograd.all()[i] - direct.all()[i]), 2);
    norm += std::pow(static_cast<double>(direct.all()[i]), 2);
  }
  CHECK(difference > 0);
  CHECK(difference < 1e-6 * norm);
}

TEST_CASE("the same bits whether parameters are updated layer by layer or all at once") {
  for (const optimizer_params& which : {optimizer_params{adam_params{.weight_decay = 1e-2f}},
                                        optimizer_params{sgd_params{.momentum = 0.9f}}}) {
    train_options o = tiny_options();
    o.optimizer = which;
    recorder by_layer, at_once;
    const train_result layered = train_once(o, &by_layer);
    o.clip_norm = 1e6f;  // never reached, but all gradients are needed to know that
    const train_result whole = train_once(o, &at_once);
    CHECK(layered.weights_sha256 == whole.weights_sha256);
    CHECK(layered.best_weights_sha256 == whole.best_weights_sha256);
    CHECK(layered.plan.parameter_bytes < whole.plan.parameter_bytes);
    for (std::size_t i = 0; i < by_layer.steps.size(); ++i)
      CHECK(by_layer.steps[i].gradient_norm == doctest::Approx(at_once.steps[i].gradient_norm).epsilon(1e-12));
  }
}
