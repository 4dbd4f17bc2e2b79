// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/metrics/overlap.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace lamina {

/// The thresholds 1/parts, 2/parts, … (parts − 1)/parts.
inline std::vector<float> threshold_grid(index_t parts = 100) {
  require(parts >= 2, "threshold_grid: ", parts, " parts have no threshold between them");
  std::vector<float> grid;
  for (index_t i = 1; i < parts; ++i) grid.push_back(static_cast<float>(i) / static_cast<float>(parts));
  return grid;
}

/// Every overlap protocol at each of a row of thresholds, from one pass over the pixels: which threshold would have
/// been the best, and how much depends on it. A figure at the threshold that was chosen by it on
/// the same images flatters.
///
///     threshold_sweep sweep;
///     while (const batch* b = loader.next()) sweep.add(predict(b->images), b->masks);
///     const auto [threshold, value] = sweep.best("iou_per_image_mean");
class threshold_sweep {
 public:
  /// A pixel is predicted positive where its value is at least the threshold, NaN never: as in `count_overlap`.
  /// Throws `error` unless there are thresholds and each is above the one before.
  explicit threshold_sweep(std::vector<float> thresholds = threshold_grid(), float truth_threshold = 0.5f)
      : thresholds_(std::move(thresholds)), truth_threshold_(truth_threshold) {
    require(!thresholds_.empty(), "threshold_sweep: there are no thresholds");
    require(!std::isnan(thresholds_.front()), "threshold_sweep: a threshold is NaN");
    for (std::size_t i = 1; i < thresholds_.size(); ++i)
      require(thresholds_[i - 1] < thresholds_[i], "threshold_sweep: ", thresholds_[i], " does not follow ",
              thresholds_[i - 1], " in rising order");
    for (const float threshold : thresholds_)
      metrics_.emplace_back(overlap_thresholds{.prediction = threshold, .truth = truth_threshold_});
  }

  /// Adds each image of a batch.
  ///   prediction, truth  [N,H,W,C], any arithmetic types
  /// Throws `error` when the shapes differ.
  template <class P, class T>
  void add(view<P> prediction, view<T> truth) {
    static_assert(std::is_arithmetic_v<std::remove_const_t<P>> && std::is_arithmetic_v<std::remove_const_t<T>>);
    require(prediction.extents() == truth.extents(), "threshold_sweep: prediction ", prediction.extents(),
            " and truth ", truth.extents(), " differ in shape (NHWC)");
    const auto [N, H, W, C] = prediction.extents();
    // reached[k][t]: the pixels of truth t whose value reaches k of the thresholds and no more.
    std::vector<std::pair<std::int64_t, std::int64_t>> reached(thresholds_.size() + 1);
    for (index_t n = 0; n < N; ++n) {
      std::fill(reached.begin(), reached.end(), std::pair<std::int64_t, std::int64_t>());
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = 0; c < C; ++c) {
            auto& [outside, inside] = reached[count_reached(static_cast<float>(prediction(n, h, w, c)))];
            ++(static_cast<float>(truth(n, h, w, c)) >= truth_threshold_ ? inside : outside);
          }
      confusion counts;  // at a threshold that nothing reaches
      for (const auto& [outside, inside] : reached) {
        counts.false_negative += inside;
        counts.true_negative += outside;
      }
      for (std::size_t i = thresholds_.size(); i-- > 0;) {
        const auto [outside, inside] = reached[i + 1];
        counts += {inside, outside, -inside, -outside};
        metrics_[i].add(counts);
      }
    }
  }

  const std::vector<float>& thresholds() const { return thresholds_; }
  index_t images() const { return static_cast<index_t>(metrics_.front().images().size()); }

  /// One for each threshold: the confusion of each image, of all pixels, and every protocol.
  const std::vector<overlap_metrics>& metrics() const { return metrics_; }

  /// `figure(metrics)` at each threshold, such as `&overlap_metrics::iou_per_image_mean`.
  template <class Figure>
    requires std::invocable<Figure&, const overlap_metrics&>
  std::vector<double> curve(Figure&& figure) const {
    std::vector<double> values;
    for (const overlap_metrics& m : metrics_) values.push_back(std::invoke(figure, m));
    return values;
  }
  /// The same of a protocol by its name in `overlap_metrics::values`.
  /// Throws `error` when no image was added or no protocol has the name.
  std::vector<double> curve(std::string_view protocol) const {
    return curve([protocol](const overlap_metrics& m) {
      for (const auto& [name, value] : m.values())
        if (name == protocol) return value;
      fail("threshold_sweep: no protocol is called '", protocol, "'");
    });
  }

  struct best_threshold {
    float threshold = 0;
    double value = 0;
  };
  /// The threshold with the highest figure, given as to `curve`; of several such, the middle one.
  template <class Figure>
  best_threshold best(Figure&& figure) const {
    const std::vector<double> values = curve(figure);
    const double highest = *std::max_element(values.begin(), values.end());
    std::vector<float> chosen;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == highest) chosen.push_back(thresholds_[i]);
    return {chosen[(chosen.size() - 1) / 2], highest};
  }

 private:
  std::size_t count_reached(float value) const {
    const auto end = std::partition_point(thresholds_.begin(), thresholds_.end(),
                                          [value](float threshold) { return threshold <= value; });
    return static_cast<std::size_t>(end - thresholds_.begin());
  }

  std::vector<float> thresholds_;
  float truth_threshold_;
  std::vector<overlap_metrics> metrics_;
};

}  // namespace lamina
