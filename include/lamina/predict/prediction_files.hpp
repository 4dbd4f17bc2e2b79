// lamina::predict · SPDX-License-Identifier: Apache-2.0
// What is written of a prediction. Every file is written beside its place and renamed: never half a file.
#pragma once

#include <lamina/formats/npy.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/lesion_figures.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/regions.hpp>
#include <lamina/image/write.hpp>
#include <lamina/predict/ensemble.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <string>

namespace lamina {

/// How the probabilities are written, if at all: as a grey PNG of 16 bits, round(65535·p), or as float in a .npy file
/// [1,H,W,1].
enum class probability_format { none, png, npy };

struct prediction_files {
  std::filesystem::path folder;
  bool at_original = true, at_network = false;  // the sizes; of both, files of the latter are NAME_network_…
  probability_format probability = probability_format::none;
  bool overlays = true;
  float threshold = 0.5f;  // lesion where the probability is at least this
  postprocess_options after = {};  // of each mask, in its own pixels
};

/// The probability p in [0, 1] as round(65535·p).
///   probability  [1,H,W,1]
inline tensor<std::uint16_t> probability_samples(const tensor<float>& probability) {
  tensor<std::uint16_t> samples(probability.extents(), uninitialized);
  for (index_t i = 0; i < samples.size(); ++i)
    samples[i] = saturate_cast<std::uint16_t>(65535 * static_cast<double>(probability[i]));  // an exact product
  return samples;
}

namespace detail {

/// Writes mask, probability and overlay of one size and notes their names; returns the mask.
///   photo  to draw on, which this does; empty: no overlay
inline tensor<std::uint8_t> write_prediction_at(cpu_context& ctx, const prediction_files& options,
                                                const std::string& name, const std::string& prefix,
                                                tensor<float> probability, tensor<std::uint8_t> photo,
                                                view<const std::uint8_t> truth, nlohmann::ordered_json& line) {
  const auto named = [&](const std::string& what, const char* extension) {
    const auto path = options.folder / (name + "_" + prefix + what + extension);
    line[prefix + what] = path.string();
    return path;
  };
  const auto mask_path = named("mask", ".png");
  if (options.probability == probability_format::png)
    write_png(named("probability", ".png"), probability_samples(probability).view());
  if (options.probability == probability_format::npy) write_npy(named("probability", ".npy"), probability.view());
  tensor<std::uint8_t> mask = lesion_mask(ctx, probability, options.threshold);
  probability = {};  // its memory goes to what follows
  if (options.after != postprocess_options{}) mask = postprocess(ctx, mask.view(), options.after);
  write_png(mask_path, mask.view(), {.bilevel = true});
  if (!photo.empty()) {
    draw_overlay(photo.view(), mask.view(), truth);
    write_jpeg(named("overlay", ".jpg"), photo.view());
  }
  return mask;
}

}  // namespace detail

/// Figures of a mask, in its pixels; what an empty one has not is null.
inline void describe_mask(view<const std::uint8_t> mask, nlohmann::ordered_json& line) {
  const lesion_figures f = measure_lesion(mask);
  line["lesion_pixels"] = f.area;
  line["lesion_share"] = static_cast<double>(f.area) / static_cast<double>(mask.size());
  if (f.area > 0)
    line["bounding_box"] = {{"left", f.left}, {"top", f.top}, {"width", f.width}, {"height", f.height}};
  else
    line["bounding_box"] = nullptr;
  line["components"] = count_components(mask);
  line["centroid"] = {{"x", f.centroid.x}, {"y", f.centroid.y}};
  line["perimeter"] = f.perimeter;
  line["equivalent_diameter"] = f.equivalent_diameter;
  line["major_axis"] = f.major_axis;
  line["minor_axis"] = f.minor_axis;
  line["orientation"] = f.orientation;
  line["eccentricity"] = f.eccentricity;
  line["border_irregularity"] = f.border_irregularity;
  line["asymmetry"] = {{"about_major_axis", f.asymmetry_about_major},
                       {"about_minor_axis", f.asymmetry_about_minor},
                       {"score", f.asymmetry_score()}};
}

/// Writes the files of one photograph, NAME_mask.png, NAME_probability.png or .npy and NAME_overlay.jpg with the
/// prediction's outline red and the truth's green, and returns what a program says of it: the names of the files, and
/// figures of the mask, of the photograph's size where that is written.
///   made   what was predicted; used up
///   truth  [1,H,W,1] of the photograph's size, ≥ 128 inside, or empty
/// Throws `file_error` when a file can't be written, `error` when the truth has another size.
inline nlohmann::ordered_json write_prediction(cpu_context& ctx, const prediction_files& options,
                                               const std::filesystem::path& photo, photo_prediction made,
                                               view<const std::uint8_t> truth = {}) {
  const auto [N, H, W, C] = made.probability.extents();
  if (!truth.empty() && truth.extents() != made.probability.extents())
    throw file_error(photo.string(), to_text("has ", W, "×", H, " pixels, its truth ", truth.extents().w, "×",
                                             truth.extents().h));
  const std::string name = photo.stem().string();
  nlohmann::ordered_json line{{"image", photo.string()}, {"width", W}, {"height", H}};
  tensor<std::uint8_t> mask;
  if (options.at_network) {
    const shape e = made.network_probability.extents();
    tensor<std::uint8_t> small_truth;
    if (!truth.empty())
      small_truth = made.framed ? letterboxed(ctx, truth, {e.w, e.h}, interpolation::nearest)
                                : resized(ctx, truth, interpolation::nearest, e.h, e.w);
    if (!options.overlays) made.network_photo = {};
    mask = detail::write_prediction_at(ctx, options, name, options.at_original ? "network_" : "",
                                       std::move(made.network_probability), std::move(made.network_photo),
                                       small_truth.view(), line);
  }
  if (options.at_original) {
    if (!options.overlays)
      made.photo = {};
    else if (made.photo.empty())
      made.photo = read_image(photo, {.channels = 3});
    mask = detail::write_prediction_at(ctx, options, name, "", std::move(made.probability), std::move(made.photo),
                                       truth, line);
  }
  describe_mask(mask.view(), line);
  line["threshold"] = options.threshold;
  return line;
}

}  // namespace lamina
