// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// metrics: figures that compare a prediction with the truth. They read their arguments and never change them.
// This file: how far two masks overlap, each protocol under a name of its own, because published figures that share the
// name "IoU" differ by several hundredths.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/view.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina {

/// How the pixels of an image fall into the four cells of prediction and truth.
struct confusion {
  std::int64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;

  std::int64_t pixels() const { return true_positive + false_positive + false_negative + true_negative; }
  std::int64_t wrong() const { return false_positive + false_negative; }

  confusion& operator+=(const confusion& other) {
    true_positive += other.true_positive;
    false_positive += other.false_positive;
    false_negative += other.false_negative;
    true_negative += other.true_negative;
    return *this;
  }
  friend bool operator==(const confusion&, const confusion&) = default;
};

/// A pixel is positive where its value is at least the threshold; NaN never is. 0.5 suits probabilities as well as
/// masks of 0/1 and 0/255.
struct overlap_thresholds {
  float prediction = 0.5f, truth = 0.5f;
};

/// The confusion of each image of a batch.
///   prediction, truth  [N,H,W,C], any arithmetic types
/// Throws `error` when the shapes differ.
template <class P, class T>
std::vector<confusion> count_overlap(view<P> prediction, view<T> truth, overlap_thresholds thresholds = {}) {
  static_assert(std::is_arithmetic_v<std::remove_const_t<P>> && std::is_arithmetic_v<std::remove_const_t<T>>);
  require(prediction.extents() == truth.extents(), "count_overlap: prediction ", prediction.extents(), " and truth ",
          truth.extents(), " differ in shape (NHWC)");
  const auto [N, H, W, C] = prediction.extents();
  std::vector<confusion> counts(static_cast<std::size_t>(N));
  for (index_t n = 0; n < N; ++n) {
    std::int64_t both = 0, predicted = 0, expected = 0;
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const bool p = static_cast<float>(prediction(n, h, w, c)) >= thresholds.prediction;
          const bool t = static_cast<float>(truth(n, h, w, c)) >= thresholds.truth;
          both += p && t;
          predicted += p;
          expected += t;
        }
    counts[static_cast<std::size_t>(n)] = {both, predicted - both, expected - both,
                                           H * W * C - predicted - expected + both};
  }
  return counts;
}

/// (|A∩B| + 10⁻⁶) / (|A∪B| + 10⁻⁶), the smoothed form of the reported figure: two empty masks score 1, an empty one
/// against any other about 0.
inline double smoothed_iou(const confusion& c) {
  const auto both = static_cast<double>(c.true_positive);
  return (both + 1e-6) / (both + static_cast<double>(c.wrong()) + 1e-6);
}
/// (2|A∩B| + 10⁻⁶) / (|A| + |B| + 10⁻⁶).
inline double smoothed_dice(const confusion& c) {
  const double both = 2 * static_cast<double>(c.true_positive);
  return (both + 1e-6) / (both + static_cast<double>(c.wrong()) + 1e-6);
}

/// part / whole. Where the whole is empty the figure has no value of its own; it is then 1 if prediction and truth
/// agree in every pixel, else 0.
inline double overlap_ratio(const confusion& c, std::int64_t part, std::int64_t whole) {
  if (whole == 0) return c.wrong() == 0 ? 1 : 0;
  return static_cast<double>(part) / static_cast<double>(whole);
}
inline double iou(const confusion& c) { return overlap_ratio(c, c.true_positive, c.true_positive + c.wrong()); }
inline double background_iou(const confusion& c) {
  return overlap_ratio(c, c.true_negative, c.true_negative + c.wrong());
}
inline double dice(const confusion& c) {
  return overlap_ratio(c, 2 * c.true_positive, 2 * c.true_positive + c.wrong());
}
inline double background_dice(const confusion& c) {
  return overlap_ratio(c, 2 * c.true_negative, 2 * c.true_negative + c.wrong());
}
inline double precision(const confusion& c) {
  return overlap_ratio(c, c.true_positive, c.true_positive + c.false_positive);
}
/// Also called sensitivity.
inline double recall(const confusion& c) {
  return overlap_ratio(c, c.true_positive, c.true_positive + c.false_negative);
}
inline double specificity(const confusion& c) {
  return overlap_ratio(c, c.true_negative, c.true_negative + c.false_positive);
}
inline double accuracy(const confusion& c) { return overlap_ratio(c, c.pixels() - c.wrong(), c.pixels()); }

/// (IoU of the lesion + IoU of the background) / 2.
inline double two_class_iou(const confusion& c) { return (iou(c) + background_iou(c)) / 2; }
inline double two_class_dice(const confusion& c) { return (dice(c) + background_dice(c)) / 2; }
/// The smoothed IoU, or 0 where it is below 0.65.
inline double thresholded_jaccard(const confusion& c) {
  const double value = smoothed_iou(c);
  return value < 0.65 ? 0 : value;
}

