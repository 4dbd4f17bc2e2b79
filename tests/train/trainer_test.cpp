// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/predict/predictor.hpp>
#include <lamina/train/trainer.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <algorithm>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("a tiny network learns made-up lesions") {
  train_options o = tiny_options();
  o.epochs = 12;
  o.optimizer = adam_params{.learning_rate = 1e-2f};
  recorder seen;
  const train_result r = train_once(o, &seen);
  CHECK(r.end == train_end::completed);
  CHECK(r.epochs == 12);
  CHECK(r.steps == 48);
  CHECK(seen.epochs.back().loss < 0.7 * seen.epochs.front().loss);
  CHECK(r.validation.iou() > 0.5);
  CHECK(r.validation.iou() == r.best_iou);
  CHECK(r.validation.images == 6);
  CHECK(r.test.images == 4);
  CHECK(r.images_per_second > 0);
  CHECK(seen.steps[3].images == 2);
  CHECK(seen.steps[3].learning_rate > seen.steps.back().learning_rate);
}

TEST_CASE("the memory is known before the first step") {
  cpu_context ctx;
  trainer<float> t(ctx, tiny_unet(), made_up_data(), tiny_options());
  const train_plan plan = t.plan();
  CHECK(plan.steps == 12);
  CHECK(plan.batches_per_epoch == 4);
  CHECK(plan.parameters == parameter_layout(tiny_unet()).trainable_count());
  CHECK(plan.block_bytes == t.step_program().plan().block_bytes);
  CHECK(plan.loader_bytes == 2 * 4 * 6 * 32 * 32 * 4 * sizeof(float));  // two loaders, four batches of six in each
  CHECK(plan.planned_bytes() == plan.parameter_bytes + plan.block_bytes + plan.scratch_bytes + plan.loader_bytes);
  CHECK(plan.planned_bytes() == t.run().plan.planned_bytes());
}

TEST_CASE("the same bits for any number of threads and workers") {
  const std::string expected = train_once(tiny_options()).weights_sha256;
  for (const int threads : {2, 5})
    for (const int workers : {0, 4}) {
      CAPTURE(threads);
      CAPTURE(workers);
      thread_pool pool(threads);
      cpu_context ctx(pool);
      train_options o = tiny_options();
      o.workers = workers;
      trainer<float> t(ctx, tiny_unet(), made_up_data(), o);
      CHECK(t.run().weights_sha256 == expected);
    }
  train_options other_seed = tiny_options();
  other_seed.seed = 2;
  CHECK(train_once(other_seed).weights_sha256 != expected);
}

TEST_CASE("checkpoints at step 0, every so many steps and at each epoch's end; the best when it improves") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.checkpoint_every = 3;
  recorder seen;
  train_once(o, &seen);
  CHECK(seen.files["checkpoint.safetensors"] == std::vector<index_t>{0, 3, 4, 6, 8, 9, 12, 12});
  for (std::size_t i = 0; i < seen.epochs.size(); ++i)
    if (seen.epochs[i].improved) CHECK(std::ranges::count(seen.files["best.safetensors"], seen.epochs[i].step) == 1);
  CHECK(seen.files["best.safetensors"].size() ==
        static_cast<std::size_t>(std::ranges::count(seen.epochs, true, &train_epoch::improved)));
}

TEST_CASE("two batches per step are one batch of twice the size") {
  const auto weights_after = [](index_t batch, index_t accumulate) {
    train_options o = tiny_options();
    o.epochs = 1;
    o.batch_size = batch;
    o.accumulate = accumulate;
    o.optimizer = sgd_params{.learning_rate = 0.1f};
    cpu_context ctx;
    trainer<float> t(ctx, tiny_unet("4", "false"), made_up_data(), o);  // batch norm sees each batch by itself
    CHECK(t.run().steps == 3);
    return t.weights().clone();
  };
  const auto joint = weights_after(8, 1), apart = weights_after(4, 2);  // 8, 8 and 4 images
  check_close(apart.all(), joint.all(), 1e-5);
}

