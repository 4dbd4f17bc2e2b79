// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Every overlap protocol of a set of images with the interval that it lies in.
#pragma once

#include <lamina/metrics/bootstrap.hpp>
#include <lamina/metrics/overlap.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lamina {

/// What one protocol says of a set of images.
struct protocol_figure {
  std::string_view name;
  double value = 0;
  confidence_interval interval;
};

namespace detail {

/// What an image adds to a resample's sums: four cells for the pooled protocols, and a figure for each of the others.
constexpr std::size_t overlap_row_width = 4 + overlap_protocols.size();

inline void append_overlap_row(const confusion& c, std::vector<double>& rows) {
  for (const std::int64_t cell : {c.true_positive, c.false_positive, c.false_negative, c.true_negative})
    rows.push_back(static_cast<double>(cell));
  for (const overlap_protocol& protocol : overlap_protocols) rows.push_back(protocol.pooled ? 0 : protocol.figure(c));
}

/// Protocol p of a resample's sums; cells are whole numbers below 2^53, so they are exact.
inline double overlap_figure_of(std::span<const double> sums, std::size_t images, std::size_t p) {
  const overlap_protocol& protocol = overlap_protocols[p];
  if (!protocol.pooled) return sums[4 + p] / static_cast<double>(images);
  const auto cell = [sums](std::size_t i) { return static_cast<std::int64_t>(sums[i]); };
  return protocol.figure({cell(0), cell(1), cell(2), cell(3)});
}

}  // namespace detail

/// Every protocol's figure, equal to `metrics.values()`, with its percentile bootstrap interval over images
/// (`bootstrap_intervals`): per-image figures are averaged, pooled ones computed from the resample's pooled cells.
///
///     for (const auto& [name, value, interval] : overlap_figures(workers, metrics))
///       out << name << ' ' << value << " [" << interval.low << ", " << interval.high << "]\n";
///
/// Throws `error` when no image was added, or as `bootstrap_intervals` does.
inline std::vector<protocol_figure> overlap_figures(executor& workers, const overlap_metrics& metrics,
                                                    const bootstrap_options& options = {}) {
  std::vector<protocol_figure> figures;
  for (const overlap_protocol& protocol : overlap_protocols)
    figures.push_back({protocol.name, metrics.value(protocol), {}});
  std::vector<double> rows;
  for (const confusion& image : metrics.images()) detail::append_overlap_row(image, rows);
  const std::size_t images = metrics.images().size();
  const auto intervals = bootstrap_intervals(
      workers, rows, detail::overlap_row_width,
      [images](std::span<const double> sums, std::span<double> values) {
        for (std::size_t p = 0; p < values.size(); ++p) values[p] = detail::overlap_figure_of(sums, images, p);
      },
      static_cast<index_t>(figures.size()), options);
  for (std::size_t p = 0; p < figures.size(); ++p) figures[p].interval = intervals[p];
  return figures;
}

}  // namespace lamina
