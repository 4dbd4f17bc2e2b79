// lamina::data · SPDX-License-Identifier: Apache-2.0
// Image files in folders, and which mask belongs to which image.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/image/extension.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

/// The files that were named, and the images in the folders that were named, by name.
/// Throws `file_error` for a folder without images.
inline std::vector<std::filesystem::path> image_files(const std::vector<std::filesystem::path>& named) {
  std::vector<std::filesystem::path> all;
  for (const auto& path : named) {
    if (!std::filesystem::is_directory(path)) {
      all.push_back(path);
      continue;
    }
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (has_image_extension(entry.path())) found.push_back(entry.path());
    if (found.empty()) throw file_error(path.string(), "no images in this folder");
    std::sort(found.begin(), found.end());
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

/// The name that an image and its mask share: the file name without extension and without what marks a mask.
inline std::string pairing_name(const std::filesystem::path& file) {
  std::string stem = file.stem().string();
  const std::string lower = lower_case(stem);
  for (const std::string_view mark : {"_segmentation", "_mask"})
    if (lower.size() > mark.size() && lower.ends_with(mark)) return stem.substr(0, stem.size() - mark.size());
  return stem;
}

/// Image files of a folder by pairing name, in the order of names; superpixel maps, hidden files and other kinds are
/// left out. Throws `file_error` when two files have the same name.
inline std::map<std::string, std::filesystem::path> images_by_name(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& file = entry.path();
    if (!has_image_extension(file)) continue;
    if (file.filename().string().front() == '.' || entry.is_directory()) continue;
    if (lower_case(file.stem().string()).ends_with("_superpixels")) continue;
    const auto [place, added] = found.emplace(pairing_name(file), file);
    if (!added)
      throw file_error(file.string(), "has the same name as " + place->second.filename().string() + " beside it");
  }
  return found;
}

}  // namespace lamina
