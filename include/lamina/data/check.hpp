// lamina::data · SPDX-License-Identifier: Apache-2.0
// What may be wrong with a data set, found before it costs a training run.
#pragma once

#include <lamina/core/parallel.hpp>
#include <lamina/data/dataset.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/read.hpp>
#include <lamina/image/resize.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

enum class finding_kind {
  // errors: the loader refuses these
  unreadable_image,
  unreadable_mask,
  missing_mask,
  size_differs,
  // warnings
  extra_mask,
  grey_mask,
  empty_mask,
  several_components,
  near_duplicate
};
inline constexpr std::array all_finding_kinds{
    finding_kind::unreadable_image, finding_kind::unreadable_mask,    finding_kind::missing_mask,
    finding_kind::size_differs,     finding_kind::extra_mask,         finding_kind::grey_mask,
    finding_kind::empty_mask,       finding_kind::several_components, finding_kind::near_duplicate};

constexpr std::string_view name(finding_kind kind) {
  switch (kind) {
    case finding_kind::unreadable_image: return "unreadable image";
    case finding_kind::unreadable_mask: return "unreadable mask";
    case finding_kind::missing_mask: return "image without mask";
    case finding_kind::size_differs: return "mask of another size";
    case finding_kind::extra_mask: return "mask without image";
    case finding_kind::grey_mask: return "grey mask";
    case finding_kind::empty_mask: return "empty mask";
    case finding_kind::several_components: return "mask of several components";
    default: return "near-duplicate across splits";
  }
}
constexpr bool is_error(finding_kind kind) { return kind <= finding_kind::size_differs; }

struct finding {
  finding_kind kind;
  std::filesystem::path file;
  std::string text;  // what exactly, without the file's name
};

struct check_options {
  int hash_distance = 10;      // of 64 bits: pairs farther apart are not compared any further
  double mean_difference = 4;  // of 255, over pictures of 32×32: pairs closer than that are near-duplicates
};

