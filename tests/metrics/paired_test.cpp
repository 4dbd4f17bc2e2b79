// SPDX-License-Identifier: Apache-2.0
#include <lamina/metrics/paired_test.hpp>

#include "../support/tensors.hpp"
#include "../support/two_runs.hpp"

#include <limits>
#include <sstream>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("wilcoxon: p equals SciPy's") {
  int compared = 0;
  for (const auto& golden : evaluate_goldens()) {
    const std::string& name = golden.first;
    const double expected = golden.second;
    if (!name.starts_with("wilcoxon ")) continue;
    CAPTURE(name);
    std::istringstream numbers(name.substr(9));
    index_t pairs = 0, step = 0, values = 0, zero = 0;
    numbers >> pairs >> step >> values >> zero;
    std::vector<double> differences, opposite;
    for (index_t i = 0; i < pairs; ++i) {
      differences.push_back(static_cast<double>(i * step % values - zero) / 1024);
      opposite.push_back(-differences.back());
    }
    const signed_rank_result result = wilcoxon_signed_rank(differences);
    CHECK(result.p == doctest::Approx(expected).epsilon(1e-12));
    CHECK(wilcoxon_signed_rank(opposite).p == doctest::Approx(expected).epsilon(1e-12));
    CHECK(wilcoxon_signed_rank(opposite).rank_sum_up == result.rank_sum_down);
    const auto n = static_cast<double>(result.pairs);
    CHECK(result.rank_sum_up + result.rank_sum_down == n * (n + 1) / 2);
    CHECK(result.exact == (result.pairs <= 50));
    ++compared;
  }
  CHECK(compared == 8);
}

TEST_CASE("wilcoxon: by hand") {
  CHECK(wilcoxon_signed_rank({}).p == 1);
  const double equal[] = {0, 0, 0}, three[] = {1, 2, 3}, tied[] = {1, 1, -1, 0};
  CHECK(wilcoxon_signed_rank(equal).p == 1);
  CHECK(wilcoxon_signed_rank(three).p == 0.25);  // 2 of the 8 ways to choose signs
  CHECK(wilcoxon_signed_rank(tied).p == 1);      // one or none of three is below 0 in half of all ways
  CHECK(wilcoxon_signed_rank(tied).pairs == 3);
  CHECK(wilcoxon_signed_rank(tied).rank_sum_down == 2);
  const double wrong[] = {1, std::numeric_limits<double>::quiet_NaN()};
  check_error([&] { wilcoxon_signed_rank(wrong); }, "wilcoxon_signed_rank: a difference is nan");
}

TEST_CASE("paired: differences, their intervals and p of two runs") {
  const two_runs runs;
  serial_executor here;
  const auto goldens = evaluate_goldens();
  const bootstrap_options options{.resamples = 1000, .confidence = 0.9, .seed = 7};
  const auto compared = compare_overlap(here, runs.first, runs.second, options);
  REQUIRE(compared.size() == overlap_protocols.size());
  int checked = 0;
  for (std::size_t i = 0; i < compared.size(); ++i) {
    const protocol_difference& d = compared[i];
    CAPTURE(d.name);
    CHECK(d.first == runs.first.value(overlap_protocols[i]));
    CHECK(d.second == runs.second.value(overlap_protocols[i]));
    CHECK(d.difference == d.first - d.second);
    CHECK(d.p.has_value() == !overlap_protocols[i].pooled);
    const auto low = goldens.find("bootstrap.difference." + std::string(d.name) + ".low");
    if (low == goldens.end()) continue;
    CHECK(d.interval.low == doctest::Approx(low->second).epsilon(1e-12));
    CHECK(d.interval.high ==
          doctest::Approx(goldens.at("bootstrap.difference." + std::string(d.name) + ".high")).epsilon(1e-12));
    ++checked;
  }
  CHECK(checked == 3);
  CHECK(*compared[0].p == doctest::Approx(goldens.at("wilcoxon.iou")).epsilon(1e-12));
}

TEST_CASE("paired: a run does not differ from itself") {
  const two_runs runs;
  serial_executor here;
  for (const protocol_difference& d : compare_overlap(here, runs.first, runs.first, {.resamples = 50})) {
    CHECK(d.interval.low == 0);
    CHECK(d.interval.high == 0);
    CHECK(d.p.value_or(1) == 1);
  }
}

TEST_CASE("paired: runs on other images are refused") {
  const two_runs runs;
  serial_executor here;
  overlap_metrics fewer, moved;
  fewer.add(runs.first.images().front());
  check_error([&] { compare_overlap(here, runs.first, fewer); }, "20 images in one run, 1 in the other");
  for (std::size_t i = 0; i < 20; ++i) moved.add(runs.first.images()[(i + 1) % 20]);
  check_error([&] { compare_overlap(here, runs.first, moved); }, "compare_overlap: image 0 has ");
}
