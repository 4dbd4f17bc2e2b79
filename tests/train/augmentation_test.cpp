// SPDX-License-Identifier: Apache-2.0
// What a recipe means to a trainer: its size, its normalisation, and what prediction must know of it.
#include <lamina/augment/parse.hpp>
#include <lamina/augment/print.hpp>
#include <lamina/data/folder_dataset.hpp>
#include <lamina/data/synthetic_dataset.hpp>
#include <lamina/predict/predictor.hpp>
#include <lamina/train/trainer.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

augment::recipe recipe_of(const std::string& steps) {
  return augment::parse_recipe("SequentialAugmentationContainer\n" + steps + "\nend\n", "test.aug");
}

}  // namespace

TEST_CASE("recipes by name are the texts in examples/recipes") {
  for (const std::string_view name : augment::recipe_names) {
    CAPTURE(name);
    const auto file = repository_folder() / "examples" / "recipes" / (std::string(name) + ".aug");
    CHECK(augment::to_text(*augment::recipe_named(name, {512, 512})) == augment::to_text(augment::read_recipe(file)));
  }
  CHECK(!augment::recipe_named("none", {512, 512}));
}

TEST_CASE("the normalisation that a recipe ends with") {
  CHECK(!normalisation_of(augment::lesions_recipe()));
  const auto ten_steps = normalisation_of(augment::ten_step_recipe());
  REQUIRE(ten_steps);
  CHECK(ten_steps->mean == std::array{.6681f, .5301f, .5247f});
  CHECK(ten_steps->deviation == std::array{.1337f, .1480f, .1595f});
  const auto halved = normalisation_of(recipe_of("AugToFloat32 divisor=127.5\nAugNormalize mean=1 std=(1, 2, 4)"));
  REQUIRE(halved);
  CHECK(halved->mean == std::array{.5f, .5f, .5f});
  CHECK(halved->deviation == std::array{.5f, 1.0f, 2.0f});
  CHECK(normalisation_of(recipe_of("AugDivBy255"))->deviation == std::array{1.0f, 1.0f, 1.0f});
  check_error([] { normalisation_of(recipe_of("AugDivBy255\nAugScaleTo new_min=0 new_max=1")); },
              "recipe: AugScaleTo new_min=0 new_max=1 behind a conversion to floats");
  check_error([] { normalisation_of(recipe_of("OneOfAugmentationContainer p=0.5\nAugDivBy255\nend")); },
              "recipe: OneOfAugmentationContainer p=0.5 instead of a conversion to floats");
}

TEST_CASE("the trainer takes the recipe's normalisation, and keeps it with the weights") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.epochs = 1;
  o.augmentation = recipe_of(
      "AugResizeDim dims=(32,32) interp=\"cubic\"\nAugMirror\nAugToFloat32 divisor=255 divisor_gt=255\n"
      "AugNormalize mean=0.5 std=0.25");
  train_once(o);
  const prediction_settings kept = weights_file::read(folder.path() / "best.safetensors").settings;
  CHECK(kept.mean == std::vector{0.5f, 0.5f, 0.5f});
  CHECK(kept.deviation == std::vector{0.25f, 0.25f, 0.25f});
  CHECK(kept.resampling == "cubic");
  CHECK(!kept.keep_aspect);
}

TEST_CASE("a recipe that keeps the aspect: prediction frames photographs likewise, and tells of the photograph only") {
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.epochs = 1;
  o.augmentation = recipe_of("AugLetterbox size=(32,32) border_value=90 interp=\"area\"\nAugMirror");
  train_once(o);
  const predictor<float> lesions(folder.path() / "best.safetensors");
  CHECK(lesions.settings().keep_aspect);
  CHECK(lesions.settings().around == 90);
  CHECK(lesions.settings().resampling == "area");
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  // A photograph of 96×48 pixels is seen as its frame of 96×96 pixels is, in whose middle it lies.
  const auto photo = synthetic_lesion(5, 1, 48, 96).image;
  tensor<std::uint8_t> frame({1, 96, 96, 3});
  frame.fill(90);
  for (index_t h = 0; h < 48; ++h)
    for (index_t w = 0; w < 96; ++w)
      for (index_t c = 0; c < 3; ++c) frame(0, h + 24, w, c) = photo(0, h, w, c);
  const tensor<float> own = session.probability(photo.view()), framed = session.probability(frame.view());
  CHECK(own.extents() == shape{1, 48, 96, 1});
  index_t differing = 0;
  for (index_t h = 2; h < 46; ++h)  // nearer to the edge, `framed` is interpolated with what lies around
    for (index_t w = 0; w < 96; ++w) differing += std::abs(own(0, h, w, 0) - framed(0, h + 24, w, 0)) > 1e-5f;
  CHECK(differing == 0);
}

TEST_CASE("bytes that a recipe leaves are normalised as validation does it") {
  train_options o = tiny_options();
  o.augmentation = recipe_of("AugMirror p=0");
  const auto filled = [&](bool training) {
    sample_pixels pixels;
    made_up_data().source(3, pixels);
    tensor<float> image({1, 32, 32, 3}), mask({1, 32, 32, 1});
    transform_of(o, training)({}, pixels.image, pixels.mask, image.view(), mask.view());
    return std::pair(std::move(image), std::move(mask));
  };
  const auto [image, mask] = filled(true);
  const auto [expected_image, expected_mask] = filled(false);
  check_close(image, expected_image, 1e-5);
  CHECK(same_bits<float>(mask.view(), expected_mask.view()));
}

