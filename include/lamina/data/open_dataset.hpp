// lamina::data · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/data/folder_dataset.hpp>
#include <lamina/data/yaml_dataset.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace lamina {

/// The data set at `path`, whatever it is: a file in the DeepHealth Toolkit Dataset Format, a folder in a layout of
/// `read_folder_dataset`, or a folder with one such file in it. By default every image must have a mask, as training
/// and evaluation need it; a data set for classification is opened with missing_mask::keep.
/// Throws `file_error` that says what was expected, or that names an image without mask.
inline dataset open_dataset(const std::filesystem::path& path, missing_mask policy = missing_mask::stop) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status))
    throw file_error(path.string(), "does not exist; expected a data set: a YAML file or a folder of images and masks");
  const auto described_by = [&](const std::filesystem::path& file) {
    dataset data = read_yaml_dataset(file);
    apply(policy, file.string(), data);
    return data;
  };
  if (!std::filesystem::is_directory(status)) return described_by(path);

  if (auto data = read_folder_dataset(path, policy)) return std::move(*data);
  std::vector<std::filesystem::path> descriptions;
  for (const auto& entry : std::filesystem::directory_iterator(path, failure))
    if (const auto extension = entry.path().extension(); extension == ".yml" || extension == ".yaml")
      descriptions.push_back(entry.path());
  if (descriptions.size() == 1) return described_by(descriptions.front());
  throw file_error(
      path.string(),
      to_text("no data set in this folder; expected training/images beside training/masks (or ground_truth; "
              "also validation, test), ISIC-2017_Training_Data beside ISIC-2017_Training_Part1_GroundTruth "
              "(also Validation, Test_v2), images beside masks, or one YAML file (found ",
              descriptions.size(), ")"));
}

}  // namespace lamina
