// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/recipes.hpp>
#include <lamina/data/cache.hpp>
#include <lamina/data/loader.hpp>
#include <lamina/data/recipe_normalisation.hpp>
#include <lamina/data/recipe_transform.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/ops/loss.hpp>
#include <lamina/train/batch_mix.hpp>
#include <lamina/train/observer.hpp>
#include <lamina/train/optimizer.hpp>
#include <lamina/train/schedule.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lamina {

/// How a network is trained. The defaults are the recipe that we advise.
struct train_options {
  index_t epochs = 30;
  index_t max_steps = 0;  // stop after so many updates; 0: no limit. The schedule looks at `epochs` only
  index_t batch_size = 16;
  index_t accumulate = 1;  // batches per update of the weights
  index_t height = 256, width = 256;
  std::uint64_t seed = 1;  // of the weights, the order of images, their random changes, dropout

  lamina::loss loss = bce_dice_params{};
  optimizer_params optimizer = adam_params{.learning_rate = 1e-3f, .weight_decay = 1e-2f};  // AdamW
  lamina::schedule::curve schedule = cosine_schedule{};
  index_t warm_up = 100;        // steps in which the learning rate rises; a tenth of the run at most
  float clip_norm = 0;          // gradients of a greater norm are shortened to it; 0: never
  float average_decay = 0.99f;  // of the moving average of the weights, which is validated and kept; 0: none

  std::optional<augment::recipe> augmentation = augment::lesions_recipe();  // of training images; nothing: none
  batch_mix mix = {};                                                       // of training batches
  sample_transform transform = {};           // instead of resizing, augmentation and normalisation, if given
  lamina::normalisation normalisation = {};  // where the augmentation leaves bytes; else its own is taken
  float threshold = 0.5f;  // of probabilities, in every figure

  int workers = 2;         // threads that read images
  index_t queue = 4;       // batches read ahead
  bool drop_last = false;  // leave out an epoch's last batch unless it is full
  reading_policy policy = reading_policy::stop;

  bool direct_convolutions = false;   // in training and its evaluations, never Winograd's method
  std::size_t memory_limit = 0;       // of train_plan::planned_bytes, met by recomputing in backward; 0: none
  index_t patience = 0;               // stop after so many epochs without a better validation IoU; 0: never
  index_t checkpoint_every = 0;       // steps between checkpoints, besides those at the end of each epoch; 0: none
  std::filesystem::path folder = {};  // of checkpoint.safetensors and best.safetensors; empty: no files
  text_map notes = {};                // kept in the checkpoint for whoever resumes
  const std::atomic<bool>* stop = nullptr;  // looked at after every step: save and end
};

/// How pictures come to their size in front of all that draws. Validation and prediction do the same.
struct leading_size {
  image_size size;
  interpolation method;
  bool keep_aspect = false;  // AugLetterbox, with this value around
  float around = 0;
};

/// What the AugResizeDim or AugLetterbox says that a recipe begins with; nothing where it begins with a step that
/// draws. Throws `error` where other steps that draw nothing stand in front, which validation and prediction could not
/// repeat.
inline std::optional<leading_size> leading_size_of(const augment::recipe& recipe) {
  const auto* steps = recipe.root().as<augment::sequential>();
  if (steps == nullptr || steps->children.empty() || !steps->children.front().deterministic()) return std::nullopt;
  const augment::augmentation& first = steps->children.front();
  std::optional<leading_size> found;
  if (const auto* stretched = first.as<augment::resize_dim>()) found = {stretched->dims, stretched->interp};
  if (const auto* framed = first.as<augment::letterbox>())
    found = {framed->size, framed->interp, true, framed->border_value};
  const bool alone = steps->children.size() == 1 || !steps->children[1].deterministic();
  if (!found || !alone)
    fail("recipe: ", steps->children[found ? 1 : 0].line().value_or("an augmentation"),
         " stands in front, where validation and prediction can't repeat it; let the recipe begin with one "
         "AugResizeDim or AugLetterbox, or with a step that draws");
  return found;
}

/// The options with the normalisation that the augmentation makes, if it makes one.
inline train_options settled(train_options o) {
  if (!o.transform && o.augmentation)
    if (const auto own = normalisation_of(*o.augmentation)) o.normalisation = *own;
  return o;
}

/// Throws `error` for options out of their range.
inline void check(const train_options& o) {
  require(o.epochs > 0 && o.batch_size > 0 && o.accumulate > 0 && o.max_steps >= 0 && o.patience >= 0 &&
              o.checkpoint_every >= 0 && o.warm_up >= 0,
          "trainer: ", o.epochs, " epochs, batch size ", o.batch_size, ", ", o.accumulate,
          " batches per step, at most ", o.max_steps, " steps, warm-up ", o.warm_up, ", patience ", o.patience,
          ", a checkpoint every ", o.checkpoint_every, " steps");
  require(o.clip_norm >= 0 && o.average_decay >= 0 && o.average_decay < 1, "trainer: clip_norm ", o.clip_norm,
          ", average_decay ", o.average_decay, "; expected 0 or more, and [0, 1)");
  require(o.threshold > 0 && o.threshold < 1, "trainer: threshold ", o.threshold, " is not between 0 and 1");
  require(o.mix.mixup >= 0 && o.mix.cutmix >= 0 && !(o.mix.mixup > 0 && o.mix.cutmix > 0), "trainer: mixup ",
          o.mix.mixup, " and cutmix ", o.mix.cutmix, "; expected 0 or more, and one of them at most");
  if (o.transform || !o.augmentation) return;
  const auto leading = leading_size_of(*o.augmentation);  // behind it, images have its size, else the network's
  check_recipe_size(*o.augmentation, leading ? leading->size : image_size{o.width, o.height}, o.height, o.width);
}

