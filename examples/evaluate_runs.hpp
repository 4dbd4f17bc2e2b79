// SPDX-License-Identifier: Apache-2.0
// What evaluate compares: a run, which predicts each image, with the truth, at one or two resolutions.
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/cache.hpp>
#include <lamina/data/mask_files.hpp>
#include <lamina/data/open_dataset.hpp>
#include <lamina/image/letterbox.hpp>
#include <lamina/metrics/calibration.hpp>
#include <lamina/metrics/surface_distance.hpp>
#include <lamina/metrics/threshold_sweep.hpp>
#include <lamina/predict/photo_progress.hpp>
#include <lamina/predict/predictor.hpp>
#include <lamina/train/html_page.hpp>

#include <array>
#include <functional>
#include <ostream>
#include <set>

namespace evaluate_program {

using namespace lamina;

struct truth_image {
  std::string name;
  std::filesystem::path mask, image;  // image: empty where only masks were given
};

/// Network: the size at which a run predicts, the truth brought there by nearest, as in training. Native: the truth's
/// own, probabilities brought there linearly and masks by nearest.
enum class resolution { network, native };
inline std::string name(resolution r) { return r == resolution::network ? "network" : "native"; }

/// What a run says of an image, at the run's own size. [1,h,w,1].
struct own_prediction {
  tensor<float> probability;
  bool framed = false;  // the image stands in the middle of a frame of another aspect

  /// Whether it knows nothing but 0 and 1.
  bool is_mask() const {
    return std::all_of(probability.begin(), probability.end(), [](float p) { return p == 0 || p == 1; });
  }
};

/// A run that can predict: a folder of files, or a network.
struct run_source {
  std::string from;
  std::function<own_prediction(cpu_context&, const truth_image&, const tensor<std::uint8_t>& truth)> predict{};
  std::optional<float> threshold{};  // its own
  bool side_by_side = false;         // several images at once; a network takes all threads for one
  std::set<std::string> missing{};   // truths of which it says nothing
  std::vector<std::string> extra{};  // files that belong to no truth
  html_facts model{};                // what a network is, and what it needs
};

inline image_size size_of(const shape& e) { return {e.w, e.h}; }

inline std::vector<truth_image> truths_in_folder(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) throw file_error(folder.string(), "no such folder of true masks");
  std::vector<truth_image> truths;
  for (auto& [name, file] : images_by_name(folder)) truths.push_back({name, file, {}});
  if (truths.empty()) throw file_error(folder.string(), "no masks in this folder");
  return truths;
}

/// Of a data set's split, or of all of it where it is not divided.
inline std::vector<truth_image> truths_of(const dataset& data, const std::string& split) {
  std::vector<truth_image> truths;
  std::set<std::string> names;
  const auto add = [&](const sample& s) {
    require_mask(s);
    truths.push_back({s.name, s.mask, s.image});
    if (!names.insert(s.name).second)
      throw file_error(s.image.string(), "another image of the data set has the same name; results are told by it");
  };
  if (data.splits.empty())
    for (const sample& s : data.samples) add(s);
  else
    for (const index_t number : data.split(split)) add(data.samples.at(static_cast<std::size_t>(number)));
  require(!truths.empty(), "data set '", data.name, "': no images to evaluate");
  return truths;
}

/// A list of names for one line: the first few, and how many there are.
inline std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > 5 ? text + ", …" : text;
}

inline run_source folder_source(const std::filesystem::path& folder, const std::vector<truth_image>& truths) {
  auto files = predictions_by_name(folder);
  run_source run{.from = folder.string(), .side_by_side = true};
  std::set<std::string> known;
  for (const truth_image& t : truths) {
    known.insert(t.name);
    if (!files.contains(t.name)) run.missing.insert(t.name);
  }
  for (const auto& [name, file] : files)
    if (!known.contains(name)) run.extra.push_back(file.filename().string());
  run.predict = [files = std::move(files)](cpu_context&, const truth_image& t, const tensor<std::uint8_t>&) {
    return own_prediction{read_probability(files.at(t.name))};
  };
  return run;
}