TEST_CASE("unreadable images are skipped, counted and named; a step's gradient is the mean over those that were read") {
  const auto broken = [](index_t unreadable) {
    train_data data = made_up_data(5, 2, 0);
    data.source = [unreadable, source = data.source](index_t number, sample_pixels& pixels) {
      if (number == unreadable) throw file_error("lesion_" + value_to_text(number) + ".jpg", "no such file");
      source(number, pixels);
    };
    return data;
  };
  train_options o = tiny_options();
  o.epochs = 1;
  o.optimizer = sgd_params{.learning_rate = 0.1f};
  o.policy = reading_policy::skip;
  for (index_t unreadable = 0; unreadable < 5; ++unreadable) {  // one of them is the epoch's last batch
    CAPTURE(unreadable);
    o.batch_size = 1;
    o.accumulate = 5;
    cpu_context ctx;
    trainer<float> apart(ctx, tiny_unet("4", "false"), broken(unreadable), o);
    recorder seen;
    apart.observe(seen);
    const train_result r = apart.run();
    CHECK(r.steps == 1);
    CHECK(seen.steps.at(0).images == 4);
    CHECK(seen.epochs.at(0).skipped == 1);
    CHECK(r.skipped.at(unreadable) == "lesion_" + value_to_text(unreadable) + ".jpg: no such file");

    train_data readable = broken(unreadable);
    std::erase(readable.training, unreadable);
    o.batch_size = 4;
    o.accumulate = 1;
    trainer<float> joint(ctx, tiny_unet("4", "false"), readable, o);
    CHECK(joint.run().skipped.empty());
    check_close(apart.weights().all(), joint.weights().all(), 1e-5);
  }
  CHECK(train_once(tiny_options()).skipped.empty());
  cpu_context ctx;
  o.batch_size = 2;
  trainer<float> t(ctx, tiny_unet(), broken(6), o);  // of the validation
  const train_result r = t.run();
  CHECK(r.validation.images == 1);
  CHECK(r.validation.skipped == r.skipped);
  CHECK(r.skipped.size() == 1);
}

TEST_CASE("training ends for a reason, and says which") {
  train_options o = tiny_options();
  SUBCASE("step limit, in the middle of an epoch") {
    o.max_steps = 6;
    const train_result r = train_once(o);
    CHECK(r.end == train_end::step_limit);
    CHECK(r.steps == 6);
    CHECK(r.epochs == 1);
  }
  SUBCASE("early stopping") {
    o.epochs = 50;
    o.patience = 2;
    o.optimizer = sgd_params{.learning_rate = 0};  // nothing ever gets better
    o.average_decay = 0;
    o.loss = bce_with_logits_params{};
    const train_result r = train_once(o);
    CHECK(r.end == train_end::early_stopping);
    CHECK(r.epochs < 50);
  }
  SUBCASE("stop request") {
    const temporary_folder folder;
    std::atomic<bool> stop = false;
    class stop_after final : public train_observer {
     public:
      explicit stop_after(std::atomic<bool>& flag) : flag_(flag) {}
      void stepped(const train_step& s) override { flag_ = s.step == 5; }

     private:
      std::atomic<bool>& flag_;
    } stopping(stop);
    const std::string whole = train_once(o).weights_sha256;
    o.folder = folder.path();
    o.stop = &stop;
    const train_result r = train_once(o, &stopping);
    CHECK(r.end == train_end::stop_request);
    CHECK(r.steps == 5);
    CHECK(r.validation.values.empty());
    stop = false;
    cpu_context ctx;
    trainer<float> again(ctx, tiny_unet(), made_up_data(), o);
    again.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
    CHECK(again.run().weights_sha256 == whole);
  }
}

TEST_CASE("without a validation split the last weights are the best") {
  cpu_context ctx;
  train_options o = tiny_options();
  o.average_decay = 0;
  trainer<float> t(ctx, tiny_unet(), made_up_data(20, 0, 4), o);
  const train_result r = t.run();
  CHECK(r.best_epoch == 3);
  CHECK(r.weights_sha256 == r.best_weights_sha256);
  CHECK(r.validation.values.empty());
  CHECK(r.test.images == 4);
}

