// lamina::data · SPDX-License-Identifier: Apache-2.0
// data: where training pictures come from: data sets on disk, made-up lesions, the loader that feeds a trainer.
// This file: what a data set is, whatever layout it was read from.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/scalar.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

/// One picture and what is known of it.
struct sample {
  std::filesystem::path image;
  std::filesystem::path mask;                 // empty: there is none
  std::string name;                           // the image's file name without extension; results are saved under it
  std::vector<index_t> labels;                // classification: positions in dataset::classes
  std::map<std::string, std::string> values;  // feature → value, as text
  std::vector<std::filesystem::path> further_images;  // of a sample that consists of several files
};

/// Pictures and how they are divided for training, validation and test.
struct dataset {
  std::string name, description;
  std::vector<std::string> classes;  // empty: segmentation
  std::vector<std::string> features;
  std::vector<sample> samples;
  std::map<std::string, std::vector<index_t>> splits;  // name → positions in `samples`
  std::vector<std::filesystem::path> extra_masks;      // masks found beside the others that belong to no image

  bool has_split(std::string_view split_name) const { return splits.count(std::string(split_name)) != 0; }

  /// The samples of a split. Throws `error` that names the splits there are.
  const std::vector<index_t>& split(std::string_view split_name) const {
    const auto found = splits.find(std::string(split_name));
    if (found != splits.end()) return found->second;
    std::string known;
    for (const auto& [other, samples_of_it] : splits) known += (known.empty() ? "" : ", ") + other;
    fail("data set '", name, "' has no split '", split_name, "'; it has ", known.empty() ? "none" : known);
  }
};

/// Adds `entry` and, unless `split_name` is empty, its position to that split.
inline void add_sample(dataset& data, sample entry, const std::string& split_name) {
  if (!split_name.empty()) data.splits[split_name].push_back(static_cast<index_t>(data.samples.size()));
  data.samples.push_back(std::move(entry));
}

}  // namespace lamina