/// A way to one figure for a set of images.
struct overlap_protocol {
  std::string_view name;
  double (*figure)(const confusion&);
  bool pooled = false;  // of the cells of all images together; else for each image, then the arithmetic mean
};

/// Every protocol, in the order of tables.
///   …_per_image_mean        a figure for each image, then their arithmetic mean
///   …_pooled                one figure from the pixels of all images together
///   iou_two_class_mean      (IoU of the lesion + IoU of the background) / 2, both pooled: "mIoU" of many frameworks
///   dice_two_class_mean     the same of Dice
///   jaccard_thresholded_0.65  per-image IoU, 0 where below 0.65, mean: the ranking of the ISIC challenges since 2018
inline constexpr std::array<overlap_protocol, 15> overlap_protocols{{
    {"iou_per_image_mean", smoothed_iou},
    {"iou_pooled", iou, true},
    {"iou_two_class_mean", two_class_iou, true},
    {"jaccard_thresholded_0.65", thresholded_jaccard},
    {"dice_per_image_mean", smoothed_dice},
    {"dice_pooled", dice, true},
    {"dice_two_class_mean", two_class_dice, true},
    {"precision_per_image_mean", precision},
    {"precision_pooled", precision, true},
    {"recall_per_image_mean", recall},
    {"recall_pooled", recall, true},
    {"specificity_per_image_mean", specificity},
    {"specificity_pooled", specificity, true},
    {"accuracy_per_image_mean", accuracy},
    {"accuracy_pooled", accuracy, true},
}};

/// The protocol of that name. Throws `error` that names them all when there is none.
inline const overlap_protocol& overlap_protocol_named(std::string_view name) {
  std::string known;
  for (const overlap_protocol& protocol : overlap_protocols) {
    if (protocol.name == name) return protocol;
    known += (known.empty() ? "" : ", ") + std::string(protocol.name);
  }
  fail("protocol '", name, "' is unknown; there are ", known);
}

/// Takes the images of a data set one by one or in batches and yields every protocol's figure by name. The figures do
/// not depend on the order in which the images came, to the last bit.
///
///     overlap_metrics metrics;
///     while (const batch* b = loader.next()) metrics.add(predict(b->images), b->masks);
///     for (const auto& [name, value] : metrics.values()) out << name << ' ' << value << '\n';
class overlap_metrics {
 public:
  explicit overlap_metrics(overlap_thresholds thresholds = {}) : thresholds_(thresholds) {}

  /// Adds each image of a batch [N,H,W,1]. Throws `error` when the shapes differ.
  template <class P, class T>
  void add(view<P> prediction, view<T> truth) {
    for (const confusion& counts : count_overlap(prediction, truth, thresholds_)) add(counts);
  }
  void add(const confusion& counts) { images_.push_back(counts); }

  /// One entry per image, in the order of arrival: what a table per image or a bootstrap interval starts from.
  const std::vector<confusion>& images() const { return images_; }
  const overlap_thresholds& thresholds() const { return thresholds_; }

  /// The cells of all images together.
  confusion pooled() const {
    confusion sum;
    for (const confusion& counts : images_) sum += counts;
    return sum;
  }

  /// The mean over images of `figure(confusion)`. Throws `error` when no image was added.
  template <class Figure>
  double mean(Figure&& figure) const {
    require(!images_.empty(), "overlap_metrics: no image was added");
    std::vector<double> values;
    values.reserve(images_.size());
    for (const confusion& counts : images_) values.push_back(figure(counts));
    std::sort(values.begin(), values.end());  // so that the rounding of the sum does not depend on the order of images
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }

  /// Mean over images of the smoothed IoU: the figure of the published tables, and the one to select a checkpoint by.
  double iou_per_image_mean() const { return mean(smoothed_iou); }

  /// One protocol's figure. Throws `error` when no image was added.
  double value(const overlap_protocol& protocol) const {
    require(!images_.empty(), "overlap_metrics: no image was added");
    return protocol.pooled ? protocol.figure(pooled()) : mean(protocol.figure);
  }
  /// Name and value of every protocol, in the order of `overlap_protocols`. Throws `error` when no image was added.
  std::vector<std::pair<std::string, double>> values() const {
    std::vector<std::pair<std::string, double>> all;
    for (const overlap_protocol& protocol : overlap_protocols) all.emplace_back(protocol.name, value(protocol));
    return all;
  }

 private:
  overlap_thresholds thresholds_;
  std::vector<confusion> images_;
};

}  // namespace lamina
