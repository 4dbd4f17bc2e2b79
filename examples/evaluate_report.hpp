// SPDX-License-Identifier: Apache-2.0
// The page that tells an evaluation: every protocol with its interval, the comparison, and the cases to look at.
#pragma once

#include <lamina/image/fit.hpp>
#include <lamina/image/write.hpp>
#include <lamina/train/case_selection.hpp>
#include <lamina/train/evaluation_sections.hpp>
#include <lamina/train/lesion_picture.hpp>
#include <lamina/train/summary.hpp>

#include "evaluate_results.hpp"

namespace evaluate_program {

/// An image with the outlines of prediction and truth, of 384 pixels at its longer side; what has no photograph is
/// drawn on grey.
inline html_picture case_picture(cpu_context& ctx, const run_source& run, const truth_image& t, float threshold,
                                 double iou) {
  constexpr index_t longest = 384;
  const tensor<std::uint8_t> truth = read_mask(t.mask);
  const image_size native = size_of(truth.extents());
  const index_t longer = std::max(native.width, native.height);
  const auto scaled = [&](index_t side) { return std::max<index_t>(1, (side * longest + longer / 2) / longer); };
  const image_size to{scaled(native.width), scaled(native.height)};
  tensor<std::uint8_t> photo({1, to.height, to.width, 3}, uninitialized);
  photo.fill(205);
  if (!t.image.empty()) photo = read_fitted_image(t.image, to.height, to.width);
  const tensor<float> probability = prediction_at(ctx, run.predict(ctx, t, truth), native, to);
  const tensor<std::uint8_t> small = resized(ctx, truth.view(), interpolation::nearest, to.height, to.width);
  tensor<float> lesion(small.extents(), uninitialized);
  std::transform(small.begin(), small.end(), lesion.begin(), [](std::uint8_t v) { return v >= 128 ? 1.0f : 0.0f; });
  const index_t shorter = std::min(to.width, to.height);
  const lesion_picture drawn =
      draw_lesion(photo.view(), probability.view(), threshold, lesion.view(), shorter, longest / 128.0);
  return picture_for_page(drawn.photo.view(), t.name + detail::formatted(": %.3f", iou), longest);
}

inline html_table comparison_table(const run_comparison& c) {
  html_table table{{"protocol", "this", "other", "difference", "p (Wilcoxon)"}, {}};
  const auto add = [&table](std::string_view named, double first, double second, double difference,
                            const confidence_interval& i, const std::optional<double>& p) {
    table.rows.push_back({std::string(named), detail::formatted("%.4f", first), detail::formatted("%.4f", second),
                          detail::formatted("%+.4f [%+.4f, %+.4f]", difference, i.low, i.high),
                          p ? detail::formatted("%.3g", *p) : "–"});
  };
  for (const protocol_difference& d : c.protocols) add(d.name, d.first, d.second, d.difference, d.interval, d.p);
  for (const auto& [d, first, second, p] : c.distances)
    if (d.images > 0) add(d.name, first, second, d.value, d.interval, p);
  return table;
}

/// Writes report.html, one page that needs nothing else, and its charts as figures/NAME.png. The cases are those of the
/// last resolution.
///   seconds  that the evaluation took
inline void write_report(const std::filesystem::path& folder, cpu_context& ctx, const run_source& run,
                         const std::vector<truth_image>& truths, const std::vector<run_figures>& figures,
                         const std::vector<run_comparison>& comparisons, const std::string& other,
                         const std::string& command, double seconds) {
  std::filesystem::create_directories(folder / "figures");
  html_page page("Evaluation", "Of " + run.from + '.');
  page.section("Every protocol");
  page.key_facts({{"images", to_text(figures.front().images.size())},
                  {"IoU per image", detail::formatted("%.4f", figures.back().figures.front().value)},
                  {"resolution", name(figures.back().at)}});
  std::vector<protocol_column> columns;
  for (const run_figures& f : figures) {
    protocol_column& column = columns.emplace_back(protocol_column{f.heading(), {}});
    const auto add = [&column](std::string_view named, double value, const confidence_interval& i) {
      column.results.push_back({std::string(named), value, std::pair(i.low, i.high)});
    };
    for (const auto& [protocol, value, interval] : f.figures) add(protocol, value, interval);
    for (const distance_figure& d : f.distance_figures)
      if (d.images > 0) add(d.name + ", pixels", d.value, d.interval);
  }
  page.paragraph("In brackets the interval of each figure, by a bootstrap over images.");
  write_protocols(page, columns);

  for (const run_comparison& c : comparisons) {
    page.section("Comparison, " + name(c.at));
    page.paragraph(to_text("With ", other, ", ", c.images, " images; difference: this run's less the other's."));
    page.table(comparison_table(c));
  }
  for (const run_figures& f : figures) {
    evaluation_report report{.name = name(f.at), .ious = {}, .threshold = f.threshold, .sweep = &f.curve,
                             .reliability = &f.reliability};
    case_selection<std::size_t> cases(6);
    for (std::size_t i = 0; i < f.images.size(); ++i) {
      report.ious.push_back(smoothed_iou(f.metrics.images()[i]));
      cases.offer(report.ious.back(), [&] { return f.images[i]; });
    }
    const auto drawn = [&](const auto& chosen) {
      std::vector<html_picture> pictures;
      for (const auto& one : chosen)
        pictures.push_back(case_picture(ctx, run, truths[*one.kept], f.threshold, one.figure));
      return pictures;
    };
    if (&f == &figures.back())
      report.worst = drawn(cases.worst()), report.best = drawn(cases.best()), report.random = drawn(cases.random());
    page.section("At " + name(f.at) + " resolution");
    const std::vector<named_chart> charts = evaluation_charts(report);
    write_evaluation(page, report, charts);
    for (const auto& [name_of_chart, chart] : charts)
      write_png(folder / "figures" / (name_of_chart + ".png"), rgb_image(chart, 2).view());
  }
  if (!run.model.empty()) {
    page.section("Model");
    page.facts(run.model);
  }
  page.section("Speed and memory");
  const auto images = static_cast<double>(figures.front().images.size());
  page.facts({{"predicted and compared in", detail::clock_text(seconds)},
              {"images per second", detail::formatted("%.1f", images / seconds)},
              {"peak memory of the process", detail::bytes_text(static_cast<double>(peak_rss_bytes()))}});
  page.section("Command");
  page.preformatted(command);
  write_file_atomically(folder / "report.html", page.text());
}

}  // namespace evaluate_program