/// What a report tells of a network: its description, and the plan of what it needs for an image.
inline html_facts facts_of(const predictor<float>& trained, const cpu_context& ctx) {
  const prediction_settings& s = trained.settings();
  const parameter_layout& layout = trained.weights().layout();
  workspace<> space;
  const program<float> forward(ctx, trained.logits(), trained.weights().shared_layout(),
                               {1, s.height, s.width, trained.network().in_channels()}, run_mode::inference, space);
  const auto bytes = [](std::size_t count) { return detail::bytes_text(static_cast<double>(count)); };
  const text_map description = trained.network().description();
  html_facts facts(description.begin(), description.end());
  facts.push_back({"input", to_text(s.height, "×", s.width)});
  facts.push_back({"trainable parameters", detail::grouped_text(layout.trainable_count())});
  facts.push_back({"arithmetic of an image", detail::formatted("%.2f GFLOP", forward.flops() / 1e9)});
  facts.push_back({"memory planned: weights", bytes(static_cast<std::size_t>(layout.size()) * sizeof(float))});
  facts.push_back({"memory planned: activations, one block", bytes(forward.plan().block_bytes)});
  facts.push_back({"memory planned: scratch", bytes(forward.plan().scratch_bytes)});
  return facts;
}

/// `ctx` must outlive the source. A network without padding says nothing of the margin, which has probability 0 here;
/// the trainer leaves it out instead.
inline run_source network_source(const std::filesystem::path& weights, cpu_context& ctx, bool symmetries) {
  struct network {
    predictor<float> trained;
    predictor<float>::session session;
    network(const std::filesystem::path& file, cpu_context& c, bool all)
        : trained(file), session(trained, c, {.symmetries = all}) {}
  };
  const auto net = std::make_shared<network>(weights, ctx, symmetries);
  const prediction_settings& s = net->trained.settings();
  run_source run{.from = weights.string(), .threshold = s.threshold, .model = facts_of(net->trained, ctx)};
  run.predict = [net, &s](cpu_context&, const truth_image& t, const tensor<std::uint8_t>& truth) {
    if (const image_info info = probe_image(t.image); size_of(truth.extents()) != image_size{info.width, info.height})
      throw file_error(t.mask.string(), to_text("mask of ", size_of(truth.extents()), " pixels for an image of ",
                                                image_size{info.width, info.height}, " (", t.image.string(), ")"));
    auto said = net->session.at_network_size(std::span(&t.image, 1));
    return own_prediction{std::move(said.front().probability), s.keep_aspect};
  };
  return run;
}

struct scoring_options {
  std::vector<float> thresholds{};
  std::vector<resolution> resolutions{};
  std::optional<image_size> network_size{};  // else each prediction's own
  bool skip_unreadable = false, surfaces = false;
};

/// A distance between two outlines, in pixels; infinite where only one of the masks is empty.
struct distance_protocol {
  const char* name;
  double (*figure)(const surface_distances&);
};
inline constexpr std::array<distance_protocol, 4> distance_protocols{{{"assd", assd},
                                                                      {"hd95_pooled", hd95_pooled},
                                                                      {"hd95_directed", hd95_directed},
                                                                      {"hausdorff", hausdorff_distance}}};
using image_distances = std::array<double, distance_protocols.size()>;

/// An image at one resolution: its cells at each threshold, and distances at the first where they are wanted.
struct image_score {
  image_size size;
  std::vector<confusion> counts;
  std::optional<image_distances> distances;
  std::vector<confusion> curve;            // cells at each threshold of `threshold_grid`; this and the next of
  std::optional<calibration> reliability;  // probabilities; masks have none
};

/// What a run is worth on each truth, in their order, and at each resolution; nothing for what is missing or skipped.
struct run_scores {
  std::vector<std::vector<image_score>> images;  // empty, or one for each resolution
  std::vector<std::string> skipped;              // the reasons, a file's name in each
};

