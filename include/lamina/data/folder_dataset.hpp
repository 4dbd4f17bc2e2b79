// lamina::data · SPDX-License-Identifier: Apache-2.0
// Data sets without a file that describes them: folders of images beside folders of masks.
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/data/image_files.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lamina {

namespace detail {

struct folder_pair {
  std::string_view split, images, masks;
};

/// The layouts that are known. The first row whose two folders exist decides for its split.
inline constexpr std::array folder_layouts{
    // as the ISIC 2017 challenge ships them
    folder_pair{"training", "ISIC-2017_Training_Data", "ISIC-2017_Training_Part1_GroundTruth"},
    folder_pair{"validation", "ISIC-2017_Validation_Data", "ISIC-2017_Validation_Part1_GroundTruth"},
    folder_pair{"test", "ISIC-2017_Test_v2_Data", "ISIC-2017_Test_v2_Part1_GroundTruth"},
    // plain
    folder_pair{"training", "training/images", "training/masks"},
    folder_pair{"training", "training/images", "training/ground_truth"},
    folder_pair{"validation", "validation/images", "validation/masks"},
    folder_pair{"validation", "validation/images", "validation/ground_truth"},
    folder_pair{"test", "test/images", "test/masks"},
    folder_pair{"test", "test/images", "test/ground_truth"},
    // one undivided set
    folder_pair{"", "images", "masks"},
    folder_pair{"", "images", "ground_truth"},
};

inline void add_folder_pair(dataset& data, const std::filesystem::path& root, const folder_pair& pair,
                            missing_mask policy) {
  const std::filesystem::path mask_folder = root / pair.masks;
  auto masks = images_by_name(mask_folder);
  std::optional<sample> first_without;
  index_t without = 0;
  data.splits[std::string(pair.split)];
  for (auto& [name, image] : images_by_name(root / pair.images)) {
    sample entry;
    entry.image = image;
    entry.name = image.stem().string();
    if (const auto mask = masks.find(name); mask != masks.end()) {
      entry.mask = std::move(mask->second);
      masks.erase(mask);
    } else if (policy != missing_mask::keep) {
      if (without++ == 0) first_without = entry;
      continue;
    }
    add_sample(data, std::move(entry), std::string(pair.split));
  }
  if (first_without && policy == missing_mask::stop)
    throw file_error(
        first_without->image.string(),
        to_text("has no mask ", first_without->name, ".png or ", first_without->name, "_segmentation.png in ",
                mask_folder.string(), " (", without, without == 1 ? " image lacks" : " images lack", " one)"));
  for (auto& [name, mask] : masks) data.extra_masks.push_back(std::move(mask));
}

}  // namespace detail

/// The data set that lies in `root` in one of these layouts; splits that are not there are left out.
///
///     ISIC-2017_Training_Data/*.jpg   ISIC-2017_Training_Part1_GroundTruth/*_segmentation.png  (Validation, Test_v2)
///     training/images/*               training/masks/*  or  training/ground_truth/*            (validation, test)
///     images/*                        masks/*  or  ground_truth/*                              (no split)
///
/// An image and its mask have the same file name, but for the extension and a `_segmentation` or `_mask` of the mask.
/// Samples stand in the order of their names. Superpixel maps beside the images are ignored.
/// Nothing when `root` has none of the layouts. Throws `file_error` when images lack a mask (and `policy` is stop) or a
/// folder can't be read or holds no image.
inline std::optional<dataset> read_folder_dataset(const std::filesystem::path& root,
                                                  missing_mask policy = missing_mask::stop) {
  dataset data;
  data.name = std::filesystem::absolute(root / ".").lexically_normal().parent_path().filename().string();
  try {
    for (const detail::folder_pair& pair : detail::folder_layouts)
      if (!data.has_split(pair.split) && (!pair.split.empty() || data.splits.empty()) &&
          std::filesystem::is_directory(root / pair.images) && std::filesystem::is_directory(root / pair.masks))
        detail::add_folder_pair(data, root, pair, policy);
  } catch (const std::filesystem::filesystem_error& e) {
    throw file_error(e.path1().string(), e.code().message());
  }
  if (data.splits.empty()) return std::nullopt;
  data.splits.erase("");
  if (data.samples.empty()) throw file_error(root.string(), "its folders of images and masks hold no pair of them");
  return data;
}

}  // namespace lamina