TEST_CASE("weights that were saved give the same figures again") {
  const temporary_folder folder;
  const train_result trained = train_once(tiny_options(folder.path()));
  cpu_context ctx;
  trainer<float> t(ctx, tiny_unet(), made_up_data(), tiny_options());
  t.load(weights_file::read(folder.path() / "best.safetensors"));
  const train_result r = t.test();
  CHECK(r.validation.values == trained.validation.values);
  CHECK(r.test.values == trained.test.values);
}

TEST_CASE("a network whose result is smaller than its input is trained on the middle of the masks") {
  cpu_context ctx;
  train_options o = tiny_options();
  o.epochs = 1;
  o.height = o.width = 44;
  trainer<float> t(
      ctx, make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"depth", "1"}, {"same_padding", "false"}}),
      made_up_data(6, 2, 0, 44), o);
  CHECK(t.step_program().output_extents().h < 44);
  CHECK(t.run().validation.images == 2);
}

TEST_CASE("two classes, skin and lesion: trained by softmax, kept, and predicted with") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.epochs = 8;
  o.optimizer = adam_params{.learning_rate = 1e-2f};
  cpu_context ctx;
  trainer<float> t(ctx, make_network<float>({{"model", "unet"}, {"base_width", "4"}, {"depth", "2"}, {"classes", "2"}}),
                   made_up_data(), o);
  CHECK(t.step_program().output_extents().c == 1);
  const train_result r = t.run();
  CHECK(r.validation.iou() > 0.4);

  const predictor<float> trained(folder.path() / "best.safetensors");
  predictor<float>::session session(trained, ctx);
  sample_pixels pixels;
  made_up_data().source(20, pixels);  // the first of the validation
  const tensor<float> p = session.probability(as_const(pixels.image.view()));
  CHECK(*std::ranges::min_element(p) < 0.5f);
  CHECK(*std::ranges::max_element(p) > 0.5f);
}

TEST_CASE("grey input, bfloat16, clipping, every loss") {
  train_options o = tiny_options();
  o.epochs = 1;
  o.clip_norm = 0.1f;
  cpu_context ctx;
  for (const auto& known : known_losses) {
    CAPTURE(known.first);
    o.loss = known.second;
    recorder seen;
    trainer<bfloat16> t(
        ctx, make_network<bfloat16>({{"model", "unet"}, {"base_width", "2"}, {"depth", "1"}, {"in_channels", "1"}}),
        made_up_data(8, 2, 0), o);
    t.observe(seen);
    CHECK(std::isfinite(t.run().validation.loss));
    CHECK(seen.steps[0].gradient_norm > 0);
  }
}

