// SPDX-License-Identifier: Apache-2.0
// What every augmentation that the language knows must keep. One that is added fails here until `augmentation_lines`
// has it.
#include <lamina/core/thread_pool.hpp>

#include "../support/augmentation.hpp"

using namespace lamina;
using namespace lamina::testing;
using augment::recipe;

namespace {

/// The recipes that try the augmentation or container of that name.
std::vector<std::string> recipes_of(std::string_view name) {
  const std::string children = "\n  AugRotate angle=[-90, 90]\n  AugMedianBlur side=[3, 5]\n  AugSalt p=[0, 0.1] "
                               "per_channel=0.5\nend";
  if (name == augment::sequential::name) return {std::string(name) + children};
  if (name == augment::one_of::name) return {std::string(name) + " p=0.9" + children};
  std::vector<std::string> texts;
  for (const std::string& line : augmentation_lines())
    if (line.substr(0, line.find(' ')) == name) texts.push_back(line);
  return texts;
}

/// What a recipe made, or why it refused.
struct outcome {
  std::optional<augment::augmented> made;
  std::string refusal;

  friend bool operator==(const outcome& a, const outcome& b) {
    if (!a.made || !b.made) return !a.made && !b.made && a.refusal == b.refusal;
    return same_picture(a.made->image, b.made->image) && same_picture(a.made->mask, b.made->mask);
  }
};
outcome outcome_of(cpu_context& ctx, const recipe& r, index_t sample, const tensor<std::uint8_t>& image,
                   const tensor<std::uint8_t>& mask) {
  try {
    return {r.apply(ctx, {.seed = 5, .sample = sample}, image.view(), mask.view()), {}};
  } catch (const error& e) {
    return {{}, e.what()};
  }
}

constexpr index_t samples = 2;

}  // namespace

TEST_CASE("known augmentations: each is tried here, and changes image or mask") {
  const outcome given{augment::augmented{smooth_picture(141, 93), ellipse_mask(141, 93)}, {}};
  for (const std::string_view name : augment::known_augmentations::names()) {
    CAPTURE(name);
    bool changed = false;
    for (const std::string& text : recipes_of(name))
      for (index_t sample = 0; sample < samples; ++sample) {
        cpu_context ctx;
        const outcome made = outcome_of(ctx, augment::parse_recipe(text, "r.aug"), sample, bytes(given.made->image),
                                        bytes(given.made->mask));
        CHECK(made.refusal == "");
        changed = changed || !(made == given);
      }
    CHECK(changed);
  }
}

TEST_CASE("known augmentations: the same pixels on every instruction set and with 1 and 4 workers") {
  // On bytes as they lie, on floats, and on bytes whose rows are the columns of what lies in memory.
  const std::string before[] = {"", "AugToFloat32 divisor=255 divisor_gt=255\n", "AugTranspose p=1\n"};
  thread_pool one(1), four(4);
  const auto m = ellipse_mask(141, 93);
  for (const index_t channels : {1, 3}) {
    const auto x = random_picture(141, 93, channels);
    for (const std::string_view name : augment::known_augmentations::names())
      for (const std::string& text : recipes_of(name))
        for (const std::string& first : before) {
          const std::string whole = "SequentialAugmentationContainer\n" + first + text + "\nend";
          CAPTURE(whole);
          CAPTURE(channels);
          const recipe r = augment::parse_recipe(whole, "r.aug");
          for (index_t sample = 0; sample < samples; ++sample) {
            cpu_context portable({.isa = isa::portable});
            const outcome expected = outcome_of(portable, r, sample, x, m);
            for_each_isa([&](cpu_context& here) {
              for (thread_pool* workers : {&one, &four}) {
                CAPTURE(workers->workers());
                cpu_context ctx({.workers = workers, .isa = here.isa()});
                CHECK(outcome_of(ctx, r, sample, x, m) == expected);
              }
            });
          }
        }
  }
}
