// lamina::train · SPDX-License-Identifier: Apache-2.0
// The parts of a report that tell how well probabilities fit the truth. They know nothing of how those came about, so
// that training and evaluation write the same.
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/image/plot.hpp>
#include <lamina/metrics/calibration.hpp>
#include <lamina/metrics/overlap.hpp>
#include <lamina/metrics/threshold_sweep.hpp>
#include <lamina/train/html_page.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

/// One protocol's figure, with the interval that it lies in where that is known.
struct protocol_result {
  std::string protocol;
  double value = 0;
  std::optional<std::pair<double, double>> interval{};
};
/// The figures of one set of images, or of one resolution.
struct protocol_column {
  std::string name;
  std::vector<protocol_result> results;
};

/// A table with a row for each protocol that any column has, in the order in which they first appear.
inline void write_protocols(html_page& page, std::span<const protocol_column> columns) {
  html_table table{{"protocol"}, {}};
  for (std::size_t c = 0; c < columns.size(); ++c) {
    table.header.push_back(columns[c].name);
    for (const protocol_result& r : columns[c].results) {
      auto row = std::ranges::find_if(table.rows, [&r](const auto& cells) { return cells.front() == r.protocol; });
      if (row == table.rows.end()) row = table.rows.insert(row, {r.protocol});
      row->resize(c + 1, "–");  // of the columns before that lack it
      row->push_back(detail::formatted("%.4f", r.value) +
                     (r.interval ? detail::formatted(" [%.4f, %.4f]", r.interval->first, r.interval->second) : ""));
    }
  }
  for (auto& row : table.rows) row.resize(columns.size() + 1, "–");
  page.table(table);
}

/// How the predictions for a set of images fit its truth; what is not known is left empty.
struct evaluation_report {
  std::string name;                        // of the set, such as "validation"
  std::vector<double> ious;                // of each image
  float threshold = 0.5f;                  // that masks were made with
  const threshold_sweep* sweep = nullptr;  // these two of probabilities; masks have none
  const calibration* reliability = nullptr;
  std::vector<html_picture> worst{}, best{}, random{};
};

/// A chart, and the name for a file that holds it.
struct named_chart {
  std::string name;
  drawing chart;
};

namespace detail {

/// So narrow that its letters can be read on a phone, where a chart is as wide as the screen.
inline plot_options report_chart(std::string title, std::string x_label, std::string y_label) {
  return {.title = std::move(title), .x_label = std::move(x_label), .y_label = std::move(y_label), .width = 420,
          .height = 310};
}

inline drawing iou_histogram(const evaluation_report& e) {
  constexpr int bins = 20;
  plot_series bars{{}, {}, std::vector<double>(bins)};
  bars.mark = plot_mark::bars;
  bars.bar_width = 1.0 / bins;
  for (int i = 0; i < bins; ++i) bars.x.push_back((i + 0.5) / bins);
  double sum = 0;
  for (const double iou : e.ious) {
    sum += iou;
    ++bars.y[static_cast<std::size_t>(std::clamp(static_cast<int>(iou * bins), 0, bins - 1))];
  }
  const double most = *std::ranges::max_element(bars.y), mean = sum / static_cast<double>(e.ious.size());
  plot_series line{formatted("mean %.4f", mean), {mean, mean}, {0, most}, false, plot_colours[1]};
  const plot_series series[] = {bars, line};
  plot_options options = report_chart("IoU of each image", "IoU", "images");
  options.x_range = plot_range{};
  return plot(series, options);
}

inline drawing threshold_chart(const evaluation_report& e) {
  const threshold_sweep& sweep = *e.sweep;
  const std::vector<double> x(sweep.thresholds().begin(), sweep.thresholds().end());
  const double used = e.threshold;
  const auto best = sweep.best(&overlap_metrics::iou_per_image_mean);
  const auto pooled_precision = [](const overlap_metrics& m) {  // a gap where nothing is found any more
    const confusion all = m.pooled();
    return all.true_positive + all.false_positive > 0 ? precision(all) : std::numeric_limits<double>::quiet_NaN();
  };
  const plot_series series[] = {
      {"IoU per image", x, sweep.curve(&overlap_metrics::iou_per_image_mean)},
      {"Jaccard 0.65", x, sweep.curve("jaccard_thresholded_0.65"), false, plot_colours[3]},
      {"precision", x, sweep.curve(pooled_precision), false, plot_colours[4]},
      {"recall", x, sweep.curve([](const overlap_metrics& m) { return recall(m.pooled()); }), false, plot_colours[2]},
      {formatted("used: %.2f", used), {used, used}, {0, 1}, false, colour{150, 156, 166}},
      {formatted("best: %.2f", static_cast<double>(best.threshold)), {best.threshold}, {best.value}, false,
       plot_colours[1], plot_mark::dots}};
  plot_options options = report_chart("Figures at each threshold", "threshold", "");
  options.x_range = options.y_range = plot_range{};
  return plot(series, options);
}

inline drawing calibration_chart(const evaluation_report& e) {
  plot_series pixels{"share of pixels", {}, {}, false, colour{190, 200, 212}, plot_mark::bars}, line{"", {}, {}},
      dots{"share of lesion", {}, {}};
  const auto all = static_cast<double>(e.reliability->pixels());
  for (const calibration_bin& bin : e.reliability->bins()) {
    pixels.bar_width = bin.high - bin.low;
    pixels.x.push_back((bin.low + bin.high) / 2);
    pixels.y.push_back(static_cast<double>(bin.pixels) / all);
    if (bin.pixels == 0) continue;
    dots.x.push_back(bin.mean_probability);
    dots.y.push_back(bin.lesion_share);
  }
  line.x = dots.x;
  line.y = dots.y;
  line.paint = dots.paint = plot_colours[0];
  dots.mark = plot_mark::dots;
  const plot_series perfect{"as it should be", {0, 1}, {0, 1}, false, colour{150, 156, 166}};
  const plot_series series[] = {pixels, perfect, line, dots};
  plot_options options = report_chart("Calibration", "probability of lesion", "share");
  options.x_range = options.y_range = plot_range{};
  return plot(series, options);
}

}  // namespace detail

