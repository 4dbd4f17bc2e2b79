// SPDX-License-Identifier: Apache-2.0
// The command line of train_isic: what it may say, and what the trainer's options come to.
#pragma once

#include <lamina/augment/parse.hpp>
#include <lamina/models/network.hpp>
#include <lamina/train/options.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace train_isic {

using namespace lamina;

/// What the command line says, besides what goes straight into the library's own options.
struct command {
  std::string data, type = "float", device = "cpu", name;
  std::string loss = "bce_dice", optimizer = "adamw", schedule = "cosine";
  std::filesystem::path out = "run", checkpoints, images, resume, weights;
  network_description network{{"model", "unet"}, {"base_width", "64"}};
  std::string as, augmentation = "lesions";
  index_t size = 0, overlays = 8, queue_ratio = 2, threads = 0;
  std::size_t cache = dataset_source_options{}.cache_bytes;
  float learning_rate = 1e-3f, momentum = 0.9f;
  std::optional<float> weight_decay;
  std::vector<float> mean, deviation;
  bool pad = false, plan = false, no_train = false, no_test = false, no_fuse = false, save_images = false,
       skip = false, overwrite = false;
  train_options train;
};

/// Declares every option; where nothing is said, the library's defaults stand.
inline void declare(CLI::App& app, command& c) {
  app.option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  train_options& t = c.train;
  app.add_option("data", c.data, "a folder, a DeepHealth YAML file, synthetic, or synthetic:NUMBER of pictures")
      ->type_name("DATA");
  app.add_option("--out,-o", c.out, "folder for everything that is written");
  app.add_option("--name", c.name, "of the experiment: a folder in --out");
  app.add_option("--checkpoints", c.checkpoints, "folder for checkpoint and best weights [as --out]")
      ->type_name("DIR")
      ->default_str("");
  app.add_option("--images", c.images, "folder for pictures [as --out]")->type_name("DIR")->default_str("");
  app.add_option("--resume", c.resume, "folder of a checkpoint to go on from; its options are kept unless given again")
      ->type_name("DIR");
  app.add_option("--as", c.as, "all options as one of the two programs before had them: lab or pipeline")
      ->check(CLI::IsMember({"lab", "pipeline"}))
      ->default_str("");
  app.add_flag("--plan", c.plan, "print parameters, memory and FLOPs of a step, and end");

  app.option_defaults()->group("Network");
  const auto network = [&](const char* flag, const char* key, const char* help) {
    app.add_option_function<std::string>(
           flag, [&c, key](const std::string& value) { c.network[key] = value; }, help)
        ->default_str("");
  };
  network("--model,-m", "model", "unet, segnet or segnet_bn [unet]");
  network("--base", "base_width", "channels of the first level [64]");
  network("--depth", "depth", "poolings of a unet [4]");
  network("--bottleneck", "bottleneck", "channels of a unet's lowest level [as above it]");
  network("--upsampling", "upsampling", "of a unet: nearest, bilinear or transposed [nearest]");
  network("--skip-first", "skip_first", "true: concatenate [skip, up] [false]");
  network("--unpool-with-indices", "unpool_with_indices", "of a segnet; false: nearest upsampling [true]");
  network("--batch-norm", "batch_norm", "true or false [as the model has it]");
  network("--batch-norm-epsilon", "batch_norm_epsilon", "added to variances [1e-5]");
  network("--batch-norm-momentum", "batch_norm_momentum", "of running values, r = m r + (1-m) batch [0.9]");
  network("--batch-norm-unbiased", "batch_norm_unbiased_running_variance", "running variance by n-1 [true]");
  network("--activation-slope", "activation_slope", "of the ReLU's negative side [0]");
  network("--same-padding", "same_padding", "false: convolutions without padding, as in the paper [true]");
  network("--initializer", "initializer", "glorot or he [glorot]");
  network("--in-channels", "in_channels", "3, or 1 for grey [3]");
  network("--classes", "classes", "1: one logit of lesion, 2: softmax over skin and lesion [1]");
  app.add_flag("--pad", c.pad, "pad sizes that the network can't divide");
  app.add_option("--type", c.type, "activations are stored as")->check(CLI::IsMember({"float", "bfloat16"}));
  app.add_option("--load", c.weights, "weights to start from")->type_name("FILE");

  app.option_defaults()->group("Images");
  app.add_option("--size,-s", c.size, "height and width of the network's input [the augmentation's, else 256]")
      ->check(CLI::Range(1, 8192))
      ->default_str("");
  app.add_option("--batch,-b", t.batch_size, "images per batch");
  app.add_option("--workers", t.workers, "threads that read images")->check(CLI::Range(0, 256));
  app.add_option("--queue-ratio", c.queue_ratio, "batches read ahead per worker")->check(CLI::Range(1, 1000));
  app.add_option("--cache", c.cache, "memory for images that were read, such as 500M; 0: read them every epoch")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("BYTES");
  app.add_option("--augmentation,-a", c.augmentation, "of training: lesions, ten_step, pipeline, none, or a file")
      ->type_name("FILE");
  app.add_option("--mixup", t.mix.mixup, "blend the images of a batch by shares from Beta(a, a); 0: don't");
  app.add_option("--cutmix", t.mix.cutmix, "exchange a rectangle between them; likewise");
  app.add_flag("--no-fuse", c.no_fuse, "carry out each step of the augmentation on its own");
  app.add_flag("--drop-last", t.drop_last, "leave out an epoch's last batch unless it is full");
  app.add_flag("--skip-unreadable", c.skip, "leave out images that can't be read");
  app.add_option("--mean", c.mean, "of red, green, blue in [0,1], subtracted")->expected(3)->default_str("");
  app.add_option("--std", c.deviation, "of red, green, blue, divided by")->expected(3)->default_str("");

  app.option_defaults()->group("Training");
  app.add_option("--epochs,-e", t.epochs);
  app.add_option("--steps", t.max_steps, "end after so many steps; 0: no limit");
  app.add_option("--lr", c.learning_rate, "the highest learning rate");
  app.add_option("--schedule", c.schedule, "constant, polynomial, cosine, step or plateau");
  app.add_option("--warmup", t.warm_up, "steps in which the learning rate rises");
  app.add_option("--loss", c.loss, "bce, dice, bce_dice, focal, tversky, jaccard, lovasz, bce_original, dice_original");
  app.add_option("--optimizer", c.optimizer)
      ->check(CLI::IsMember({"adamw", "adam", "adam_original", "sgd", "nesterov"}));
  app.add_option("--weight-decay", c.weight_decay, "[0.01 for adamw, else 0]")->default_str("");
  app.add_option("--momentum", c.momentum, "of SGD; Adam's first beta");
  app.add_option("--accumulate", t.accumulate, "batches per step");
  app.add_option("--clip", t.clip_norm, "limit of the gradient's norm; 0: none");
  app.add_option("--ema", t.average_decay, "decay of the averaged weights; 0: none");
  app.add_option("--patience", t.patience, "end after so many epochs without progress; 0: never");
  app.add_option("--threshold", t.threshold, "of probabilities");
  app.add_option("--seed", t.seed);

  app.option_defaults()->group("Run");
  app.add_option("--device", c.device, "that computes")->check(CLI::IsMember({"cpu"}));
  app.add_option("--threads,-t", c.threads, "that compute; 0: one per core")->check(CLI::Range(0, 1024));
  app.add_flag("--direct", t.direct_convolutions, "convolve without Winograd's method: slower, less rounding");
  app.add_option("--memory", t.memory_limit, "for all of it, such as 900M; backward recomputes what it must; 0: none")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("BYTES");
  app.add_option("--checkpoint-every", t.checkpoint_every, "steps; 0: at the end of each epoch only");
  app.add_option("--overlays", c.overlays, "validation images to draw")->check(CLI::Range(0, 1000000));
  app.add_flag("--save-images", c.save_images, "draw them after every epoch");
  app.add_flag("--overwrite", c.overwrite, "in place of a run that --out holds");
  app.add_flag("--no-train,--skip-train", c.no_train, "only evaluate the weights of --load, or the best of --resume");
  app.add_flag("--no-test", c.no_test, "leave the test split alone");
}

