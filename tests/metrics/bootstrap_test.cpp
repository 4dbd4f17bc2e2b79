// SPDX-License-Identifier: Apache-2.0
#include <lamina/metrics/bootstrap.hpp>

#include "../support/tensors.hpp"

#include <limits>
#include <numeric>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Standard normal numbers.
std::vector<double> sample_of(std::size_t count, std::uint32_t number) {
  random_stream stream({.seed = 3, .sample = number});
  std::vector<double> values(count);
  for (double& v : values) v = stream.normal();
  return values;
}

}  // namespace

TEST_CASE("bootstrap: a mean's interval is the one of theory") {
  serial_executor here;
  const std::vector<double> values = sample_of(400, 0);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 400;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double error = std::sqrt(squares) / 400;  // of the mean, as the bootstrap sees it
  const auto [low, high] = bootstrap_mean_interval(here, values);
  // Of 10,000 resamples a quantile of 2.5 % has a standard error of 0.027 of these.
  CHECK(std::abs((mean - low) / error - 1.96) < 0.11);
  CHECK(std::abs((high - mean) / error - 1.96) < 0.11);
}

TEST_CASE("bootstrap: nine intervals of ten hold what they should") {
  serial_executor here;
  int holding = 0;
  for (std::uint32_t set = 0; set < 400; ++set) {
    const auto [low, high] =
        bootstrap_mean_interval(here, sample_of(60, set), {.resamples = 400, .confidence = 0.9, .seed = set});
    holding += low <= 0 && 0 <= high;
  }
  CHECK(holding > 340);  // 360 expected, deviation 6; a percentile interval of 60 values is a little short
  CHECK(holding < 378);
}

TEST_CASE("bootstrap: seeds, constants and quantiles") {
  serial_executor here;
  const std::vector<double> values = sample_of(50, 1), same(50, 0.25);
  const auto a = bootstrap_mean_interval(here, values, {.seed = 1}), again = bootstrap_mean_interval(here, values);
  const auto b = bootstrap_mean_interval(here, values, {.seed = std::uint64_t{1} << 40});
  CHECK(a.low == again.low);
  CHECK(a.low != b.low);
  CHECK(a.low == doctest::Approx(b.low).epsilon(0.05));
  CHECK(bootstrap_mean_interval(here, same).low == 0.25);
  CHECK(bootstrap_mean_interval(here, same).high == 0.25);

  const double sorted[] = {1, 2, 4, 8};
  CHECK(sorted_quantile(sorted, 0) == 1);
  CHECK(sorted_quantile(sorted, 0.5) == 3);
  CHECK(sorted_quantile(sorted, 0.75) == 5);
  CHECK(sorted_quantile(sorted, 1) == 8);
}

TEST_CASE("bootstrap: a ratio of sums, its columns drawn together") {
  serial_executor here;
  std::vector<double> rows;
  for (const double v : sample_of(30, 2)) rows.insert(rows.end(), {2 * std::abs(v), std::abs(v)});
  const auto intervals = bootstrap_intervals(
      here, rows, 2,
      [](std::span<const double> sums, std::span<double> figures) {
        figures[0] = sums[0] / sums[1];
        figures[1] = sums[1];
      },
      2, {.resamples = 100});
  REQUIRE(intervals.size() == 2);
  CHECK(intervals[0].low == doctest::Approx(2));
  CHECK(intervals[0].high == doctest::Approx(2));
  CHECK(intervals[1].low < intervals[1].high);
}

TEST_CASE("bootstrap: wrong use is refused") {
  serial_executor here;
  const std::vector<double> values{1, 2, 3};
  const auto none = [](std::span<const double>, std::span<double> figures) {
    figures[0] = std::numeric_limits<double>::quiet_NaN();
  };
  check_error([&] { bootstrap_intervals(here, values, 2, none, 1); }, "3 numbers are no rows of 2 columns");
  check_error([&] { bootstrap_intervals(here, values, 1, none, 1); }, "figure 0 of resample 0 is nan");
  check_error([&] { bootstrap_mean_interval(here, {}); }, "0 numbers are no rows of 1 columns");
  check_error([&] { bootstrap_mean_interval(here, values, {.resamples = 0}); }, "0 resamples of 3 images");
  check_error([&] { bootstrap_mean_interval(here, values, {.confidence = 1}); }, "confidence 1; expected");
}
