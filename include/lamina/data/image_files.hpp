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

/// Whether a folder's entry is a picture: called like one, and neither hidden nor a folder nor a superpixel map.
inline bool is_picture(const std::filesystem::directory_entry& entry) {
  const std::filesystem::path& file = entry.path();
  return has_image_extension(file) && !entry.is_directory() && file.filename().string().front() != '.' &&
         !lower_case(file.stem().string()).ends_with("_superpixels");
}

/// The name that an image and its mask share: the file name without extension and without what marks a mask.
inline std::string pairing_name(const std::filesystem::path& file) {
  std::string stem = file.stem().string();
  const std::string lower = lower_case(stem);
  for (const std::string_view mark : {"_segmentation", "_mask"})
    if (lower.size() > mark.size() && lower.ends_with(mark)) return stem.substr(0, stem.size() - mark.size());
  return stem;
}

/// Whether a file is called as a mask is (NAME_mask, NAME_segmentation) or as a drawing over a photograph
/// (NAME_overlay), so that it is no photograph itself.
inline bool is_named_as_result(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  return pairing_name(file) != stem || lower_case(stem).ends_with("_overlay");
}

/// The files that were named, whatever they are called, and the photographs in the folders that were named, by name:
/// pictures but masks and overlays, so that results saved among the photographs are not taken for some.
/// Throws `file_error` for a folder without photographs.
inline std::vector<std::filesystem::path> image_files(const std::vector<std::filesystem::path>& named) {
  std::vector<std::filesystem::path> all;
  for (const auto& path : named) {
    if (!std::filesystem::is_directory(path)) {
      all.push_back(path);
      continue;
    }
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (is_picture(entry) && !is_named_as_result(entry.path())) found.push_back(entry.path());
    if (found.empty()) throw file_error(path.string(), "no images in this folder");
    std::sort(found.begin(), found.end());
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

/// A folder's pictures by pairing name, in the order of names. Throws `file_error` when two have the same name.
inline std::map<std::string, std::filesystem::path> images_by_name(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!is_picture(entry)) continue;
    const std::filesystem::path& file = entry.path();
    const auto [place, added] = found.emplace(pairing_name(file), file);
    if (!added)
      throw file_error(file.string(), "has the same name as " + place->second.filename().string() + " beside it");
  }
  return found;
}

}  // namespace lamina
