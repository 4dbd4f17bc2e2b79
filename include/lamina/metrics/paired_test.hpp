// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Whether one run is better than another on the same images. Images differ far more than runs do, so the two runs are
// compared image by image, and never by whether their intervals overlap.
#pragma once

#include <lamina/metrics/protocols.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lamina {

struct signed_rank_result {
  index_t pairs = 0;                          // that differ
  double rank_sum_up = 0, rank_sum_down = 0;  // of the positive differences, of the negative ones
  double p = 1;                               // two-sided
  bool exact = true;
};

namespace detail {

/// The distribution of the sum of those ranks whose difference is positive, where each is so by a fair coin: element s
/// is P(2 · sum = s). Ranks are doubled, as those of ties are halves.
inline std::vector<double> signed_rank_distribution(std::span<const std::size_t> doubled_ranks) {
  std::vector<double> chance{1};
  for (const std::size_t rank : doubled_ranks) {
    chance.resize(chance.size() + rank);
    for (std::size_t s = chance.size(); s-- > 0;) chance[s] = (chance[s] + (s >= rank ? chance[s - rank] : 0)) / 2;
  }
  return chance;
}

}  // namespace detail

/// The signed-rank test of Wilcoxon (1945, doi:10.2307/3001968): are differences of pairs as likely to be above 0 as
/// below, equally far? Differences of 0 are left out, the others ranked by magnitude, ties getting the mean of their
/// ranks; W is the sum of the ranks of the positive ones. For up to 50 differences the two-sided
///   p = 2 · min(P(W ≤ w), P(W ≥ w)),  at most 1,
/// is exact, ties included; beyond, W is taken as normal with mean n(n+1)/4 and variance
///   n(n+1)(2n+1)/24 − Σ(t³ − t)/48,  t the sizes of the groups of ties, without correction for continuity.
/// p is 1 where no pair differs. Equal to SciPy's `wilcoxon` with its defaults, but that SciPy takes the normal
/// approximation as soon as there are ties or zeros among more than 13 pairs.
inline signed_rank_result wilcoxon_signed_rank(std::span<const double> differences) {
  std::vector<double> d;
  for (const double difference : differences) {
    require(std::isfinite(difference), "wilcoxon_signed_rank: a difference is ", difference);
    if (difference != 0) d.push_back(difference);
  }
  signed_rank_result result{.pairs = static_cast<index_t>(d.size())};
  if (d.empty()) return result;
  std::sort(d.begin(), d.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });

  std::vector<std::size_t> doubled_ranks;
  double ties = 0;  // Σ(t³ − t)
  for (std::size_t begin = 0, end; begin < d.size(); begin = end) {
    for (end = begin + 1; end < d.size() && std::abs(d[end]) == std::abs(d[begin]);) ++end;
    const auto t = static_cast<double>(end - begin);
    ties += t * t * t - t;
    const std::size_t doubled = begin + 1 + end;  // the mean of begin + 1 … end, twice
    doubled_ranks.insert(doubled_ranks.end(), end - begin, doubled);
    for (std::size_t i = begin; i < end; ++i)
      (d[i] > 0 ? result.rank_sum_up : result.rank_sum_down) += static_cast<double>(doubled) / 2;
  }

  result.exact = d.size() <= 50;
  if (result.exact) {
    const std::vector<double> chance = detail::signed_rank_distribution(doubled_ranks);
    const auto w = static_cast<std::size_t>(2 * std::min(result.rank_sum_up, result.rank_sum_down));
    double tail = 0;  // the distribution is symmetric, so the smaller sum's lower tail is the smaller of the two
    for (std::size_t s = 0; s <= w; ++s) tail += chance[s];
    result.p = std::min(1.0, 2 * tail);
  } else {
    const auto n = static_cast<double>(d.size());
    const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
    result.p = std::erfc(std::abs(result.rank_sum_up - n * (n + 1) / 4) / std::sqrt(variance) / std::numbers::sqrt2);
  }
  return result;
}

/// What one protocol says of two runs on the same images.
struct protocol_difference {
  std::string_view name;
  double first = 0, second = 0;  // each run's figure
  double difference = 0;         // first − second
  confidence_interval interval;  // of the difference
  std::optional<double> p;       // of the signed-rank test over images; pooled protocols have no figure for an image
};

/// Every protocol of two runs on the same images in the same order: figures, difference, its percentile bootstrap
/// interval, each resample drawing the same images for both, and Wilcoxon's p.
/// Throws `error` when the runs have different numbers of images, or an image another size or truth in one than in the
/// other, or there is none, and as `bootstrap_intervals` does.
inline std::vector<protocol_difference> compare_overlap(executor& workers, const overlap_metrics& first,
                                                        const overlap_metrics& second,
                                                        const bootstrap_options& options = {}) {
  const auto &a = first.images(), &b = second.images();
  require(a.size() == b.size(), "compare_overlap: ", a.size(), " images in one run, ", b.size(), " in the other");
  std::vector<double> rows;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto lesion = [](const confusion& c) { return c.true_positive + c.false_negative; };
    require(a[i].pixels() == b[i].pixels() && lesion(a[i]) == lesion(b[i]), "compare_overlap: image ", i, " has ",
            lesion(a[i]), " lesion pixels of ", a[i].pixels(), " in one run, ", lesion(b[i]), " of ", b[i].pixels(),
            " in the other");
    detail::append_overlap_row(a[i], rows);
    detail::append_overlap_row(b[i], rows);
  }
  std::vector<protocol_difference> result;
  for (const overlap_protocol& protocol : overlap_protocols) {
    const double of_first = first.value(protocol), of_second = second.value(protocol);
    result.push_back({protocol.name, of_first, of_second, of_first - of_second, {}, {}});
    if (protocol.pooled) continue;
    std::vector<double> differences;
    for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(protocol.figure(a[i]) - protocol.figure(b[i]));
    result.back().p = wilcoxon_signed_rank(differences).p;
  }
  constexpr std::size_t width = detail::overlap_row_width;
  const auto intervals = bootstrap_intervals(
      workers, rows, 2 * width,
      [images = a.size()](std::span<const double> sums, std::span<double> values) {
        for (std::size_t p = 0; p < values.size(); ++p)
          values[p] = detail::overlap_figure_of(sums.first(width), images, p) -
                      detail::overlap_figure_of(sums.subspan(width), images, p);
      },
      static_cast<index_t>(result.size()), options);
  for (std::size_t p = 0; p < result.size(); ++p) result[p].interval = intervals[p];
  return result;
}

}  // namespace lamina
