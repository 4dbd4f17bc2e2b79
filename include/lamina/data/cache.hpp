// lamina::data · SPDX-License-Identifier: Apache-2.0
// Reading a sample's files, and keeping what was read: a JPEG is decoded and resized once, not once an epoch.
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/data/transform.hpp>
#include <lamina/image/fit.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace lamina {

/// Image [1,h,w,3] and mask [1,h,w,1] of a sample, in bytes.
struct sample_pixels {
  tensor<std::uint8_t> image, mask;
};

/// Gives sample number `sample`; called by several threads at once. `pixels` holds some earlier sample, whose memory
/// may be used again. Throws `file_error` for what a reading policy may skip.
using sample_source = std::function<void(index_t sample, sample_pixels& pixels)>;

/// Throws `file_error` that names the image when the sample has no mask: a mask of zeros in its place would say that
/// there is no lesion.
inline void require_mask(const sample& entry) {
  if (entry.mask.empty())
    throw file_error(entry.image.string(), to_text("sample '", entry.name, "' has ",
                                                   entry.labels.empty() ? "no mask" : "a class but no mask",
                                                   "; training and evaluation need one"));
}

/// Decodes a sample's image and mask and brings both to height × width (both 0: as they are). Throws `file_error` when
/// there is no mask, a file can't be read or the mask's size is not the image's, `error` when the sample has several
/// images.
inline sample_pixels read_sample(const sample& entry, index_t height = 0, index_t width = 0) {
  require_mask(entry);
  require(entry.further_images.empty(), entry.image.string(), ": the sample consists of ",
          entry.further_images.size() + 1, " images; only samples of one image can be read");
  sample_pixels pixels;
  const image_info info = probe_image(entry.image);
  pixels.image = read_fitted_image(entry.image, height, width);
  pixels.mask = read_image(entry.mask, {.channels = 1});
  if (const auto [N, H, W, C] = pixels.mask.extents(); H != info.height || W != info.width)
    throw file_error(entry.mask.string(), to_text("mask of ", W, "×", H, " pixels for an image of ", info.width, "×",
                                                  info.height, " (", entry.image.string(), ")"));
  if (height > 0 && width > 0) fit_mask(pixels.mask, height, width);
  return pixels;
}

/// Samples in memory, up to a number of bytes. What came first stays: in training every sample is wanted once an epoch,
/// so throwing out the oldest would throw out exactly what is wanted next. Safe to use from several threads.
class sample_cache {
 public:
  explicit sample_cache(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// The sample, or nullptr.
  std::shared_ptr<const sample_pixels> find(index_t sample) const {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(sample);
    return found == kept_.end() ? nullptr : found->second;
  }
  /// Keeps the sample if there is room. Returns it as `find` would.
  std::shared_ptr<const sample_pixels> keep(index_t sample, sample_pixels pixels) {
    const std::size_t size = pixels.image.bytes() + pixels.mask.bytes();
    auto shared = std::make_shared<const sample_pixels>(std::move(pixels));
    const std::lock_guard lock(mutex_);
    if (bytes_ + size <= limit_ && kept_.emplace(sample, shared).second) bytes_ += size;
    return shared;
  }
  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<index_t, std::shared_ptr<const sample_pixels>> kept_;
  std::size_t bytes_ = 0;
};

struct dataset_source_options {
  index_t height = 0, width = 0;                   // samples are brought to this size; 0: left as they are
  std::size_t cache_bytes = std::size_t{1} << 30;  // 0: every sample is read from its files each time
  std::function<void(sample_pixels&)> prepare{};   // done to each sample that was read, before it is kept
};

/// The samples of a data set on disk, resized and cached. `data` is copied as far as needed.
/// Throws `file_error` when a sample of some split (of the data set, if it has no splits) has no mask.
inline sample_source dataset_source(const dataset& data, const dataset_source_options& options) {
  for (const auto& [name, samples] : data.splits)
    for (const index_t number : samples) require_mask(data.samples.at(static_cast<std::size_t>(number)));
  if (data.splits.empty()) std::for_each(data.samples.begin(), data.samples.end(), require_mask);
  auto cache = std::make_shared<sample_cache>(options.cache_bytes);
  return [samples = data.samples, options, cache](index_t number, sample_pixels& pixels) {
    auto found = cache->find(number);
    if (!found) {
      const sample& entry = samples.at(static_cast<std::size_t>(number));
      sample_pixels read = read_sample(entry, options.height, options.width);
      if (options.prepare) options.prepare(read);
      found = cache->keep(number, std::move(read));
    }
    const auto copy = [](const tensor<std::uint8_t>& from, tensor<std::uint8_t>& to) {
      if (!(to.extents() == from.extents())) to = tensor<std::uint8_t>(from.extents(), uninitialized);
      std::copy_n(from.data(), from.size(), to.data());
    };
    copy(found->image, pixels.image);
    copy(found->mask, pixels.mask);
  };
}

}  // namespace lamina
