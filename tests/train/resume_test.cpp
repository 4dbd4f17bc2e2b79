// SPDX-License-Identifier: Apache-2.0
#include <lamina/train/trainer.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Ends training when the first validation begins.
class crash_in_validation final : public train_observer {
 public:
  void evaluated(const evaluated_batch&) override { throw crash{}; }
};

}  // namespace

TEST_CASE("a run that crashed goes on bit for bit") {
  const auto options = [](const temporary_folder& folder) {
    train_options o = tiny_options(folder.path());
    o.checkpoint_every = 3;
    o.schedule = plateau_schedule{.patience = 0};
    return o;
  };
  const temporary_folder whole_folder;
  const train_result whole = train_once(options(whole_folder));
  for (const index_t step : {2, 8, 11}) {  // early, at the end of an epoch before it is saved, later in one
    CAPTURE(step);
    const temporary_folder folder;
    crash_after failing(step);
    CHECK_THROWS_AS(train_once(options(folder), &failing), crash);

    cpu_context ctx;
    trainer<float> again(ctx, tiny_unet(), made_up_data(), options(folder));
    again.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
    const train_result resumed = again.run();
    CHECK(resumed.plan.first_step == step / 3 * 3);
    CHECK(resumed.weights_sha256 == whole.weights_sha256);
    CHECK(resumed.best_weights_sha256 == whole.best_weights_sha256);
    CHECK(resumed.best_epoch == whole.best_epoch);
    CHECK(resumed.validation.values == whole.validation.values);
    CHECK(read_file(folder.path() / "best.safetensors", 1 << 24) ==
          read_file(whole_folder.path() / "best.safetensors", 1 << 24));
    CHECK(read_file(folder.path() / "checkpoint.safetensors", 1 << 24) ==
          read_file(whole_folder.path() / "checkpoint.safetensors", 1 << 24));
  }
}

TEST_CASE("resumed when all steps of an epoch were done: its row is complete") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.checkpoint_every = 4;
  recorder whole;
  train_once(o, &whole);
  crash_in_validation failing;
  CHECK_THROWS_AS(train_once(o, &failing), crash);
  cpu_context ctx;
  trainer<float> again(ctx, tiny_unet(), made_up_data(), o);
  again.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
  recorder seen;
  again.observe(seen);
  const train_result r = again.run();
  CHECK(r.plan.first_step == 4);
  CHECK(r.plan.first_epoch == 0);
  REQUIRE(seen.epochs.size() == 3);
  CHECK(seen.epochs[0].learning_rate == whole.epochs[0].learning_rate);
  CHECK(seen.epochs[0].loss == whole.epochs[0].loss);
  CHECK(std::isnan(seen.epochs[0].images_per_second));
  CHECK(seen.epochs[1].images_per_second > 0);
  CHECK(r.images_per_second > 0);
}

TEST_CASE("what decides the steps may not change when training goes on; the rest may") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.max_steps = 1;
  train_once(o);
  cpu_context ctx;
  const auto resume = [&](const train_options& options) {
    trainer<float> t(ctx, tiny_unet(), made_up_data(), options);
    t.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
    return t.run();
  };
  const auto refused = [&](const std::string& expected, auto&& change) {
    train_options changed = o;
    change(changed);
    check_error([&] { resume(changed); }, "checkpoint.safetensors: made with " + expected);
  };
  refused("epochs = 3, so training can't go on with 6", [](train_options& c) { c.epochs = 6; });
  refused("loss = bce_dice, so training can't go on with dice", [](train_options& c) { c.loss = dice_params{}; });
  refused("loss.dice.smoothing = 1, so training can't go on with 2",
          [](train_options& c) { c.loss = bce_dice_params{.dice = {.smoothing = 2}}; });
  refused("optimizer.learning_rate = 0.001,",
          [](train_options& c) { c.optimizer = adam_params{.learning_rate = 1e-4f, .weight_decay = 1e-2f}; });
  refused("optimizer.weight_decay = 0.01,", [](train_options& c) { c.optimizer = adam_params{.weight_decay = 0}; });
  refused("optimizer = adam,", [](train_options& c) { c.optimizer = sgd_params{}; });
  refused("schedule = cosine,", [](train_options& c) { c.schedule = polynomial_schedule{}; });
  refused("warm_up = 1,", [](train_options& c) { c.warm_up = 0; });
  refused("clip_norm = 0,", [](train_options& c) { c.clip_norm = 1; });
  refused("average_decay = 0.99,", [](train_options& c) { c.average_decay = 0.9f; });
  const std::string recipe = "augmentation = " + augmentation_text(o) + ", so training can't go on with ";
  refused(recipe + "SequentialAugmentationContainer { AugMirror p=0.5 }",
          [](train_options& c) { c.augmentation = augment::recipe(augment::sequential{augment::mirror{}}); });
  refused(recipe + "none", [](train_options& c) { c.augmentation.reset(); });
  refused("transform = false,", [](train_options& c) { c.transform = basic_transform(); });
  refused("mean = ", [](train_options& c) { c.normalisation.mean = {0, 0, 0}; });
  refused("drop_last = false,", [](train_options& c) { c.drop_last = true; });
  refused("accumulate = 1,", [](train_options& c) { c.accumulate = 2; });

  o.max_steps = 0;
  o.workers = 2;
  o.queue = 3;
  o.patience = 9;
  o.checkpoint_every = 2;
  o.policy = reading_policy::skip;
  CHECK(resume(o).weights_sha256 == train_once(tiny_options()).weights_sha256);

  // A schedule that doesn't look at the end lets the end move.
  const temporary_folder longer;
  o = tiny_options(longer.path());
  o.warm_up = 0;
  o.schedule = constant_schedule{};
  train_once(o);
  o.epochs = 5;
  trainer<float> t(ctx, tiny_unet(), made_up_data(), o);
  t.resume(open_checkpoint(longer.path() / "checkpoint.safetensors"));
  o.folder.clear();
  CHECK(t.run().weights_sha256 == train_once(o).weights_sha256);
}
