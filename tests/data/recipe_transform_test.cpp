// SPDX-License-Identifier: Apache-2.0
#include <lamina/augment/parse.hpp>
#include <lamina/data/folder_dataset.hpp>
#include <lamina/data/loader.hpp>
#include <lamina/data/recipe_transform.hpp>
#include <lamina/data/synthetic_dataset.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

sample_source made_up_lesions() {
  return [](index_t number, sample_pixels& pixels) {
    synthetic_picture made = synthetic_lesion(3, number, 60 + number % 7, 80);
    pixels = {std::move(made.image), std::move(made.mask)};
  };
}
augment::recipe recipe_of(const std::string& steps, bool fuse = true) {
  return augment::parse_recipe("SequentialAugmentationContainer\n" + steps + "\nend\n", "test.aug", fuse);
}
const std::string all_steps =
    "AugResizeDim dims=(40,32) interp=\"cubic\"\nAugMirror\nAugFlip\nAugRotate angle=[-180, 180]\n"
    "AugAdditivePoissonNoise lambda=[0, 10]\nAugGammaContrast gamma=[0.5, 1.5]\nAugGaussianBlur sigma=[0, 0.8]\n"
    "AugCoarseDropout p=[0, 0.03] drop_size=[0.02, 0.05] per_channel=0.25\nAugElasticTransform alpha=[5,9] "
    "sigma=[2,4]\n"
    "AugToFloat32 divisor=255 divisor_gt=255\nAugNormalize mean=0.6 std=(0.1, 0.2, 0.3)";

/// Every number of `epochs` epochs, one behind another.
std::vector<float> numbers_of(const sample_source& source, const sample_transform& transform, int workers, int epochs) {
  std::vector<index_t> samples(11);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<index_t>(100 + i);
  loader batches(source, samples, transform,
                 {.batch_size = 4, .height = 32, .width = 40, .shuffle = true, .seed = 5, .workers = workers});
  std::vector<float> all;
  for (int epoch = 0; epoch < epochs; ++epoch)
    while (const batch* b = batches.next()) {
      all.insert(all.end(), b->images.data(), b->images.data() + b->images.size());
      all.insert(all.end(), b->masks.data(), b->masks.data() + b->masks.size());
    }
  return all;
}

/// What the transform of a recipe makes of one picture, or the error that it throws.
void transform_once(const augment::recipe& recipe, tensor<float>& image, tensor<float>& mask) {
  synthetic_picture made = synthetic_lesion(3, 1, 60, 80);
  recipe_transform(recipe)({.seed = 1}, made.image, made.mask, image.view(), mask.view());
}

}  // namespace

TEST_CASE("recipe transform: the same batches for any number of workers") {
  const sample_transform transform = recipe_transform(recipe_of(all_steps));
  const auto expected = numbers_of(made_up_lesions(), transform, 0, 2);
  CHECK(expected.size() == 2 * 11 * 32 * 40 * 4);
  for (const int workers : {1, 4}) {
    CAPTURE(workers);
    CHECK(numbers_of(made_up_lesions(), transform, workers, 2) == expected);
  }
  const std::size_t half = expected.size() / 2;  // another epoch, other pictures
  CHECK(!std::equal(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(half),
                    expected.begin() + static_cast<std::ptrdiff_t>(half)));
}

TEST_CASE("recipe transform: what the recipe makes is what comes into the batch") {
  const auto recipe = recipe_of(all_steps);
  tensor<float> image({1, 32, 40, 3}), mask({1, 32, 40, 1});
  transform_once(recipe, image, mask);
  const synthetic_picture made = synthetic_lesion(3, 1, 60, 80);
  const auto expected = recipe.apply({.seed = 1}, made.image.view(), made.mask.view());
  CHECK(same_bits<float>(image.view(), std::get<tensor<float>>(expected.image).view()));
  CHECK(same_bits<float>(mask.view(), std::get<tensor<float>>(expected.mask).view()));
}

TEST_CASE("recipe transform: bytes are divided by 255, and masks cut at 128") {
  const auto recipe = recipe_of("AugResizeDim dims=(40,32) gt_interp=\"linear\"");
  tensor<float> image({1, 32, 40, 3}), mask({1, 32, 40, 1});
  transform_once(recipe, image, mask);
  const synthetic_picture made = synthetic_lesion(3, 1, 60, 80);
  const auto expected = recipe.apply({.seed = 1}, made.image.view(), made.mask.view());
  const auto &x = std::get<tensor<std::uint8_t>>(expected.image), &m = std::get<tensor<std::uint8_t>>(expected.mask);
  index_t bad = 0, between = 0;
  for (index_t i = 0; i < x.size(); ++i) bad += image[i] != static_cast<float>(x[i]) / 255;
  for (index_t i = 0; i < m.size(); ++i) {
    bad += mask[i] != (m[i] >= 128 ? 1.0f : 0.0f);
    between += m[i] > 0 && m[i] < 255;
  }
  CHECK(bad == 0);
  CHECK(between > 0);
}

TEST_CASE("recipe transform: what doesn't fit the network is refused in one line") {
  tensor<float> image({1, 32, 40, 3}), mask({1, 32, 40, 1});
  const std::string refusal =
      "recipe: it makes pictures of 50×32 pixels of those of 80×60, but the network takes 40×32; let it end with "
      "AugResizeDim dims=(40,32)";
  const auto wrong = recipe_of("AugResizeDim dims=(50,32)");
  check_error([&] { transform_once(wrong, image, mask); }, refusal);
  check_error([&] { check_recipe_size(wrong, {80, 60}, 32, 40); }, refusal);
  CHECK_NOTHROW(check_recipe_size(recipe_of(all_steps), {80, 60}, 32, 40));
  check_error([&] { transform_once(recipe_of("AugResizeDim dims=(40,32)\nAugToFloat32 divisor=255"), image, mask); },
              "recipe: it makes a mask with the value 255, not between 0 and 1; give its AugToFloat32 divisor_gt=255");
  tensor<float> grey({1, 32, 40, 1});
  check_error([&] { transform_once(recipe_of("AugResizeDim dims=(40,32)"), grey, mask); },
              "recipe: it makes 3 channels of 3, but the network takes 1");
}

TEST_CASE("recipe transform: the data source keeps the deterministic prefix") {
  const temporary_folder root;
  cpu_context ctx;
  write_synthetic_dataset(ctx.workers(), root.path(),
                          {.training = 3, .validation = 0, .test = 0, .height = 70, .width = 90});
  const dataset data = *read_folder_dataset(root.path());
  const auto recipe = recipe_of(all_steps, false);
  const sample_source plain = dataset_source(data, {});
  const sample_source prepared = dataset_source(data, {.prepare = recipe_preparation(recipe)});
  sample_pixels whole, kept;
  for (int round = 0; round < 2; ++round)
    for (const index_t number : data.split("training")) {
      prepared(number, kept);
      CHECK(kept.image.extents() == shape{1, 32, 40, 3});
      CHECK(kept.mask.extents() == shape{1, 32, 40, 1});
      plain(number, whole);
      tensor<float> image({1, 32, 40, 3}), mask({1, 32, 40, 1}), again(image.extents()), mask_again(mask.extents());
      const sample_place place{.seed = 1, .epoch = round, .sample = number};
      recipe_transform(recipe)(place, whole.image, whole.mask, image.view(), mask.view());
      recipe_transform(recipe.after_prefix())(place, kept.image, kept.mask, again.view(), mask_again.view());
      CHECK(same_bits<float>(image.view(), again.view()));
      CHECK(same_bits<float>(mask.view(), mask_again.view()));
    }
}
