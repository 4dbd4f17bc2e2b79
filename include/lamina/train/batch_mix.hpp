// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/mix.hpp>
#include <lamina/data/loader.hpp>

namespace lamina {

/// What is done to training batches as a whole; see augment/mix.hpp. At most one of the two is above 0.
struct batch_mix {
  float mixup = 0;   // α of the beta distribution; 0: not done
  float cutmix = 0;  // likewise

  bool any() const { return mixup > 0 || cutmix > 0; }
};

/// Mixes batches, by random numbers of their epoch and number alone.
class batch_mixer {
 public:
  batch_mixer(const batch_mix& how, std::uint64_t seed) : how_(how), seed_(seed) {}

  /// The batch itself where nothing is mixed; else one that holds until the next call.
  const batch& operator()(const batch& b) {
    if (!how_.any()) return b;
    const auto room_for = [](tensor<float>& room, const shape& extents) {
      if (room.size() < extents.size()) room = tensor<float>(extents, uninitialized);
      return view<float>(room.data(), extents);
    };
    const view<float> images = room_for(images_, b.images.extents()), masks = room_for(masks_, b.masks.extents());
    const random_stream random({.seed = seed_,
                                .purpose = random_purpose::mix,
                                .epoch = static_cast<std::uint32_t>(b.epoch),
                                .sample = static_cast<std::uint32_t>(b.number)});
    if (how_.mixup > 0)
      augment::mixup(random, how_.mixup, b.images, b.masks, images, masks);
    else
      augment::cutmix(random, how_.cutmix, b.images, b.masks, images, masks);
    mixed_ = {images, masks, b.samples, b.epoch, b.number};
    return mixed_;
  }

 private:
  batch_mix how_;
  std::uint64_t seed_;
  tensor<float> images_, masks_;
  batch mixed_;
};

}  // namespace lamina
