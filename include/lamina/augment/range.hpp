// lamina::augment · SPDX-License-Identifier: Apache-2.0
// What the parameters of augmentations are made of, beside numbers and names.
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/image/image_size.hpp>

namespace lamina::augment {

/// A number that is drawn anew for each picture, uniformly on [min, max); min where both are equal.
///
///     rotate{.angle = {-180, 180}}
struct range {
  float min = 0, max = 0;

  float draw(random_stream& stream) const { return stream.uniform(min, max); }

  friend constexpr bool operator==(const range&, const range&) = default;
};

}  // namespace lamina::augment
