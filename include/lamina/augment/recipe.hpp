// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/containers.hpp>

#include <algorithm>
#include <variant>

namespace lamina::augment {

/// What a recipe made: bytes or floats, as its last steps left them.
struct augmented {
  using picture = std::variant<tensor<std::uint8_t>, tensor<float>>;
  picture image;  // [1,H,W,C]
  picture mask;   // [1,H,W,1], empty where there was none
};

/// An augmentation, most often a container, with the numbers that its steps draw by and the way they are carried out.
///
///     const augment::recipe training(augment::sequential{
///         augment::resize_dim{{512, 512}, interpolation::cubic}, augment::mirror{.5}, augment::rotate{{-180, 180}}});
///     const auto [image, mask] = training.apply({.seed = 1, .epoch = 0, .sample = 17}, photo.view(), truth.view());
class recipe {
 public:
  explicit recipe(augmentation root, bool fuse = true) : recipe(std::move(root), fuse, 0) {}

  const augmentation& root() const { return root_; }
  bool fuse() const { return fuse_; }
  /// The same recipe with its steps carried out together, or each on its own.
  recipe with_fuse(bool fuse) const { return {root_, fuse, first_}; }

  /// Changes the picture that `start` put on the canvas; canvas::start's `fuse` should be this recipe's.
  void apply(const sample_place& place, canvas& c) const { root_.apply(c, {place, first_}); }

  /// The picture changed.
  ///   image  [1,H,W,C]
  ///   mask   [1,H,W,1], or an empty view: there is none
  augmented apply(cpu_context& ctx, const sample_place& place, view<const std::uint8_t> image,
                  view<const std::uint8_t> mask = {}) const {
    canvas c(ctx);
    c.start(image, mask, fuse_);
    apply(place, c);
    c.settle();
    const auto copy = [](const layer& l) {
      return std::visit([](const auto& x) { return augmented::picture(copy_of(x)); }, l.pixels());
    };
    return {copy(c.image_layer()), c.has_mask() ? copy(c.mask_layer()) : augmented::picture{}};
  }
  augmented apply(const sample_place& place, view<const std::uint8_t> image, view<const std::uint8_t> mask = {}) const {
    cpu_context here;
    return apply(here, place, image, mask);
  }

  /// The leading steps that make of the same picture always the same bytes, such as a resize: their result may be kept
  /// from epoch to epoch. Without such steps, a recipe that changes nothing.
  recipe deterministic_prefix() const {
    const auto* steps = root_.as<sequential>();
    if (steps == nullptr) return {sequential{}, fuse_, first_};
    return {sequential(std::vector(steps->children.begin(), first_random(*steps))), fuse_, first_};
  }
  /// The steps behind those. They draw the numbers that they draw in the whole.
  recipe after_prefix() const {
    const auto* steps = root_.as<sequential>();
    if (steps == nullptr) return *this;
    std::uint32_t first = first_;
    const auto rest = first_random(*steps);
    for (auto step = steps->children.begin(); step != rest; ++step) first += step->nodes();
    return {sequential(std::vector(rest, steps->children.end())), fuse_, first};
  }

 private:
  recipe(augmentation root, bool fuse, std::uint32_t first) : root_(std::move(root)), fuse_(fuse), first_(first) {
    constexpr std::uint32_t most = 1u << 24;  // random_stream's positions
    require(root_.nodes() + first <= most, "augment::recipe: ", root_.nodes(), " steps; at most ", most,
            " can be told apart");
  }
  static std::vector<augmentation>::const_iterator first_random(const sequential& steps) {
    return std::find_if_not(steps.children.begin(), steps.children.end(),
                            [](const augmentation& step) { return step.deterministic(); });
  }

  augmentation root_;
  bool fuse_;
  std::uint32_t first_;  // the root's number
};

}  // namespace lamina::augment
