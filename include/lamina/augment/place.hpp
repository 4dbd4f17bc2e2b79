// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Where random numbers come from: a pure function of the place in a training run, so that any worker draws the same.
#pragma once

#include <lamina/core/random.hpp>

namespace lamina {

/// Where a sample stands in a training run: all that its random changes may depend on.
struct sample_place {
  std::uint64_t seed = 0;
  index_t epoch = 0, sample = 0;

  /// The stream of step `position` of a recipe.
  random_stream stream(std::uint32_t position) const {
    return random_stream({.seed = seed,
                          .purpose = random_purpose::augment,
                          .epoch = static_cast<std::uint32_t>(epoch),
                          .sample = static_cast<std::uint32_t>(sample),
                          .position = position});
  }
};

namespace augment {

/// Where a step stands: the sample that it changes, and its number in a walk through the recipe, each container before
/// its children. All children are counted, also those that are not chosen, so that a choice shifts nobody's numbers.
struct node_place {
  sample_place sample;
  std::uint32_t position = 0;

  random_stream stream() const { return sample.stream(position); }
};

}  // namespace augment

}  // namespace lamina
