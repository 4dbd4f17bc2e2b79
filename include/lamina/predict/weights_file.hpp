// lamina::predict · SPDX-License-Identifier: Apache-2.0
// predict: from a trained network to masks of photographs. This file: a trained network in a file.
#pragma once

#include <lamina/formats/safetensors.hpp>
#include <lamina/formats/sha256.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/graph/parameter_set.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/models/network.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace lamina {

/// All that prediction must know besides the network: how a photograph becomes its input, and its output a mask.
struct prediction_settings {
  index_t height = 256, width = 256;  // photographs are resized to this
  std::string resampling = "fitting";  // by area where they shrink, else linearly; or an interpolation's name
  bool keep_aspect = false;  // in the middle of the frame (`letterboxed`, which needs an interpolation), not stretched
  float around = 0;          // the value of the frame around them then, of [0, 255]
  // x = (v − mean) / deviation for each channel of v, red, green, blue in [0, 1]; the default is ISIC 2017's
  std::vector<float> mean = {0.67501814f, 0.5663187f, 0.52339128f};
  std::vector<float> deviation = {0.11092593f, 0.10669603f, 0.119005f};
  float threshold = 0.5f;  // lesion where the probability is at least this
};

template <class Settings, class Field>
requires std::same_as<std::remove_const_t<Settings>, prediction_settings>
void for_each_field(Settings& s, Field&& field) {
  field("height", s.height);
  field("width", s.width);
  field("resampling", s.resampling);
  field("keep_aspect", s.keep_aspect);
  field("around", s.around);
  field("mean", s.mean);
  field("deviation", s.deviation);
  field("threshold", s.threshold);
}

/// The version of the weights file's layout. A reader takes its own and older ones.
inline constexpr int weights_format_version = 1;

/// One entry per parameter, called prefix + name, with the parameter's four extents (filters OHWI).
inline void append_entries(std::vector<safetensors_entry>& entries, const std::string& prefix,
                           const parameter_set<cpu>& set) {
  for (const auto& e : set.layout().entries()) entries.push_back(make_entry(prefix + e.name, set[e]));
}

/// Throws one `file_error` that names the tensor and both shapes when the tensors whose names begin with `prefix` are
/// another network's: one is missing, has another shape, or belongs to no parameter. Fewer than four extents are
/// aligned to the right.
inline void check_entries(const safetensors_file& file, const std::string& prefix, const parameter_layout& layout) {
  const auto refuse = [&](const auto&... parts) {
    const auto model = file.metadata().find("network.model");
    throw file_error(file.path(),
                     to_text("weights of another network",
                             model == file.metadata().end() ? "" : " (" + model->second + ")", ": ", parts...));
  };
  for (const auto& e : layout.entries()) {
    const std::string name = prefix + e.name;
    if (!file.contains(name)) refuse("tensor '", name, "' ", e.parameter.extents, " is missing");
    std::vector<index_t> extents = file.entry(name).extents;
    if (extents.size() > 4) refuse("tensor '", name, "' has ", extents.size(), " extents");
    extents.insert(extents.begin(), 4 - extents.size(), 1);
    if (const shape found{extents[0], extents[1], extents[2], extents[3]}; found != e.parameter.extents)
      refuse("tensor '", name, "' is ", found, ", the network's is ", e.parameter.extents);
  }
  for (const auto& entry : file.entries())
    if (entry.name.starts_with(prefix) && layout.find(entry.name.substr(prefix.size())) == nullptr)
      refuse("tensor '", entry.name, "' belongs to none of its parameters");
}

/// Fills `set` from the tensors called prefix + name. Throws `file_error` as `check_entries` does.
inline void read_entries(const safetensors_file& file, const std::string& prefix, parameter_set<cpu>& set) {
  check_entries(file, prefix, set.layout());
  for (const auto& e : set.layout().entries()) {
    const tensor<float> values = file.read<float>(prefix + e.name);
    std::copy(values.begin(), values.end(), set[e].data());
  }
}