/// Brings a prediction to a size of the whole image; values that rounding took out of [0, 1] are put back.
inline tensor<float> prediction_at(cpu_context& ctx, const own_prediction& own, image_size native, image_size to) {
  view<const float> shown = own.probability.view();
  if (own.framed) shown = letterbox_placement(native, size_of(shown.extents())).part(shown);
  const auto method = own.is_mask() ? interpolation::nearest : interpolation::linear;
  tensor<float> p = resized(ctx, shown, method, to.height, to.width);
  for (float& v : p) v = std::clamp(v, 0.0f, 1.0f);
  return p;
}

inline std::vector<image_score> score_image(cpu_context& ctx, const run_source& run, const truth_image& t,
                                            const scoring_options& options) {
  const tensor<std::uint8_t> truth = read_mask(t.mask);
  const own_prediction own = run.predict(ctx, t, truth);
  const auto native = size_of(truth.extents()), size = size_of(own.probability.extents());
  const bool mask = own.is_mask();
  std::vector<image_score> scores;
  for (const resolution r : options.resolutions) {
    const bool at_network = r == resolution::network;
    const image_size to = at_network ? options.network_size.value_or(size) : native;
    const bool in_frame = own.framed && at_network;
    const tensor<float> p = in_frame ? own.probability.clone() : prediction_at(ctx, own, native, to);
    const tensor<std::uint8_t> m = in_frame
                                       ? letterboxed(ctx, truth.view(), to, interpolation::nearest)
                                       : resized(ctx, truth.view(), interpolation::nearest, to.height, to.width);
    threshold_sweep sweep(options.thresholds);
    sweep.add(p.view(), m.view());
    image_score& score = scores.emplace_back(image_score{to, {}, {}, {}, {}});
    for (const overlap_metrics& at : sweep.metrics()) score.counts.push_back(at.images().front());
    if (!mask && std::all_of(p.begin(), p.end(), [](float v) { return v >= 0 && v <= 1; })) {
      threshold_sweep curve;
      curve.add(p.view(), m.view());
      for (const overlap_metrics& at : curve.metrics()) score.curve.push_back(at.images().front());
      score.reliability.emplace().add(p.view(), m.view());
    }
    if (!options.surfaces) continue;
    const auto surfaces = measure_surfaces(ctx, p.view(), m.view(), {}, {.prediction = options.thresholds.front()});
    score.distances.emplace();
    for (std::size_t d = 0; d < distance_protocols.size(); ++d)
      (*score.distances)[d] = distance_protocols[d].figure(surfaces);
  }
  return scores;
}

/// Throws `file_error` for what can't be read unless that is to be skipped, `error` when no image is left.
inline run_scores score_run(cpu_context& ctx, const run_source& run, const std::vector<truth_image>& truths,
                            const scoring_options& options, photo_progress& progress) {
  run_scores result{.images = std::vector<std::vector<image_score>>(truths.size()), .skipped = {}};
  std::vector<std::string> problems(truths.size());
  const auto score = [&](cpu_context& with, std::size_t i) {
    if (run.missing.contains(truths[i].name)) return;
    try {
      result.images[i] = score_image(with, run, truths[i], options);
    } catch (const file_error& problem) {
      if (!options.skip_unreadable) throw;
      problems[i] = problem.what();
    }
    progress.add();
  };
  if (run.side_by_side)
    ctx.workers().run(static_cast<index_t>(truths.size()), [&](index_t i, int) {
      cpu_context here;
      score(here, static_cast<std::size_t>(i));
    });
  else
    for (std::size_t i = 0; i < truths.size(); ++i) score(ctx, i);
  for (const std::string& problem : problems)
    if (!problem.empty()) result.skipped.push_back(problem);
  require(std::any_of(result.images.begin(), result.images.end(), [](const auto& scores) { return !scores.empty(); }),
          run.from, ": none of the ", truths.size(), " images could be evaluated");
  return result;
}

}  // namespace evaluate_program
