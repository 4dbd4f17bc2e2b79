// lamina::data · SPDX-License-Identifier: Apache-2.0
// Masks and maps of probabilities in files: what some run predicted, and what is true.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/data/image_files.hpp>
#include <lamina/formats/npy.hpp>
#include <lamina/image/read.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace lamina {

/// The mask in an image file as 0 and 255: lesion where the grey value is 128 or more; of a file whose largest value is
/// 1, which then holds labels, where it is 1. [1,H,W,1]. Throws `file_error` as `read_image` does.
inline tensor<std::uint8_t> read_mask(const std::filesystem::path& file) {
  tensor<std::uint8_t> mask = read_image(file, {.channels = 1});
  const int least = *std::max_element(mask.begin(), mask.end()) == 1 ? 1 : 128;
  for (std::uint8_t& v : mask) v = v >= least ? 255 : 0;
  return mask;
}

/// The probability of lesion that a file holds for each pixel, [1,H,W,1]. A mask is probabilities of 0 and 1.
///   .npy      floats of [0, 1], or a mask of 0 and 255; H × W, or with extents of 1 before or behind
///   an image  grey of 8 or 16 bits, 0 for 0 and the largest possible value for 1; a file with no value but 0 and 1
///             holds labels
/// Throws `file_error`: as `read_npy` and `read_image` do, or for other values or extents.
inline tensor<float> read_probability(const std::filesystem::path& file) {
  if (extension_of(file) != ".npy") {
    const tensor<std::uint16_t> grey = read_image16(file, {.channels = 1});
    const std::uint16_t most = *std::max_element(grey.begin(), grey.end());
    const float one = most == 257 || most == 1 ? most : 65535;  // 257 is the 1 of 8 bits
    tensor<float> probability(grey.extents(), uninitialized);
    std::transform(grey.begin(), grey.end(), probability.begin(), [one](std::uint16_t v) { return v / one; });
    return probability;
  }
  const tensor<float> x = read_npy<float>(file);
  const auto [N, H, W, C] = x.extents();
  if (x.size() == 0 || N != 1 || (H != 1 && C != 1))
    throw file_error(file.string(), to_text("extents ", x.extents(), "; expected one map of H × W"));
  tensor<float> probability(C == 1 ? shape{1, H, W, 1} : shape{1, W, C, 1}, uninitialized);
  const bool mask = std::all_of(x.begin(), x.end(), [](float v) { return v == 0 || v == 255; });
  std::transform(x.begin(), x.end(), probability.begin(), [&](float v) {
    if (mask) return v / 255;
    if (!(v >= 0 && v <= 1))
      throw file_error(file.string(), to_text("holds ", v, "; expected probabilities of [0, 1], or 0 and 255 only"));
    return v;
  });
  return probability;
}

/// The name that an image shares with a prediction of it: the file name without extension and without what marks a mask
/// or, at its end, `_probability`.
inline std::string predicted_name(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  constexpr std::string_view mark = "_probability";
  const bool marked = stem.size() > mark.size() && lower_case(stem).ends_with(mark);
  return marked ? stem.substr(0, stem.size() - mark.size()) : pairing_name(file);
}

/// The masks and maps of probabilities in a folder, by predicted name. Of several files for one image the one that says
/// most is taken: NAME_probability.npy, NAME_probability.png, NAME_mask.png or NAME_segmentation.png, NAME.png. Passed
/// over are overlays, superpixels, hidden files, JPEGs, which are photographs, and what `predict` writes at the
/// network's size, NAME_network_…, beside that of NAME.
/// Throws `file_error` when there are none, or two of the same rank for one image, or the folder can't be read.
inline std::map<std::string, std::filesystem::path> predictions_by_name(const std::filesystem::path& folder) {
  const auto rank = [](const std::filesystem::path& file) {
    const bool probability = lower_case(file.stem().string()).ends_with("_probability");
    const bool mask = pairing_name(file) != file.stem().string();
    return (extension_of(file) == ".npy" ? 1 : 0) + (probability ? 4 : mask ? 2 : 0);
  };
  std::error_code problem;
  std::map<std::string, std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    const std::filesystem::path& file = entry.path();
    const std::string extension = extension_of(file);
    const bool numbers = extension == ".npy" && !entry.is_directory() && file.filename().string().front() != '.';
    if (!numbers && (!is_picture(entry) || extension == ".jpg" || extension == ".jpeg")) continue;
    if (lower_case(file.stem().string()).ends_with("_overlay")) continue;
    const auto [place, added] = found.emplace(predicted_name(file), file);
    if (added || rank(file) < rank(place->second)) continue;
    if (rank(file) == rank(place->second))
      throw file_error(std::max(file, place->second).string(),
                       "has the same name as " + std::min(file, place->second).filename().string() + " beside it");
    place->second = file;
  }
  if (problem) throw file_error(folder.string(), problem.message());
  if (found.empty()) throw file_error(folder.string(), "no masks or probabilities (.png, .npy) in this folder");
  std::erase_if(found, [&found](const auto& prediction) {
    const std::string& name = prediction.first;
    constexpr std::string_view mark = "_network";
    return name.ends_with(mark) && found.contains(name.substr(0, name.size() - mark.size()));
  });
  return found;
}

}  // namespace lamina
