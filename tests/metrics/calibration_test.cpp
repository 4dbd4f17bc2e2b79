// SPDX-License-Identifier: Apache-2.0
#include <lamina/metrics/calibration.hpp>

#include "../support/golden_probabilities.hpp"
#include "../support/tensors.hpp"

#include <cmath>
#include <limits>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("calibration: bins, expected calibration error and Brier score equal scikit-learn's") {
  const golden_probabilities images;
  calibration c;
  for (index_t n = 0; n < 5; ++n) c.add(images.probability.view().images(n), images.truth.view().images(n));
  const auto golden = golden_probability_figures();
  const auto bins = c.bins();
  REQUIRE(bins.size() == 15);
  for (int i = 0; i < 15; ++i) {
    CAPTURE(i);
    const calibration_bin& bin = bins[static_cast<std::size_t>(i)];
    CHECK(static_cast<double>(bin.pixels) == golden.at({"bin_pixels", i}));
    CHECK(bin.mean_probability == doctest::Approx(golden.at({"bin_mean", i})).epsilon(1e-12));
    CHECK(bin.lesion_share == doctest::Approx(golden.at({"bin_share", i})).epsilon(1e-12));
  }
  CHECK(c.expected_calibration_error() ==
        doctest::Approx(golden.at({"expected_calibration_error", 0})).epsilon(1e-12));
  CHECK(c.brier_score() == doctest::Approx(golden.at({"brier_score", 0})).epsilon(1e-12));
  CHECK(c.pixels() == images.truth.size());
}

TEST_CASE("calibration: by hand, edges in the bin below them") {
  tensor<double> p({1, 1, 6, 1});
  tensor<std::uint8_t> truth({1, 1, 6, 1});
  const double values[] = {0, 0.25, 0.5, 0.5, 0.6, 1};
  for (index_t i = 0; i < 6; ++i) p[i] = values[i];
  truth[1] = truth[4] = truth[5] = 255;
  calibration c(4);
  c.add(p.view(), truth.view());
  const auto bins = c.bins();
  CHECK(bins[0].pixels == 2);
  CHECK(bins[0].mean_probability == 0.125);
  CHECK(bins[0].lesion_share == 0.5);
  CHECK(bins[1].pixels == 2);
  CHECK(bins[1].low == 0.25);
  CHECK(bins[1].high == 0.5);
  CHECK(bins[1].lesion_share == 0);
  CHECK(bins[2].pixels == 1);
  CHECK(bins[3].mean_probability == 1);
  CHECK(c.expected_calibration_error() == doctest::Approx((2 * 0.375 + 2 * 0.5 + 0.4) / 6));
  CHECK(c.brier_score() == doctest::Approx((0.75 * 0.75 + 0.25 + 0.25 + 0.16) / 6));
}

TEST_CASE("calibration: every edge of every number of bins belongs to the bin below it") {
  for (index_t count = 1; count <= 40; ++count) {
    tensor<double> p({1, 1, count, 1});
    for (index_t i = 0; i < count; ++i) p[i] = static_cast<double>(i + 1) / static_cast<double>(count);
    calibration c(count);
    c.add(p.view(), p.view());
    for (const calibration_bin& bin : c.bins()) {
      CAPTURE(count);
      CAPTURE(bin.low);
      CHECK(bin.pixels == 1);
      CHECK(bin.mean_probability == bin.high);
    }
  }
}

TEST_CASE("calibration: masks are perfect or wholly wrong; empty bins have no share") {
  tensor<float> p({2, 3, 3, 1}), opposite({2, 3, 3, 1});
  for (index_t i = 0; i < 9; ++i) p[i] = 1, opposite[9 + i] = 1;
  calibration perfect, wrong;
  perfect.add(p.view(), p.view());
  wrong.add(p.view(), opposite.view());
  CHECK(perfect.expected_calibration_error() == 0);
  CHECK(perfect.brier_score() == 0);
  CHECK(wrong.expected_calibration_error() == 1);
  CHECK(wrong.brier_score() == 1);
  CHECK(perfect.bins()[7].pixels == 0);
  CHECK(std::isnan(perfect.bins()[7].lesion_share));
}

TEST_CASE("calibration: wrong use is refused") {
  tensor<float> a({1, 2, 2, 1}), b({1, 2, 3, 1});
  calibration c;
  check_error([&] { c.add(a.view(), b.view()); },
              "calibration: probability [1,2,2,1] and truth [1,2,3,1] differ in shape (NHWC)");
  a[2] = 1.5f;
  check_error([&] { c.add(a.view(), a.view()); }, "calibration: a probability is 1.5; expected [0, 1]");
  a[2] = std::numeric_limits<float>::quiet_NaN();
  check_error([&] { c.add(a.view(), a.view()); }, "calibration: a probability is nan; expected [0, 1]");
  check_error([&] { c.brier_score(); }, "no pixel was added");
  check_error([&] { c.expected_calibration_error(); }, "no pixel was added");
  check_error([] { calibration(0); }, "calibration: 0 bins; expected 1 or more");
}
