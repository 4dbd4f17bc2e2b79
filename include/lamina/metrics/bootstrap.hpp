// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// How far a figure would move with other images of the same kind: intervals by resampling.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/parallel.hpp>
#include <lamina/core/random.hpp>
#include <lamina/metrics/quantile.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace lamina {

/// Where a figure lies with the confidence that was asked for.
struct confidence_interval {
  double low = 0, high = 0;
};

struct bootstrap_options {
  index_t resamples = 10'000;
  double confidence = 0.95;
  std::uint64_t seed = 1;
};

/// Percentile bootstrap intervals of figures of a set of images (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, chapter 13). What is resampled is the image, since pixels of one image are not independent: a
/// resample draws as many images as there are, each with return, and adds up their rows; every figure is then computed
/// from the sums.
/// With α = 1 − confidence, a figure's interval is from its α/2 to its 1 − α/2 quantile over all resamples.
///   rows        an image's numbers, `columns` of them, row after row: values whose mean is wanted, or cells of a
///               confusion that are to be pooled; all figures share a resample's draws
///   figures_of  (std::span<const double> sums, std::span<double> figures): from a resample's sum of each column
///   figures     how many there are
/// Resample r draws from the stream (seed, bootstrap, sample r), and only adds up: the same bits on every machine, with
/// any number of workers. Throws `error` for options out of range, rows that are none, or a figure that is not finite.
template <class FiguresOf>
std::vector<confidence_interval> bootstrap_intervals(executor& workers, std::span<const double> rows, index_t columns,
                                                     FiguresOf&& figures_of, index_t figures,
                                                     const bootstrap_options& options = {}) {
  const auto width = static_cast<std::size_t>(columns), count = static_cast<std::size_t>(figures);
  require(columns > 0 && figures > 0 && !rows.empty() && rows.size() % width == 0, "bootstrap_intervals: ", rows.size(),
          " numbers are no rows of ", columns, " columns, for ", figures, " figures");
  constexpr index_t limit = std::numeric_limits<std::uint32_t>::max();
  const std::size_t images = rows.size() / width;
  require(options.resamples >= 1 && options.resamples <= limit && images <= static_cast<std::size_t>(limit),
          "bootstrap_intervals: ", options.resamples, " resamples of ", images, " images; expected 1 to ", limit);
  require(options.confidence > 0 && options.confidence < 1, "bootstrap_intervals: confidence ", options.confidence,
          "; expected above 0 and below 1");

  const auto resamples = static_cast<std::size_t>(options.resamples);
  std::vector<double> drawn(count * resamples);  // [figure][resample]
  parallel_for(workers, options.resamples, 64, [&](index_t begin, index_t end) {
    std::vector<double> sums(width), values(count);
    for (index_t r = begin; r < end; ++r) {
      random_stream stream({.seed = options.seed,
                            .purpose = random_purpose::bootstrap,
                            .sample = static_cast<std::uint32_t>(r)});
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::size_t i = 0; i < images; ++i) {
        const double* row = rows.data() + width * stream.below(static_cast<std::uint32_t>(images));
        for (std::size_t c = 0; c < width; ++c) sums[c] += row[c];
      }
      figures_of(std::span<const double>(sums), std::span<double>(values));
      for (std::size_t f = 0; f < count; ++f) {
        require(std::isfinite(values[f]), "bootstrap_intervals: figure ", f, " of resample ", r, " is ", values[f]);
        drawn[f * resamples + static_cast<std::size_t>(r)] = values[f];
      }
    }
  });

  std::vector<confidence_interval> intervals;
  const double tail = (1 - options.confidence) / 2;
  for (std::size_t f = 0; f < count; ++f) {
    const auto values = std::span(drawn).subspan(f * resamples, resamples);
    std::sort(values.begin(), values.end());
    intervals.push_back({sorted_quantile(values, tail), sorted_quantile(values, 1 - tail)});
  }
  return intervals;
}

/// The interval of a mean over images. Throws `error` as `bootstrap_intervals` does.
inline confidence_interval bootstrap_mean_interval(executor& workers, std::span<const double> values,
                                                   const bootstrap_options& options = {}) {
  const auto count = static_cast<double>(values.size());
  return bootstrap_intervals(
             workers, values, 1,
             [count](std::span<const double> sums, std::span<double> figures) { figures[0] = sums[0] / count; }, 1,
             options)
      .front();
}

}  // namespace lamina