inline optimizer_params optimizer_of(const command& c) {
  const float decay = c.weight_decay.value_or(c.optimizer == "adamw" ? 1e-2f : 0);
  if (c.optimizer == "sgd" || c.optimizer == "nesterov")
    return sgd_params{c.learning_rate, c.momentum, c.optimizer == "nesterov", decay};
  if (c.optimizer == "adam_original") {  // as the system that this library replaces had it
    require(decay == 0, "--weight-decay ", decay, ": adam_original has none; take adam or adamw");
    return adam_params{.learning_rate = c.learning_rate, .epsilon = 1e-6f, .epsilon_inside_root = true};
  }
  return adam_params{.learning_rate = c.learning_rate,
                     .beta1 = c.momentum,
                     .weight_decay = decay,
                     .decoupled_decay = c.optimizer == "adamw"};
}

/// What the originals had, as words of this command line; what the later program left open is as in the lab. Their
/// other loss is dice_original.
///   model  that was asked for; the original SegNet enlarged by nearest
inline std::vector<std::string> words_of_preset(const std::string& name, const std::string& model) {
  std::vector<std::string> words{"--model=unet",  "--base=64",           "--optimizer=adam_original",
                                 "--momentum=0.9", "--loss=bce_original", "--warmup=0",
                                 "--ema=0",        "--batch-norm-unbiased=false",
                                 "--no-fuse"};
  const std::vector<std::string> lab{"--size=224", "--batch=24",          "--lr=1e-5",
                                     "--epochs=30", "--schedule=constant", "--augmentation=ten_step",
                                     "--threshold=0.5"};
  const std::vector<std::string> pipeline{"--size=512",          "--batch=4",
                                          "--lr=7e-5",           "--epochs=200",
                                          "--schedule=polynomial", "--augmentation=pipeline",
                                          "--threshold=0.3",     "--drop-last",
                                          "--batch-norm-momentum=0.99", "--batch-norm-epsilon=1e-3"};
  if (model != "unet") words.push_back("--unpool-with-indices=false");
  const auto& rest = name == "lab" ? lab : pipeline;
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

/// The augmentation that was asked for, a recipe by name or from a file; and the size of the network's input, which is
/// the recipe's where it begins with one and no other was asked for.
inline void settle_augmentation(const command& c, train_options& t) {
  const index_t size = c.size > 0 ? c.size : 256;
  t.height = t.width = size;
  t.augmentation.reset();
  if (c.augmentation == "none") return;
  t.augmentation = augment::recipe_named(c.augmentation, {size, size});
  if (!t.augmentation) {
    if (!std::filesystem::exists(c.augmentation))
      throw file_error(c.augmentation, "no such augmentation: neither a file nor lesions, ten_step, pipeline or none");
    t.augmentation = augment::read_recipe(c.augmentation);
    if (const auto leading = leading_size_of(*t.augmentation); leading && c.size == 0) {
      t.height = leading->size.height;
      t.width = leading->size.width;
    }
  }
  t.augmentation = t.augmentation->with_fuse(!c.no_fuse);
}

/// Fills the trainer's options from the command's.
inline train_options options_of(const command& c) {
  train_options t = c.train;
  settle_augmentation(c, t);
  t.loss = loss_from_name(c.loss);
  t.optimizer = optimizer_of(c);
  t.schedule = schedule_curve_from_name(c.schedule);
  t.queue = std::max<index_t>(2, c.queue_ratio * t.workers);
  t.policy = c.skip ? reading_policy::skip : reading_policy::stop;
  require((c.mean.empty() && c.deviation.empty()) || !t.augmentation || !normalisation_of(*t.augmentation),
          "--mean and --std: the augmentation brings its own");
  if (!c.mean.empty()) std::copy_n(c.mean.begin(), 3, t.normalisation.mean.begin());
  if (!c.deviation.empty()) std::copy_n(c.deviation.begin(), 3, t.normalisation.deviation.begin());
  t.folder = c.checkpoints;
  return t;
}

}  // namespace train_isic
