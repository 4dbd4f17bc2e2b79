// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/view.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina {

/// The pixels whose probability of lesion falls into one bin.
struct calibration_bin {
  double low = 0, high = 0;  // low < probability ≤ high; the first bin takes 0, too
  std::int64_t pixels = 0;
  double mean_probability = 0, lesion_share = 0;  // NaN in an empty bin
};

/// Whether probabilities mean what they say: of the pixels that are called lesion with 80 %, 80 % should be. Bins of
/// equal width over the probability of lesion, "On Calibration of Modern Neural Networks" (Guo et al. 2017,
/// arXiv:1706.04599). They bin by the confidence in whichever class was predicted; for two classes the bins here tell
/// more, since error on skin and on lesion is seen apart.
///
///     calibration c;
///     while (const batch* b = loader.next()) c.add(predict(b->images), b->masks);
///     out << c.expected_calibration_error() << ' ' << c.brier_score() << '\n';
class calibration {
 public:
  /// Throws `error` for less than one bin.
  explicit calibration(index_t bins = 15, float truth_threshold = 0.5f) : truth_threshold_(truth_threshold) {
    require(bins >= 1, "calibration: ", bins, " bins; expected 1 or more");
    bins_.resize(static_cast<std::size_t>(bins));
  }

  /// Adds each image of a batch.
  ///   probability, truth  [N,H,W,C]; truth of any arithmetic type
  /// Throws `error` when the shapes differ, or a probability is none: outside [0, 1], or NaN.
  template <class P, class T>
  void add(view<P> probability, view<T> truth) {
    static_assert(std::is_floating_point_v<std::remove_const_t<P>> && std::is_arithmetic_v<std::remove_const_t<T>>);
    require(probability.extents() == truth.extents(), "calibration: probability ", probability.extents(),
            " and truth ", truth.extents(), " differ in shape (NHWC)");
    const auto [N, H, W, C] = probability.extents();
    std::vector<sums> image;  // summed up by itself first, which keeps the rounding of long sums small
    double squares = 0;
    for (index_t n = 0; n < N; ++n) {
      image.assign(bins_.size(), {});
      squares = 0;
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = 0; c < C; ++c) {
            const auto p = static_cast<double>(probability(n, h, w, c));
            require(p >= 0 && p <= 1, "calibration: a probability is ", p, "; expected [0, 1]");
            const bool lesion = static_cast<float>(truth(n, h, w, c)) >= truth_threshold_;
            sums& bin = image[bin_of(p)];
            ++bin.pixels;
            bin.lesion += lesion;
            bin.probability += p;
            squares += (p - lesion) * (p - lesion);
          }
      for (std::size_t i = 0; i < bins_.size(); ++i) bins_[i] += image[i];
      squares_ += squares;
    }
  }

  /// Adds the images that another one has, with as many bins. Throws `error` on another number.
  calibration& operator+=(const calibration& other) {
    require(bins_.size() == other.bins_.size(), "calibration: ", other.bins_.size(), " bins added to ", bins_.size());
    for (std::size_t i = 0; i < bins_.size(); ++i) bins_[i] += other.bins_[i];
    squares_ += other.squares_;
    return *this;
  }

  std::int64_t pixels() const {
    std::int64_t sum = 0;
    for (const sums& bin : bins_) sum += bin.pixels;
    return sum;
  }

  std::vector<calibration_bin> bins() const {
    std::vector<calibration_bin> all;
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      const auto& [pixels, lesion, probability] = bins_[i];
      const auto count = static_cast<double>(pixels);
      all.push_back({edge(i), edge(i + 1), pixels, probability / count, static_cast<double>(lesion) / count});
    }
    return all;
  }

  /// Σ over bins of (its share of the pixels) · |share of lesion − mean probability|; 0 is best.
  /// Throws `error` when no pixel was added.
  double expected_calibration_error() const {
    const auto all = static_cast<double>(counted("expected_calibration_error"));
    double sum = 0;
    for (const sums& bin : bins_) sum += std::abs(static_cast<double>(bin.lesion) - bin.probability);
    return sum / all;
  }
  /// Mean over pixels of (probability − truth)²: "Verification of forecasts expressed in terms of probability" (Brier
  /// 1950), in the form for one of two classes; 0 is best, always saying one half gives 0.25.
  /// Throws `error` when no pixel was added.
  double brier_score() const { return squares_ / static_cast<double>(counted("brier_score")); }

 private:
  struct sums {
    std::int64_t pixels = 0, lesion = 0;
    double probability = 0;
    sums& operator+=(const sums& other) {
      pixels += other.pixels;
      lesion += other.lesion;
      probability += other.probability;
      return *this;
    }
  };

  double edge(std::size_t i) const { return static_cast<double>(i) / static_cast<double>(bins_.size()); }
  std::size_t bin_of(double p) const {
    auto i = std::min(static_cast<std::size_t>(p * static_cast<double>(bins_.size())), bins_.size() - 1);
    if (i > 0 && p <= edge(i)) --i;  // an edge belongs to the bin below it; the product was rounded
    if (i + 1 < bins_.size() && p > edge(i + 1)) ++i;
    return i;
  }
  std::int64_t counted(const char* figure) const {
    const std::int64_t count = pixels();
    require(count > 0, "calibration: no pixel was added, so there is no ", figure);
    return count;
  }

  float truth_threshold_;
  std::vector<sums> bins_;
  double squares_ = 0;
};

}  // namespace lamina
