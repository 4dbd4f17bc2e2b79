// lamina::data · SPDX-License-Identifier: Apache-2.0
// data: where training pictures come from: data sets on disk, made-up lesions, the loader that feeds a trainer.
// This file: what a data set is, whatever layout it was read from.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <cstddef>
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

/// What to do with an image that has no mask, for whatever reason. Training and evaluation need one: keep is for
/// prediction and for looking at a data set.
enum class missing_mask { stop, skip, keep };  // an error that names it; leave the image out; a sample without mask

/// Applies a policy to the samples without mask. Those left out are taken from the splits too; the others keep their
/// order. `source`, what the data set was read from, names it in the error.
/// Throws `file_error` that names the first of them when the policy is stop, or when it is skip and none would be left.
inline void apply(missing_mask policy, const std::string& source, dataset& data) {
  const auto lacks = [](const sample& entry) { return entry.mask.empty(); };
  const auto first = std::find_if(data.samples.begin(), data.samples.end(), lacks);
  if (first == data.samples.end() || policy == missing_mask::keep) return;
  const auto count = std::count_if(first, data.samples.end(), lacks);
  const bool all = count == static_cast<std::ptrdiff_t>(data.samples.size());
  if (policy == missing_mask::stop || all)
    throw file_error(source, to_text("image ", first - data.samples.begin(), ", ", first->image.string(),
                                     first->labels.empty() ? ", has no mask (" : ", has a class but no mask (",
                                     all ? "nor has any other: " : "", count, " of ", data.samples.size(),
                                     " images lack one)"));
  std::vector<index_t> place;  // of each sample among those that stay, −1 of the others
  for (index_t next = 0; const sample& entry : data.samples) place.push_back(lacks(entry) ? -1 : next++);
  for (auto& [name, samples] : data.splits) {
    for (index_t& number : samples) number = place[static_cast<std::size_t>(number)];
    std::erase(samples, -1);
  }
  std::erase_if(data.samples, lacks);
}

/// Adds `entry` and, unless `split_name` is empty, its position to that split.
inline void add_sample(dataset& data, sample entry, const std::string& split_name) {
  if (!split_name.empty()) data.splits[split_name].push_back(static_cast<index_t>(data.samples.size()));
  data.samples.push_back(std::move(entry));
}

}  // namespace lamina