namespace detail {

/// A picture made so small that copies of it agree, and 64 bits that say where it grows brighter from left to right.
struct fingerprint {
  tensor<std::uint8_t> small;  // [1,32,32,3], or empty where the picture can't be read
  std::uint64_t hash = 0;
};

inline fingerprint fingerprint_of(view<const std::uint8_t> image) {
  fingerprint made;
  made.small = resized(image, interpolation::area, 32, 32);
  tensor<std::uint8_t> grey({1, 32, 32, 1}, uninitialized);
  rgb_to_grey(made.small.view(), grey.view());
  const tensor<std::uint8_t> tiny = resized(grey.view(), interpolation::area, 8, 9);
  for (index_t h = 0; h < 8; ++h)
    for (index_t w = 0; w < 8; ++w) made.hash = made.hash << 1 | (tiny(0, h, w + 1, 0) > tiny(0, h, w, 0) ? 1u : 0u);
  return made;
}

inline double mean_difference(const tensor<std::uint8_t>& a, const tensor<std::uint8_t>& b) {
  std::int64_t sum = 0;
  for (index_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

/// What is wrong with `file`, without its name at the front.
inline std::string reason(const error& e, const std::filesystem::path& file) {
  const std::string text = e.what(), front = file.string() + ": ";
  return text.compare(0, front.size(), front) == 0 ? text.substr(front.size()) : text;
}

/// `image` is empty where the image's header can't be read.
inline void check_mask(const sample& entry, const std::optional<image_info>& image, std::vector<finding>& findings) {
  tensor<std::uint8_t> mask;
  try {
    mask = read_image(entry.mask, {.channels = 1});
  } catch (const error& e) {
    findings.push_back({finding_kind::unreadable_mask, entry.mask, reason(e, entry.mask)});
    return;
  }
  const auto [N, H, W, C] = mask.extents();
  if (image && (H != image->height || W != image->width))
    findings.push_back({finding_kind::size_differs, entry.mask,
                        to_text(W, "×", H, " pixels, the image has ", image->width, "×", image->height)});
  const auto grey = [](std::uint8_t v) { return v != 0 && v != 255; };
  if (const auto first = std::find_if(mask.begin(), mask.end(), grey); first != mask.end())
    findings.push_back({finding_kind::grey_mask, entry.mask,
                        to_text(std::count_if(mask.begin(), mask.end(), grey),
                                " pixels are neither 0 nor 255, the first is ", static_cast<int>(*first))});
  if (const index_t count = count_components(mask); count == 0) {
    findings.push_back({finding_kind::empty_mask, entry.mask, "no pixel is inside"});
  } else if (count > 1) {
    findings.push_back({finding_kind::several_components, entry.mask, to_text(count, " components")});
  }
}

inline fingerprint check_sample(const sample& entry, std::vector<finding>& findings) {
  fingerprint made;
  std::optional<image_info> info;
  try {
    info = probe_image(entry.image);
    made = fingerprint_of(read_image(entry.image, {.channels = 3, .min_height = 64, .min_width = 64}).view());
  } catch (const error& e) {
    findings.push_back({finding_kind::unreadable_image, entry.image, reason(e, entry.image)});
  }
  if (entry.mask.empty()) {
    if (entry.labels.empty()) findings.push_back({finding_kind::missing_mask, entry.image, "has no mask"});
  } else {
    check_mask(entry, info, findings);
  }
  return made;
}

/// Pairs of alike pictures of which one is in a split and the other in another.
inline void find_near_duplicates(const dataset& data, const std::vector<fingerprint>& fingerprints,
                                 const check_options& options, std::vector<finding>& findings) {
  struct member {
    index_t sample;
    std::string_view split;
  };
  std::vector<member> members;
  for (const auto& [split, samples] : data.splits)
    for (const index_t sample : samples) members.push_back({sample, split});
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t j = i + 1; j < members.size(); ++j) {
      const auto [a, split_a] = members[i];
      const auto [b, split_b] = members[j];
      if (split_a == split_b || a == b) continue;
      const fingerprint& first = fingerprints[static_cast<std::size_t>(a)];
      const fingerprint& second = fingerprints[static_cast<std::size_t>(b)];
      if (std::popcount(first.hash ^ second.hash) > options.hash_distance || first.small.empty() ||
          second.small.empty())
        continue;
      if (const double difference = mean_difference(first.small, second.small); difference <= options.mean_difference)
        findings.push_back(
            {finding_kind::near_duplicate, data.samples[static_cast<std::size_t>(a)].image,
             to_text("(", split_a, ") is nearly ", data.samples[static_cast<std::size_t>(b)].image.string(), " (",
                     split_b, "): mean difference ", difference, " of 255 at 32×32")});
    }
}

}  // namespace detail

/// Reads every image and mask and reports, in the order of the samples: files that can't be read, images without mask
/// (unless they have a class) and masks without image, sizes that differ, masks with grey values and masks with no or
/// more than one 8-connected component; then pairs of pictures in different splits that are nearly the same, of which
/// the trained network would know the answer. Mirrored or cropped copies are not found.
inline std::vector<finding> check_dataset(executor& workers, const dataset& data, const check_options& options = {}) {
  std::vector<std::vector<finding>> found(data.samples.size());
  std::vector<detail::fingerprint> fingerprints(data.samples.size());
  workers.run(static_cast<index_t>(data.samples.size()), [&](index_t task, int) {
    const auto i = static_cast<std::size_t>(task);
    fingerprints[i] = detail::check_sample(data.samples[i], found[i]);
  });
  std::vector<finding> findings;
  for (const auto& of_sample : found) findings.insert(findings.end(), of_sample.begin(), of_sample.end());
  for (const auto& mask : data.extra_masks) findings.push_back({finding_kind::extra_mask, mask, "belongs to no image"});
  detail::find_near_duplicates(data, fingerprints, options, findings);
  return findings;
}

}  // namespace lamina
