// lamina::data · SPDX-License-Identifier: Apache-2.0
// A recipe at work in a loader.
#pragma once

#include <lamina/augment/recipe.hpp>
#include <lamina/data/cache.hpp>
#include <lamina/data/transform.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace lamina {

namespace detail {

/// Canvases with a context each, lent to one thread at a time, so that their memory is used again.
class canvas_pool {
 public:
  struct easel {
    cpu_context ctx;
    augment::canvas canvas{ctx};
  };

  /// Calls body(canvas) with one that nobody else has.
  template <class Body>
  void with_canvas(Body&& body) {
    std::unique_ptr<easel> lent;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        lent = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (lent == nullptr) lent = std::make_unique<easel>();
    body(lent->canvas);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(lent));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<easel>> idle_;
};

inline void require_recipe_size(image_size from, image_size made, image_size wanted) {
  require(made == wanted, "recipe: it makes pictures of ", made, " pixels of those of ", from,
          ", but the network takes ", wanted, "; let it end with AugResizeDim dims=(", wanted.width, ",", wanted.height,
          ")");
}

}  // namespace detail

/// Carries out a recipe on each sample. Where the recipe leaves bytes, the image becomes (v/255 − mean)/deviation of
/// `of_bytes`, v/255 unless given, and the mask 1 where it is 128 or more, else 0; floats are taken as they are.
/// The transform throws `error` when what comes out has not the size or the channels of its place in the batch, or when
/// a mask of floats is not between 0 and 1.
///
///     loader training(dataset_source(data, {}), data.split("training"),
///                     recipe_transform(augment::read_recipe("ten_step.aug")), {.height = 512, .width = 512});
inline sample_transform recipe_transform(const augment::recipe& recipe,
                                         const normalisation& of_bytes = {{0, 0, 0}, {1, 1, 1}}) {
  return [recipe, of_bytes, pool = std::make_shared<detail::canvas_pool>()](
             const sample_place& place, tensor<std::uint8_t>& image, tensor<std::uint8_t>& mask, view<float> image_out,
             view<float> mask_out) {
    pool->with_canvas([&](augment::canvas& c) {
      const shape &from = image.extents(), &to = image_out.extents();
      c.start(image, mask, recipe.fuse());
      recipe.apply(place, c);
      detail::require_recipe_size({from.w, from.h}, c.size(), {to.w, to.h});
      require(c.channels() == to.c, "recipe: it makes ", c.channels(), " channels of ", from.c,
              ", but the network takes ", to.c);
      if (c.holds_bytes())
        c.map_pixels_to_float([by = of_bytes](float v, index_t channel) {
          const auto i = static_cast<std::size_t>(channel);
          return (v / 255 - by.mean[i]) / by.deviation[i];
        });
      c.write_image(image_out);
      c.write_mask(mask_out);
      for (index_t h = 0; h < to.h; ++h)
        for (index_t w = 0; w < to.w; ++w)
          require(mask_out(0, h, w, 0) >= 0 && mask_out(0, h, w, 0) <= 1, "recipe: it makes a mask with the value ",
                  mask_out(0, h, w, 0), ", not between 0 and 1; give its AugToFloat32 divisor_gt=255");
    });
  };
}

/// Throws `error` unless the recipe makes pictures of `height` × `width` of those of the size `from`: what can be told
/// before a run begins.
inline void check_recipe_size(const augment::recipe& recipe, image_size from, index_t height, index_t width) {
  const tensor<std::uint8_t> image({1, from.height, from.width, 3}), mask({1, from.height, from.width, 1});
  cpu_context ctx;
  augment::canvas c(ctx);
  c.start(image, mask, recipe.fuse());
  recipe.apply({}, c);
  detail::require_recipe_size(from, c.size(), {width, height});
}

/// Carries out a recipe's deterministic_prefix, for dataset_source_options::prepare: the source then keeps its result,
/// and the transform need only carry out the recipe's after_prefix.
inline std::function<void(sample_pixels&)> recipe_preparation(const augment::recipe& recipe) {
  return [prefix = recipe.deterministic_prefix()](sample_pixels& pixels) {
    augment::augmented made = prefix.apply({}, pixels.image.view(), pixels.mask.view());
    pixels.image = std::get<tensor<std::uint8_t>>(std::move(made.image));
    pixels.mask = std::get<tensor<std::uint8_t>>(std::move(made.mask));
  };
}

}  // namespace lamina
