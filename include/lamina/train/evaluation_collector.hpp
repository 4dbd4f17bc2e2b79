// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/data/transform.hpp>
#include <lamina/image/transform.hpp>
#include <lamina/train/case_selection.hpp>
#include <lamina/train/evaluate.hpp>
#include <lamina/train/evaluation_sections.hpp>
#include <lamina/train/lesion_picture.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

struct evaluation_collector_options {
  index_t cases = 6;           // worst, best and random ones, of each
  index_t picture_side = 384;  // of their longer side on the page, in pixels
  std::uint64_t seed = 1;      // of the random cases
};

/// Gathers from the batches of an evaluation what a report shows of it. Of the images only those cases are kept, at the
/// network's size; they are drawn when the report is asked for.
class evaluation_collector {
 public:
  /// `data` gives the names of the images and must outlive this.
  evaluation_collector(std::string name, const dataset& data, const evaluation_collector_options& options = {})
      : name_(std::move(name)), data_(&data), options_(options), cases_(options.cases, options.seed) {}

  void add(const evaluated_batch& e) {
    threshold_ = e.threshold;
    const view<const float> truth = masks_of(e.data, e.probabilities.extents());
    sweep_.add(e.probabilities, truth);
    for (index_t n = 0; n < truth.extents().n; ++n) {
      const auto probability = e.probabilities.images(n), mask = truth.images(n);
      if (holds_probabilities(probability)) reliability_.add(probability, mask);
      const double iou = smoothed_iou(count_overlap(probability, mask, {.prediction = e.threshold}).front());
      ious_.push_back(iou);
      cases_.offer(iou, [&] { return keep(e, n, mask); });
    }
  }

  bool empty() const { return ious_.empty(); }
  /// The report of all that was added; it looks at this.
  evaluation_report report() const {
    evaluation_report r{name_, ious_, threshold_, &sweep_, &reliability_};
    r.worst = drawn(cases_.worst());
    r.best = drawn(cases_.best());
    r.random = drawn(cases_.random());
    return r;
  }

 private:
  struct kept_case {
    std::string name;
    tensor<std::uint8_t> photo;
    tensor<float> probability, truth;
  };
  using chosen = case_selection<kept_case>::chosen_case;

  /// A network whose numbers ran out of range has no calibration; that is no reason to end its training here.
  static bool holds_probabilities(view<const float> x) {
    const auto [N, H, W, C] = x.extents();
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        if (!(x(0, h, w, 0) >= 0 && x(0, h, w, 0) <= 1)) return false;
    return true;
  }
  kept_case keep(const evaluated_batch& e, index_t n, view<const float> mask) const {
    const auto sample = static_cast<std::size_t>(e.data.samples[static_cast<std::size_t>(n)]);
    const shape whole = e.data.images.extents();
    kept_case kept{data_->samples.at(sample).name, tensor<std::uint8_t>({1, whole.h, whole.w, 3}, uninitialized),
                   copy_of(e.probabilities.images(n)), copy_of(mask)};
    denormalize(e.data.images.images(n), e.normalisation.mean, e.normalisation.deviation, kept.photo);
    return kept;
  }
  std::vector<html_picture> drawn(const std::vector<chosen>& cases) const {
    const auto side = static_cast<double>(options_.picture_side);
    const double thickness = std::max(1.0, side / 128);  // pages show pictures at about half their size
    std::vector<html_picture> pictures;
    for (const chosen& c : cases) {
      const lesion_picture made = draw_lesion(c.kept->photo.view(), c.kept->probability.view(), threshold_,
                                              c.kept->truth.view(), options_.picture_side, thickness);
      pictures.push_back(picture_for_page(made.photo.view(), c.kept->name + detail::formatted(": %.3f", c.figure),
                                          options_.picture_side));
    }
    return pictures;
  }

  std::string name_;
  const dataset* data_;
  evaluation_collector_options options_;
  float threshold_ = 0.5f;
  threshold_sweep sweep_;
  calibration reliability_;
  std::vector<double> ious_;
  case_selection<kept_case> cases_;
};

}  // namespace lamina