/// The digest of every value of a network: equal digests, equal bits.
inline std::string weights_sha256(const parameter_set<cpu>& weights) {
  return sha256_hex(std::as_bytes(std::span(weights.all().data(), static_cast<std::size_t>(weights.all().size()))));
}

/// Writes a trained network in one step: a safetensors file with hierarchical names (`encoder.0.0.conv.weight`), in its
/// metadata a format version, the network's description (`network.…`), the settings (`prediction.…`) and `notes`.
/// Throws `file_error` when it can't be written; what was there before then stays.
inline void save_weights(const std::filesystem::path& path, const parameter_set<cpu>& weights,
                         const network_description& network, const prediction_settings& settings,
                         const text_map& notes = {}) {
  safetensors_metadata metadata = notes;
  metadata["format"] = "lamina.weights";
  metadata["format_version"] = value_to_text(weights_format_version);
  metadata["filters"] = "OHWI";
  add_part(metadata, "network.", network);
  for_each_field(settings, text_writer{metadata, "prediction."});
  std::vector<safetensors_entry> entries;
  append_entries(entries, "", weights);
  write_safetensors(path, std::move(entries), metadata);
}

/// A weights file, read and checked for what it says of itself.
struct weights_file {
  safetensors_file file;
  network_description network;
  prediction_settings settings;

  /// Throws `file_error`: no safetensors file, not written by `save_weights`, or by a newer version.
  static weights_file read(const std::filesystem::path& path) {
    weights_file read{safetensors_file(path), {}, {}};
    const text_map& metadata = read.file.metadata();
    const auto format = metadata.find("format");
    if (format == metadata.end() || format->second != "lamina.weights")
      throw file_error(path.string(), "not a weights file: its metadata lack format = lamina.weights");
    int version = 0;
    text_reader{metadata, "", path.string()}("format_version", version);
    if (version < 1 || version > weights_format_version)
      throw file_error(path.string(), to_text("weights of format version ", version, "; this program reads up to ",
                                              weights_format_version));
    read.network = part_of(metadata, "network.");
    prediction_settings& s = read.settings;
    for_each_field(s, text_reader{metadata, "prediction.", path.string()});
    constexpr index_t limit = 8192;
    if (s.height < 1 || s.width < 1 || s.height > limit || s.width > limit || s.mean.size() != 3 ||
        s.deviation.size() != 3)
      throw file_error(path.string(),
                       to_text("prediction at ", s.width, "×", s.height, " pixels with ", s.mean.size(), " means and ",
                               s.deviation.size(), " deviations; expected 1 to ", limit, " pixels, 3 and 3"));
    if (!interpolation_named(s.resampling) && (s.resampling != "fitting" || s.keep_aspect))
      throw file_error(path.string(), "prediction with the resampling '" + s.resampling + "', which is unknown" +
                                          (s.keep_aspect ? " where the aspect is kept" : ""));
    for (const float d : s.deviation)
      if (!(d > 0)) throw file_error(path.string(), to_text("prediction with a deviation of ", d, "; must be above 0"));
    return read;
  }

  /// Throws `file_error` when the weights are not those of a network with this layout.
  void check(const parameter_layout& layout) const { check_entries(file, "", layout); }
  /// Fills the weights of a network. Throws `file_error` when they are another network's.
  void load(parameter_set<cpu>& weights) const { read_entries(file, "", weights); }
};

/// Throws `file_error` that names the option and both values when the file's weights are those of a network that
/// computes something else, although its tensors may have the same shapes.
inline void require_same_network(const weights_file& file, const network_description& network) {
  for (const auto& [option, value] : network) {
    const bool of_training = option == "initializer" || option == "batch_norm_momentum" ||
                             option == "batch_norm_unbiased_running_variance";
    const auto found = file.network.find(option);
    if (!of_training && found != file.network.end() && found->second != value)
      throw file_error(file.file.path(), to_text("weights of a network with ", option, " = ", found->second,
                                                 "; this one has ", value));
  }
}

}  // namespace lamina