/// The charts of what is known: `NAME_iou`, `NAME_thresholds`, `NAME_calibration`.
inline std::vector<named_chart> evaluation_charts(const evaluation_report& e) {
  std::vector<named_chart> charts;
  if (!e.ious.empty()) charts.push_back({e.name + "_iou", detail::iou_histogram(e)});
  if (e.sweep != nullptr && e.sweep->images() > 0)
    charts.push_back({e.name + "_thresholds", detail::threshold_chart(e)});
  if (e.reliability != nullptr && e.reliability->pixels() > 0)
    charts.push_back({e.name + "_calibration", detail::calibration_chart(e)});
  return charts;
}

/// The charts of `evaluation_charts`, what they say in words, and the cases: worst, best, random.
inline void write_evaluation(html_page& page, const evaluation_report& e, std::span<const named_chart> charts) {
  std::vector<drawing> drawings;
  for (const named_chart& c : charts) drawings.push_back(c.chart);
  page.charts(drawings);

  html_facts facts;
  if (!e.ious.empty()) {
    std::vector<double> sorted = e.ious;
    std::ranges::sort(sorted);
    facts.push_back({"images", detail::grouped_text(static_cast<long long>(sorted.size()))});
    const double median = (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
    facts.push_back({"lowest, median, highest IoU",
                     detail::formatted("%.4f, %.4f, %.4f", sorted.front(), median, sorted.back())});
    const auto failed = std::ranges::lower_bound(sorted, 0.65) - sorted.begin();
    facts.push_back({"images below IoU 0.65", detail::grouped_text(failed)});
  }
  facts.push_back({"threshold", detail::formatted("%.2f", static_cast<double>(e.threshold))});
  if (e.sweep != nullptr && e.sweep->images() > 0) {
    const auto best = e.sweep->best(&overlap_metrics::iou_per_image_mean);
    facts.push_back({"best threshold for these images",
                     detail::formatted("%.2f, with a mean IoU of %.4f: chosen on the images that it is measured on, so "
                                       "it flatters",
                                       static_cast<double>(best.threshold), best.value)});
  }
  if (e.reliability != nullptr && e.reliability->pixels() > 0) {
    facts.push_back({"expected calibration error",
                     detail::formatted("%.4f", e.reliability->expected_calibration_error())});
    facts.push_back({"Brier score", detail::formatted("%.4f", e.reliability->brier_score())});
  }
  page.facts(facts);

  if (!e.worst.empty() || !e.best.empty() || !e.random.empty())
    page.paragraph("Outlines: prediction red, truth green. Beside an image's name stands its IoU.");
  const std::pair<const char*, const std::vector<html_picture>*> cases[] = {
      {"Worst cases", &e.worst}, {"Best cases", &e.best}, {"A random sample", &e.random}};
  for (const auto& [title, pictures] : cases) {
    if (pictures->empty()) continue;
    page.heading(title);
    page.pictures(*pictures);
  }
}

}  // namespace lamina