TEST_CASE("what can't be trained is refused in one clear line") {
  cpu_context ctx;
  const auto make = [&](const train_options& o) { trainer<float>(ctx, tiny_unet(), made_up_data(), o); };
  train_options o = tiny_options();
  SUBCASE("options") {
    o.epochs = 0;
    check_error([&] { make(o); }, "trainer: 0 epochs");
  }
  SUBCASE("size") {
    o.height = 30;
    check_error([&] { make(o); }, "unet: 30×32 pixels; height and width must be divisible by 4");
  }
  SUBCASE("memory") {
    o.memory_limit = 1;
    check_error([&] { make(o); }, " bytes are planned at the least, more than the limit of 1;");
    const std::size_t all = trainer<float>(ctx, tiny_unet(), made_up_data(), tiny_options()).plan().planned_bytes();
    std::size_t least = all;
    for (std::size_t step = all / 2; step > 0; step /= 2)
      try {
        o.memory_limit = least - step;
        least = trainer<float>(ctx, tiny_unet(), made_up_data(), o).plan().planned_bytes();
      } catch (const error&) {
      }
    CHECK(least < all);
    o.memory_limit = least - 1;
    check_error([&] { make(o); },
                to_text("trainer: ", least, " bytes are planned at the least, more than the limit of ", least - 1));
  }
  SUBCASE("no images") {
    check_error([&] { trainer<float>(ctx, tiny_unet(), made_up_data(0), o); }, "trainer: no training images");
  }
  SUBCASE("classes") {
    check_error(
        [&] {
          trainer<float>(ctx, make_network<float>({{"model", "unet"}, {"classes", "3"}}), made_up_data(), o);
        },
        "the network has 3 classes; lesions are told from skin with 1, or with 2 (skin and lesion)");
  }
  SUBCASE("a loss that is no number") {
    const temporary_folder folder;
    o.folder = folder.path();
    o.optimizer = sgd_params{.learning_rate = 1e30f};
    const std::string file = (folder.path() / "checkpoint.safetensors").string();
    check_error([&] { train_once(o); },
                "training: the loss is NaN in epoch 1, step 2, learning rate 1e+30; the last checkpoint is " + file +
                    " of step 0");
    CHECK(std::filesystem::exists(file));
  }
  SUBCASE("a gradient that is no number, of a loss that is one") {
    const temporary_folder folder;
    o.folder = folder.path();
    const auto net = tiny_unet("4", "false");
    parameter_set<cpu> weights(std::make_shared<const parameter_layout>(net));
    initialize(weights, 1);
    for (const auto& e : weights.layout().entries())
      if (e.name.starts_with("head")) std::fill_n(weights[e].data(), weights[e].size(), 0.0f);
    const auto start = folder.path() / "start.safetensors";
    save_weights(start, weights, net.description(), {});
    o.loss = bce_with_logits_params{.positive_weight = 1e12f};
    o.transform = [](const sample_place&, auto&, auto&, view<float> image, view<float> mask) {
      std::fill_n(image.data(), image.size(), 1e30f);
      std::fill_n(mask.data(), mask.size(), 1.0f);
    };
    trainer<float> t(ctx, tiny_unet("4", "false"), made_up_data(), o);
    t.load(weights_file::read(start));
    const std::string file = (folder.path() / "checkpoint.safetensors").string();
    check_error([&] { t.run(); }, "training: the gradient's norm is infinite in epoch 1, step 1, learning rate ");
    CHECK(t.weights().all()[0] == weights.all()[0]);
    parameter_set<cpu> kept(weights.clone());
    read_entries(open_checkpoint(file), "weights.", kept);
    CHECK(weights_sha256(kept) == weights_sha256(weights));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "best.safetensors"));
  }
  SUBCASE("a step too far for any number") {
    o.optimizer = sgd_params{.learning_rate = 1e30f, .weight_decay = 1e30f};
    check_error([&] { train_once(o); }, "training: the norm of the weights is ");
    check_error([&] { train_once(o); }, "in epoch 1, step 1, learning rate 1e+30; no checkpoint was asked for");
  }
  SUBCASE("a checkpoint of another run") {
    const temporary_folder folder;
    o.folder = folder.path();
    o.max_steps = 1;
    train_once(o);
    const auto resume = [&](network<float> net, const train_options& options) {
      trainer<float> t(ctx, std::move(net), made_up_data(), options);
      t.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
    };
    check_error([&] { resume(tiny_unet("6"), o); },
                "checkpoint.safetensors: made with base_width = 4, so training can't go on with 6");
    o.batch_size = 5;
    check_error([&] { resume(tiny_unet(), o); }, "made with batch_size = 6, so training can't go on with 5");
    o.batch_size = 6;
    o.direct_convolutions = true;
    check_error([&] { resume(tiny_unet(), o); }, "made with direct_convolutions = false, so training can't go on");
    check_error([&] { open_checkpoint(folder.path() / "best.safetensors"); }, "not a checkpoint");
    check_error([&] { weights_file::read(folder.path() / "checkpoint.safetensors"); }, "not a weights file");
  }
}
