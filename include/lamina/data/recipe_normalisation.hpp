// lamina::data · SPDX-License-Identifier: Apache-2.0
// How a recipe makes floats of bytes: validation, prediction and pictures must do, and undo, the same.
#pragma once

#include <lamina/augment/containers.hpp>
#include <lamina/augment/conversion.hpp>
#include <lamina/augment/recipe.hpp>
#include <lamina/data/transform.hpp>

#include <array>
#include <optional>

namespace lamina {

namespace detail {

/// What a recipe's top-level steps make of a byte v so far: scale·v + offset, for each channel.
class conversion_of_recipe {
 public:
  explicit conversion_of_recipe(const augment::recipe& recipe) {
    if (const auto* steps = recipe.root().as<augment::sequential>())
      for (const augment::augmentation& step : steps->children) add(step);
    else
      add(recipe.root());
  }
  std::optional<normalisation> result() const {
    if (!floats_) return std::nullopt;
    normalisation n;
    for (std::size_t c = 0; c < 3; ++c) {
      const double deviation = 1 / (255 * scale_[c]);
      n.deviation[c] = static_cast<float>(deviation);
      n.mean[c] = static_cast<float>(-offset_[c] * deviation);
    }
    return n;
  }

 private:
  void add(const augment::augmentation& step) {
    if (const auto* s = step.as<augment::to_float>()) return divide(s->divisor);
    if (step.as<augment::div_by_255>() != nullptr) return divide(255);
    if (const auto* s = step.as<augment::normalize>()) return normalize(*s);
    if (floats_ ? rescales(step) : converts(step))
      fail("recipe: ", step.line().value_or("an augmentation"), floats_ ? " behind" : " instead of",
           " a conversion to floats: prediction can't repeat it; end with AugToFloat32, then AugNormalize, or leave "
           "bytes");
  }
  void divide(float divisor) {
    floats_ = true;
    for (std::size_t c = 0; c < 3; ++c) scale_[c] /= divisor, offset_[c] /= divisor;
  }
  void normalize(const augment::normalize& s) {
    floats_ = true;
    const auto of = [](const std::vector<float>& values, std::size_t c) { return values[values.size() == 1 ? 0 : c]; };
    require((s.mean.size() == 1 || s.mean.size() == 3) && (s.std.size() == 1 || s.std.size() == 3), "recipe: ",
            s.mean.size(), " means and ", s.std.size(), " deviations in AugNormalize; photographs have 3 channels");
    for (std::size_t c = 0; c < 3; ++c) {
      scale_[c] /= of(s.std, c);
      offset_[c] = (offset_[c] - of(s.mean, c)) / of(s.std, c);
    }
  }
  static bool rescales(const augment::augmentation& step) {
    return step.as<augment::scale_to>() != nullptr || step.as<augment::scale_from_to>() != nullptr || converts(step);
  }
  /// Whether a step inside a container makes floats.
  static bool converts(const augment::augmentation& step) {
    if (step.children() == nullptr)
      return step.as<augment::to_float>() != nullptr || step.as<augment::div_by_255>() != nullptr ||
             step.as<augment::normalize>() != nullptr;
    for (const augment::augmentation& child : *step.children())
      if (converts(child)) return true;
    return false;
  }

  bool floats_ = false;
  std::array<double, 3> scale_{1, 1, 1}, offset_{};
};

}  // namespace detail

/// The normalisation that a recipe ends with; nothing where it leaves bytes. Throws `error` where it makes floats in
/// another way than by AugToFloat32, AugDivBy255 and AugNormalize among its outermost steps.
inline std::optional<normalisation> normalisation_of(const augment::recipe& recipe) {
  return detail::conversion_of_recipe(recipe).result();
}

}  // namespace lamina
