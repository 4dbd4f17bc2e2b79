// SPDX-License-Identifier: Apache-2.0
// What evaluate finds: the figures of a run at each resolution, and how two runs differ.
#pragma once

#include <lamina/formats/text_map.hpp>
#include <lamina/metrics/paired_test.hpp>

#include "evaluate_runs.hpp"

namespace evaluate_program {

/// The mean of a distance over the images that have one.
struct distance_figure {
  std::string name;
  index_t images = 0;
  double value = 0;  // as the interval, of no meaning where there are no images
  confidence_interval interval{};
};

/// A run at one resolution.
struct run_figures {
  resolution at = resolution::native;
  float threshold = 0;
  std::vector<std::size_t> images{};  // which truths
  std::vector<image_size> sizes{};    // of each of them
  overlap_metrics metrics = overlap_metrics();
  std::vector<protocol_figure> figures{};
  std::vector<image_distances> distances{};  // of each image, if they are wanted
  std::vector<distance_figure> distance_figures{};
  std::optional<threshold_sweep> sweep{};
  threshold_sweep curve{};      // at each threshold of `threshold_grid`, and
  calibration reliability = calibration();  // how far probabilities are to be believed; both empty for masks

  /// "128×128", or nothing where images differ.
  std::string common_size() const {
    const bool all = std::all_of(sizes.begin(), sizes.end(), [&](const image_size& s) { return s == sizes.front(); });
    return all ? to_text(sizes.front()) : "";
  }
  /// "network, 128×128, t = 0.5".
  std::string heading() const {
    const std::string size = common_size();
    return name(at) + (size.empty() ? "" : ", " + size) + ", t = " + value_to_text(threshold);
  }
};

inline distance_figure mean_distance(executor& workers, const std::string& name, const std::vector<double>& values,
                                     const bootstrap_options& bootstrap) {
  distance_figure figure{.name = name + "_per_image_mean", .images = static_cast<index_t>(values.size())};
  if (values.empty()) return figure;
  for (const double v : values) figure.value += v / static_cast<double>(values.size());
  figure.interval = bootstrap_mean_interval(workers, values, bootstrap);
  return figure;
}

/// Figures from the scores at options.resolutions[r]; of several thresholds the one with the highest `best` counts.
inline run_figures figures_of(executor& workers, const run_scores& scores, const scoring_options& options,
                              std::size_t r, const overlap_protocol& best, const bootstrap_options& bootstrap) {
  run_figures run{.at = options.resolutions[r]};
  threshold_sweep sweep(options.thresholds);
  for (std::size_t i = 0; i < scores.images.size(); ++i) {
    if (scores.images[i].empty()) continue;
    const image_score& score = scores.images[i][r];
    run.images.push_back(i);
    run.sizes.push_back(score.size);
    sweep.add(score.counts);
    if (score.distances) run.distances.push_back(*score.distances);
    if (!score.curve.empty()) run.curve.add(score.curve);
    if (score.reliability) run.reliability += *score.reliability;
  }
  run.threshold = sweep.best([&best](const overlap_metrics& m) { return m.value(best); }).threshold;
  const auto chosen = std::find(options.thresholds.begin(), options.thresholds.end(), run.threshold);
  run.metrics = sweep.metrics()[static_cast<std::size_t>(chosen - options.thresholds.begin())];
  run.figures = overlap_figures(workers, run.metrics, bootstrap);
  for (std::size_t d = 0; d < distance_protocols.size() && !run.distances.empty(); ++d) {
    std::vector<double> values;
    for (const image_distances& of_image : run.distances)
      if (std::isfinite(of_image[d])) values.push_back(of_image[d]);
    run.distance_figures.push_back(mean_distance(workers, distance_protocols[d].name, values, bootstrap));
  }
  if (options.thresholds.size() > 1) run.sweep = std::move(sweep);
  return run;
}

/// What one image is worth in a run.
struct image_worth {
  confusion cells;
  std::optional<image_distances> distances;
};
using named_worth = std::map<std::string, image_worth>;

inline named_worth worth_of(const run_figures& run, const std::vector<truth_image>& truths) {
  named_worth worth;
  for (std::size_t i = 0; i < run.images.size(); ++i) {
    image_worth& w = worth[truths[run.images[i]].name];
    w.cells = run.metrics.images()[i];
    if (!run.distances.empty()) w.distances = run.distances[i];
  }
  return worth;
}

struct distance_difference {
  distance_figure difference;  // this run's less the other's
  double first = 0, second = 0, p = 1;
};

/// Two runs on the images that both know.
struct run_comparison {
  resolution at = resolution::native;
  index_t images = 0;
  std::vector<protocol_difference> protocols{};
  std::vector<distance_difference> distances{};  // over the images that have the distance in both
};

/// Nothing where the runs predict at different sizes, which only a common resolution makes comparable.
/// Throws `error` that names images that only one run knows unless `allow_missing`, where none is common, or for an
/// image of another truth.
inline std::optional<run_comparison> compare(executor& workers, const run_figures& run,
                                             const std::vector<truth_image>& truths, named_worth other,
                                             const std::string& other_name, bool allow_missing,
                                             const bootstrap_options& bootstrap) {
  overlap_metrics first, second;
  std::vector<std::pair<image_distances, image_distances>> distances;
  std::vector<std::string> lonely;
  for (const auto& [image, worth] : worth_of(run, truths)) {
    const auto found = other.find(image);
    if (found == other.end()) {
      lonely.push_back(image);
      continue;
    }
    const confusion &a = worth.cells, &b = found->second.cells;
    if (run.at == resolution::network && a.pixels() != b.pixels()) return std::nullopt;
    const std::int64_t lesion = a.true_positive + a.false_negative, theirs = b.true_positive + b.false_negative;
    require(a.pixels() == b.pixels() && lesion == theirs, other_name, ": the truth of ", image, " is another one: ",
            theirs, " lesion pixels of ", b.pixels(), ", here ", lesion, " of ", a.pixels());
    first.add(a);
    second.add(b);
    if (worth.distances && found->second.distances) distances.emplace_back(*worth.distances, *found->second.distances);
    other.erase(found);
  }
  for (const auto& [image, worth] : other) lonely.push_back(image);
  const index_t common = static_cast<index_t>(first.images().size());
  require(common > 0 && (allow_missing || lonely.empty()), other_name, ": images in both runs: ", common,
          ", in one only: ", lonely.size(), " (", some_of(lonely), "); --allow-missing compares on those in both");

  run_comparison result{run.at, common, compare_overlap(workers, first, second, bootstrap), {}};
  for (std::size_t d = 0; d < distance_protocols.size() && !distances.empty(); ++d) {
    std::vector<double> differences;
    distance_difference row;
    for (const auto& [a, b] : distances) {
      if (!std::isfinite(a[d]) || !std::isfinite(b[d])) continue;
      differences.push_back(a[d] - b[d]);
      row.first += a[d], row.second += b[d];
    }
    row.difference = mean_distance(workers, distance_protocols[d].name, differences, bootstrap);
    const auto count = static_cast<double>(std::max<std::size_t>(1, differences.size()));
    row.first /= count, row.second /= count;
    row.p = wilcoxon_signed_rank(differences).p;
    result.distances.push_back(row);
  }
  return result;
}

}  // namespace evaluate_program
