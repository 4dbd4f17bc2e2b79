// lamina::data · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/parallel.hpp>
#include <lamina/data/synthetic.hpp>
#include <lamina/image/write.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace lamina {

struct synthetic_dataset_options {
  index_t training = 200, validation = 50, test = 50;  // pictures
  index_t height = 256, width = 256;
  std::uint64_t seed = 1;
};

namespace detail {

inline void create_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw file_error(folder.string(), "can't be created: " + failure.message());
}

}  // namespace detail

/// Writes made-up lesions to `folder`: training|validation|test/images/*.jpg and masks/*_segmentation.png, a layout
/// that `open_dataset` reads. A split's first pictures are the same however many there are of it or of the others.
/// Throws `error` for impossible counts or sizes, `file_error` when a file can't be written.
inline void write_synthetic_dataset(executor& workers, const std::filesystem::path& folder,
                                    const synthetic_dataset_options& options = {}) {
  constexpr index_t pictures_per_split = 1'000'000;  // numbers set aside, so that no two splits share a picture
  const std::array<std::pair<const char*, index_t>, 3> splits{
      {{"training", options.training}, {"validation", options.validation}, {"test", options.test}}};
  index_t first = 0;
  for (const auto& [split, count] : splits) {
    require(count >= 0 && count <= pictures_per_split, "write_synthetic_dataset: ", count, " pictures for ", split);
    const std::filesystem::path images = folder / split / "images", masks = folder / split / "masks";
    if (count > 0) {
      detail::create_folder(images);
      detail::create_folder(masks);
    }
    workers.run(count, [&, first](index_t i, int) {
      const synthetic_picture picture = synthetic_lesion(options.seed, first + i, options.height, options.width);
      const std::string digits = std::to_string(i);
      const std::string name = "lesion_" + std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits;
      write_jpeg(images / (name + ".jpg"), picture.image.view());
      write_png(masks / (name + "_segmentation.png"), picture.mask.view(), {.bilevel = true});
    });
    first += pictures_per_split;
  }
}

}  // namespace lamina
