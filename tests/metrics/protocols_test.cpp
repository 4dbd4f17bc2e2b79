// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/metrics/protocols.hpp>

#include "../support/tensors.hpp"
#include "../support/two_runs.hpp"

#include <cstring>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("protocols: the figures of a set equal scikit-learn's and MONAI's") {
  const two_runs runs;
  serial_executor here;
  const auto goldens = evaluate_goldens();
  std::size_t compared = 0;
  for (const auto& [run, metrics] : {std::pair("first.", &runs.first), std::pair("second.", &runs.second)})
    for (const protocol_figure& figure : overlap_figures(here, *metrics, {.resamples = 1}))
      for (const std::string judge : {"sklearn.", "monai."}) {
        const auto golden = goldens.find(judge + run + std::string(figure.name));
        if (golden == goldens.end()) continue;
        CAPTURE(golden->first);
        // The smoothing of the per-image figures moves them by 10⁻⁶ of a pixel; MONAI computes in float.
        const double tolerance = judge == "monai." ? 1e-7 : figure.name.ends_with("_pooled") ? 1e-13 : 1e-8;
        CHECK(std::abs(figure.value - golden->second) < tolerance);
        ++compared;
      }
  CHECK(compared == 2 * (overlap_protocols.size() + 2));
}

TEST_CASE("protocols: values are those of overlap_metrics, intervals NumPy's") {
  const two_runs runs;
  serial_executor here;
  const auto figures = overlap_figures(here, runs.first, {.resamples = 1000, .confidence = 0.9, .seed = 7});
  const auto values = runs.first.values();
  const auto goldens = evaluate_goldens();
  REQUIRE(figures.size() == values.size());
  int compared = 0;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    CAPTURE(figures[i].name);
    CHECK(figures[i].name == values[i].first);
    CHECK(std::memcmp(&figures[i].value, &values[i].second, sizeof(double)) == 0);
    CHECK(figures[i].interval.low < figures[i].value);
    CHECK(figures[i].value < figures[i].interval.high);
    const auto low = goldens.find("bootstrap.first." + values[i].first + ".low");
    if (low == goldens.end()) continue;
    CHECK(figures[i].interval.low == doctest::Approx(low->second).epsilon(1e-12));
    CHECK(figures[i].interval.high ==
          doctest::Approx(goldens.at("bootstrap.first." + values[i].first + ".high")).epsilon(1e-12));
    ++compared;
  }
  CHECK(compared == 3);
}

TEST_CASE("protocols: the same bits with any number of workers") {
  const two_runs runs;
  serial_executor one;
  thread_pool three(3);
  const auto a = overlap_figures(one, runs.first, {.resamples = 333});
  const auto b = overlap_figures(three, runs.first, {.resamples = 333});
  for (std::size_t i = 0; i < a.size(); ++i)
    CHECK(std::memcmp(&a[i].interval, &b[i].interval, sizeof(confidence_interval)) == 0);
}

TEST_CASE("protocols: one image has intervals without length") {
  overlap_metrics metrics;
  metrics.add({.true_positive = 3, .false_positive = 1, .false_negative = 2, .true_negative = 10});
  serial_executor here;
  for (const protocol_figure& figure : overlap_figures(here, metrics, {.resamples = 10})) {
    CHECK(figure.interval.low == figure.value);
    CHECK(figure.interval.high == figure.value);
  }
}

TEST_CASE("protocols: wrong use is refused") {
  serial_executor here;
  check_error([&] { overlap_figures(here, overlap_metrics()); }, "overlap_metrics: no image was added");
  check_error([] { overlap_protocol_named("iou"); },
              "protocol 'iou' is unknown; there are iou_per_image_mean, iou_pooled, ");
  CHECK(overlap_protocol_named("dice_pooled").pooled);
}