TEST_CASE("photographs go through the recipe's resize once, and prediction resizes alike") {
  const temporary_folder folder;
  cpu_context ctx;
  write_synthetic_dataset(ctx.workers(), folder.path() / "data",
                          {.training = 6, .validation = 2, .test = 0, .height = 90, .width = 120});
  const dataset data = *read_folder_dataset(folder.path() / "data");
  train_options o = tiny_options(folder.path());
  o.epochs = 1;
  o.augmentation = recipe_of("AugResizeDim dims=(32,32) interp=\"nearest\"\nAugFlip");
  const train_data images = train_data_of(data, o);
  sample_pixels pixels;
  images.source(0, pixels);
  const auto photo = read_image(data.samples[0].image, {.channels = 3});
  CHECK(same_bits<std::uint8_t>(pixels.image.view(),
                                resized(photo.view(), interpolation::nearest, 32, 32).view()));

  class keep_first final : public train_observer {
   public:
    void evaluated(const evaluated_batch& e) override {
      if (e.final && first.empty()) first = copy_of(e.probabilities.images(0));
    }
    tensor<float> first;
  } seen;
  trainer<float> t(ctx, tiny_unet(), images, o);
  t.observe(seen);
  t.run();
  const predictor<float> lesions(folder.path() / "best.safetensors");
  predictor<float>::session session(lesions, ctx);
  const sample& first = data.samples[static_cast<std::size_t>(data.split("validation")[0])];
  const auto expected = resized(seen.first.view(), interpolation::linear, 90, 120);
  check_close(session.probability(first.image), expected, 1e-6);
}

TEST_CASE("the recipe on one line, with augmentations of the caller's own") {
  struct invert {
    void operator()(augment::canvas& c, random_stream&) const {
      c.map_pixels([](float v) { return 255 - v; });
    }
  };
  train_options o = tiny_options();
  o.epochs = 1;
  o.augmentation = augment::recipe(augment::sequential{
      invert{}, augment::one_of{.p = .5f, .children = {augment::mirror{}, augment::flip{.25f}}}}, false);
  CHECK(augmentation_text(o) ==
        "(not fused) SequentialAugmentationContainer { an augmentation of the caller's own; "
        "OneOfAugmentationContainer p=0.5 { AugMirror p=0.5; AugFlip p=0.25 } }");
  const temporary_folder folder;
  o.folder = folder.path();
  CHECK(train_once(o).steps == 4);
}

TEST_CASE("batches mixed: the same bits for any number of workers, and one mix at most") {
  const std::string plain = train_once(tiny_options()).weights_sha256;
  for (const batch_mix mix : {batch_mix{.mixup = 0.4f}, batch_mix{.cutmix = 1}}) {
    train_options o = tiny_options();
    o.mix = mix;
    const std::string expected = train_once(o).weights_sha256;
    CHECK(expected != plain);
    o.workers = 3;
    CHECK(train_once(o).weights_sha256 == expected);
  }
  train_options both = tiny_options();
  both.mix = {.mixup = 1, .cutmix = 0.5f};
  check_error([&] { train_once(both); },
              "trainer: mixup 1 and cutmix 0.5; expected 0 or more, and one of them at most");
}

TEST_CASE("a recipe that does not fit is refused before training") {
  train_options o = tiny_options();
  const auto refused = [&](const std::string& steps, const std::string& expected) {
    o.augmentation = recipe_of(steps);
    check_error([&] { train_once(o); }, expected);
  };
  refused("AugResizeDim dims=(48,32)",
          "recipe: it makes pictures of 48×32 pixels of those of 48×32, but the network takes 32×32");
  refused("AugLetterbox size=(48,32)",
          "recipe: it makes pictures of 48×32 pixels of those of 48×32, but the network takes 32×32");
  refused("AugCenterCrop\nAugMirror", "recipe: AugCenterCrop stands in front");
  refused("AugResizeDim dims=(32,32)\nAugCenterCrop\nAugMirror",
          "recipe: AugCenterCrop stands in front, where validation and prediction can't repeat it; let the recipe "
          "begin with one AugResizeDim or AugLetterbox, or with a step that draws");
  refused("AugMirror\nAugResizeScale scale=(2,1)",
          "recipe: it makes pictures of 64×32 pixels of those of 32×32, but the network takes 32×32");
  refused("AugDivBy255\nAugScaleFromTo old_min=0 old_max=1 new_min=-1 new_max=1", "behind a conversion to floats");
}

TEST_CASE("the same bits for any number of workers, with the recipe of the library") {
  const std::string expected = train_once(tiny_options()).weights_sha256;
  train_options o = tiny_options();
  o.workers = 4;
  CHECK(train_once(o).weights_sha256 == expected);
  o.augmentation.reset();
  CHECK(train_once(o).weights_sha256 != expected);
}
