// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/random.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace lamina {

/// Out of images that come one by one, those to look at: the worst, the best, and a random sample, each image as likely
/// as any other (reservoir sampling, Vitter 1985, doi:10.1145/3147.3165). What is kept of an image is made only when it
/// is chosen for the time being, so at most three times `count` are held.
template <class Kept>
class case_selection {
 public:
  struct chosen_case {
    double figure = 0;   // what the image was chosen by
    index_t number = 0;  // of the image, in the order of arrival from 0
    std::shared_ptr<const Kept> kept;
  };

  /// Throws `error` for a negative count.
  explicit case_selection(index_t count, std::uint64_t seed = 1) : seed_(seed) {
    require(count >= 0, "case_selection: a count of ", count);
    count_ = static_cast<std::size_t>(count);
  }

  /// Offers the next image. Of equal figures the earlier image goes before the later.
  ///   make  () -> Kept, called once at most
  template <class Make>
  void offer(double figure, Make&& make) {
    const index_t number = offered_++;
    if (count_ == 0) return;
    const bool bad = worst_.size() < count_ || figure < worst_.back().figure;
    const bool good = best_.size() < count_ || figure > best_.back().figure;
    random_stream draw(
        {.seed = seed_, .purpose = random_purpose::report, .sample = static_cast<std::uint32_t>(number)});
    const std::size_t place = draw.below(static_cast<std::uint32_t>(offered_));
    const bool drawn = random_.size() < count_ || place < count_;
    if (!bad && !good && !drawn) return;
    const chosen_case found{figure, number, std::make_shared<const Kept>(make())};
    if (bad) insert(worst_, found, [](double a, double b) { return a < b; });
    if (good) insert(best_, found, [](double a, double b) { return a > b; });
    if (random_.size() < count_)
      random_.push_back(found);
    else if (drawn)
      random_[place] = found;
  }

  index_t offered() const { return offered_; }
  /// The lowest figures, rising.
  const std::vector<chosen_case>& worst() const { return worst_; }
  /// The highest figures, falling.
  const std::vector<chosen_case>& best() const { return best_; }
  /// In the order of arrival.
  std::vector<chosen_case> random() const {
    std::vector<chosen_case> sorted = random_;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return sorted;
  }

 private:
  template <class Before>
  void insert(std::vector<chosen_case>& list, const chosen_case& found, Before before) {
    const auto place = std::upper_bound(list.begin(), list.end(), found, [&](const auto& a, const auto& b) {
      return before(a.figure, b.figure);
    });
    list.insert(place, found);
    if (list.size() > count_) list.pop_back();
  }

  std::size_t count_ = 0;
  std::uint64_t seed_;
  index_t offered_ = 0;
  std::vector<chosen_case> worst_, best_, random_;
};

}  // namespace lamina