/// Pictures and which of them are for what.
struct train_data {
  sample_source source;
  std::vector<index_t> training, validation, test;  // the last two may be empty
  std::size_t source_bytes = 0;                     // that the source keeps in memory at most
};

/// How images become a network's input; only training changes them at random.
inline sample_transform transform_of(const train_options& o, bool training) {
  if (training && o.transform) return o.transform;
  if (training && o.augmentation) {
    const sample_transform augmented = recipe_transform(o.augmentation->after_prefix(), o.normalisation);
    if (leading_size_of(*o.augmentation)) return augmented;
    return [augmented](const sample_place& place, tensor<std::uint8_t>& image, tensor<std::uint8_t>& mask,
                       view<float> image_out, view<float> mask_out) {
      fit_image(image, image_out.extents().h, image_out.extents().w);
      fit_mask(mask, mask_out.extents().h, mask_out.extents().w);
      augmented(place, image, mask, image_out, mask_out);
    };
  }
  return basic_transform(o.normalisation);
}
/// How images are read, in order.
inline loader_options loading_of(const train_options& o) {
  return {.batch_size = o.batch_size,
          .height = o.height,
          .width = o.width,
          .seed = o.seed,
          .workers = o.workers,
          .queue = o.queue,
          .policy = o.policy};
}

/// How training images are read: shuffled, in one batch where there are fewer than the batch size.
inline loader_options training_loading_of(const train_options& o, const train_data& data) {
  loader_options loading = loading_of(o);
  loading.batch_size = std::min(o.batch_size, static_cast<index_t>(data.training.size()));
  loading.shuffle = true;
  loading.drop_last = o.drop_last;
  return loading;
}
/// Memory of a batch's images and masks.
inline std::size_t bytes_of_batch(const loader_options& o) {
  return static_cast<std::size_t>(o.batch_size * o.height * o.width * (3 + 1)) * sizeof(float);
}
/// Memory of the batches that a loader with these options holds.
inline std::size_t bytes_of(const loader_options& o) {
  return static_cast<std::size_t>(o.workers == 0 ? 2 : o.queue) * bytes_of_batch(o);
}

/// The part of a plan that needs no network: images, batches, steps, memory for reading.
inline train_plan plan_of(const train_options& o, const train_data& data) {
  train_plan plan;
  const auto count = [](const std::vector<index_t>& samples) { return static_cast<index_t>(samples.size()); };
  plan.training_images = count(data.training);
  plan.validation_images = count(data.validation);
  plan.test_images = count(data.test);
  plan.epochs = o.epochs;
  const loader_options loading = training_loading_of(o, data);
  plan.batches_per_epoch = loading.drop_last ? plan.training_images / loading.batch_size
                                             : ceil_div(plan.training_images, loading.batch_size);
  plan.source_bytes = data.source_bytes;
  plan.steps = o.epochs * ceil_div(plan.batches_per_epoch, o.accumulate);
  plan.loader_bytes = bytes_of(loading) + (o.mix.any() ? bytes_of_batch(loading) : 0);
  if (!data.validation.empty() || !data.test.empty()) plan.loader_bytes += bytes_of(loading_of(o));
  return plan;
}

/// The splits training, validation and test of a data set, brought to the trainer's size and cached in memory; where
/// the augmentation begins with a resize or a frame, by that.
/// Throws `error` when there is no training split.
inline train_data train_data_of(const dataset& data, const train_options& o,
                                std::size_t cache_bytes = dataset_source_options{}.cache_bytes) {
  dataset_source_options source{.height = o.height, .width = o.width, .cache_bytes = cache_bytes};
  if (!o.transform && o.augmentation && leading_size_of(*o.augmentation))
    source = {.cache_bytes = cache_bytes, .prepare = recipe_preparation(*o.augmentation)};
  const auto split = [&](const char* name) { return data.has_split(name) ? data.split(name) : std::vector<index_t>{}; };
  train_data all{dataset_source(data, source), data.split("training"), split("validation"), split("test")};
  const std::size_t samples = all.training.size() + all.validation.size() + all.test.size();
  all.source_bytes = source.height > 0  // else the images' own sizes are not known
                         ? std::min(cache_bytes, samples * static_cast<std::size_t>(source.height * source.width * 4))
                         : cache_bytes;
  return all;
}

}  // namespace lamina
