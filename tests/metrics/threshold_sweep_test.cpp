// SPDX-License-Identifier: Apache-2.0
#include <lamina/metrics/threshold_sweep.hpp>

#include "../support/golden_probabilities.hpp"
#include "../support/tensors.hpp"

#include <limits>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("threshold sweep: the figures equal scikit-learn's at every threshold") {
  const golden_probabilities images;
  threshold_sweep sweep;
  sweep.add(images.probability.view(), images.truth.view());
  REQUIRE(sweep.images() == 5);
  REQUIRE(sweep.thresholds().size() == 99);

  const auto golden = golden_probability_figures();
  const auto iou_pooled = sweep.curve("iou_pooled"), dice_pooled = sweep.curve("dice_pooled");
  for (int percent = 1; percent < 100; ++percent) {
    CAPTURE(percent);
    const auto i = static_cast<std::size_t>(percent - 1);
    CHECK(iou_pooled[i] == doctest::Approx(golden.at({"iou_pooled", percent})).epsilon(1e-12));
    CHECK(dice_pooled[i] == doctest::Approx(golden.at({"dice_pooled", percent})).epsilon(1e-12));
    CHECK(iou(sweep.metrics()[i].images().back()) ==
          doctest::Approx(golden.at({"iou_of_last_image", percent})).epsilon(1e-12));
    CHECK(static_cast<double>(sweep.metrics()[i].images().front().true_negative) ==
          golden.at({"true_negative_of_first_image", percent}));
  }
}

TEST_CASE("threshold sweep: each threshold counts as count_overlap does, values on a threshold and NaN included") {
  tensor<float> p = random_tensor<float>({3, 9, 7, 1}, 1, -0.2, 1.2);
  p[5] = std::numeric_limits<float>::quiet_NaN();
  p[6] = std::numeric_limits<float>::infinity();
  const std::vector<float> thresholds = threshold_grid(10);
  for (std::size_t i = 0; i < thresholds.size(); ++i) p[static_cast<index_t>(20 + i)] = thresholds[i];
  const tensor<float> truth = random_tensor<float>({3, 9, 7, 1}, 2, 0, 1);

  threshold_sweep sweep(thresholds, 0.25f);
  sweep.add(p.view().images(0), truth.view().images(0));
  sweep.add(p.view().images(1, 2), truth.view().images(1, 2));
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    CAPTURE(thresholds[i]);
    overlap_metrics alone({.prediction = thresholds[i], .truth = 0.25f});
    alone.add(p.view(), truth.view());
    CHECK(sweep.metrics()[i].images() == alone.images());
    CHECK(sweep.metrics()[i].values() == alone.values());
  }
  CHECK(sweep.curve(&overlap_metrics::iou_per_image_mean) == sweep.curve("iou_per_image_mean"));
}

TEST_CASE("threshold sweep: the grid's members are the floats that people write") {
  const std::vector<float> grid = threshold_grid();
  CHECK(grid[29] == 0.3f);
  CHECK(grid[49] == 0.5f);
  CHECK(grid[64] == 0.65f);
}

TEST_CASE("threshold sweep: the best threshold, of equal ones the middle one") {
  tensor<float> p({1, 1, 4, 1}), truth({1, 1, 4, 1});
  p[0] = 0.1f, p[1] = 0.35f, p[2] = 0.65f, p[3] = 0.9f;
  truth[2] = truth[3] = 1;
  threshold_sweep sweep(threshold_grid(10));
  sweep.add(p.view(), truth.view());
  const auto best = sweep.best("iou_pooled");  // 0.4, 0.5 and 0.6 part lesion from skin
  CHECK(best.threshold == 0.5f);
  CHECK(best.value == 1);
  CHECK(sweep.best([](const overlap_metrics& m) { return recall(m.pooled()); }).threshold == 0.3f);
}

TEST_CASE("threshold sweep: wrong use is refused") {
  const tensor<float> a({1, 2, 2, 1}), b({1, 2, 3, 1});
  threshold_sweep sweep;
  check_error([&] { sweep.add(a.view(), b.view()); },
              "threshold_sweep: prediction [1,2,2,1] and truth [1,2,3,1] differ in shape (NHWC)");
  check_error([&] { sweep.curve("iou_pooled"); }, "no image was added");
  sweep.add(a.view(), a.view());
  check_error([&] { sweep.best("jaccard"); }, "threshold_sweep: no protocol is called 'jaccard'");
  check_error([] { threshold_sweep(std::vector<float>()); }, "threshold_sweep: there are no thresholds");
  check_error([] { threshold_sweep(std::vector{0.5f, 0.5f}); },
              "threshold_sweep: 0.5 does not follow 0.5 in rising order");
  check_error([] { threshold_sweep(std::vector{std::numeric_limits<float>::quiet_NaN()}); },
              "threshold_sweep: a threshold is NaN");
  check_error([] { threshold_grid(1); }, "threshold_grid: 1 parts have no threshold between them");
}
