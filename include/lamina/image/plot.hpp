// lamina::image · SPDX-License-Identifier: Apache-2.0
// Line charts: loss and metric by epoch, drawn well enough to be shown.
#pragma once

#include <lamina/image/draw.hpp>
#include <lamina/image/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// One line of a chart.
struct plot_series {
  std::string label;
  std::vector<double> x, y;  // as many of each; where a value is not finite the line has a gap
  bool right_axis = false;
  std::optional<colour> paint{};  // else one of eight, in turn
};

struct plot_options {
  std::string title{}, x_label{}, y_label{}, right_label{};
  index_t width = 900, height = 500;
};

namespace detail {

/// Chart colours that colour-blind people can tell apart (Okabe & Ito 2008), the strong ones first.
inline constexpr std::array<colour, 8> plot_colours{{{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167},
                                                     {230, 159, 0}, {86, 180, 233}, {90, 90, 90}, {160, 140, 20}}};

/// An axis from `low` to `high` with a tick at each multiple of `step`.
struct plot_axis {
  double low = 0, high = 1, step = 0.25;

  double share(double value) const { return (value - low) / (high - low); }
  index_t ticks() const { return static_cast<index_t>(std::lround((high - low) / step)) + 1; }
  double tick(index_t i) const { return low + static_cast<double>(i) * step; }
  std::string label(index_t i) const {
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
    const bool halves = std::abs(step * std::pow(10, decimals) - std::round(step * std::pow(10, decimals))) > 1e-6;
    std::array<char, 48> text{};
    const double value = std::abs(tick(i)) < step / 1e6 ? 0 : tick(i);
    if (std::abs(high) >= 1e6 || std::abs(low) >= 1e6 || step < 1e-5)
      std::snprintf(text.data(), text.size(), "%.4g", value);
    else
      std::snprintf(text.data(), text.size(), "%.*f", decimals + (halves ? 1 : 0), value);
    return text.data();
  }
};

/// The finest step of 1, 2, 2.5 or 5 times a power of ten that needs no more than `most` intervals.
inline double plot_step(double span, int most, bool whole_numbers) {
  for (double power = std::pow(10, std::floor(std::log10(span / most)));; power *= 10)
    for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
      const double step = factor * power;
      if (whole_numbers && (step < 1 || step != std::floor(step))) continue;
      if (step * most >= span * (1 - 1e-9)) return step;
    }
}

/// The axis around all finite values; nothing where there is none.
template <class Values>
std::optional<plot_axis> plot_axis_of(std::span<const plot_series> series, int most, Values&& values,
                                      bool whole_steps) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool whole_numbers = whole_steps;
  for (const plot_series& s : series)
    for (const double v : values(s))
      if (std::abs(v) < 1e100) {  // beyond it differences overflow; such points fall off the chart
        low = std::min(low, v);
        high = std::max(high, v);
        whole_numbers = whole_numbers && v == std::floor(v);
      }
  if (low > high) return std::nullopt;
  if (high - low < 1e-9 * std::max(1.0, std::abs(high))) {
    const double around = whole_steps ? 1 : std::max(1e-3, std::abs(high) / 2);
    low -= whole_steps ? 0 : around;
    high += around;
  }
  plot_axis axis;
  axis.step = plot_step(high - low, most, whole_numbers);
  axis.low = whole_steps ? low : std::floor(low / axis.step + 1e-9) * axis.step;
  axis.high = whole_steps ? high : std::ceil(high / axis.step - 1e-9) * axis.step;
  return axis;
}

}  // namespace detail

/// A line chart as an RGB image [1,height,width,3]: title, light grid, ticks at round numbers, legend below the title,
/// a second axis at the right where a series asks for it.
///
///     const plot_series curves[] = {{"training loss", epochs, loss}, {"validation IoU", epochs, iou, true}};
///     write_png("curves.png", line_plot(curves, {.title = "UNet", .x_label = "epoch", .y_label = "loss"}));
///
/// Throws `error` when a series has not as many x as y, or the image is smaller than 240×160.
inline tensor<std::uint8_t> line_plot(std::span<const plot_series> series, const plot_options& options = {}) {
  require(options.width >= 240 && options.height >= 160, "line_plot: ", options.width, "×", options.height,
          " pixels are too few; 240×160 are the least");
  for (const plot_series& s : series)
    require(s.x.size() == s.y.size(), "line_plot: '", s.label, "' has ", s.x.size(), " x and ", s.y.size(), " y");

  constexpr colour ink{40, 44, 52}, soft_ink{96, 102, 112}, grid{228, 231, 236}, frame{150, 156, 166};
  constexpr double small = 9, large = 13;  // heights of capitals
  tensor<std::uint8_t> image({1, options.height, options.width, 3}, uninitialized);
  image.fill(255);
  const auto canvas = image.view();
  const auto width = static_cast<double>(options.width), height = static_cast<double>(options.height);

  const auto y_of = [](bool right_axis) {
    return [right_axis](const plot_series& s) {
      return s.right_axis == right_axis ? std::span<const double>(s.y) : std::span<const double>();
    };
  };
  const int rows = std::clamp(static_cast<int>(height / 70), 2, 8),
            columns = std::clamp(static_cast<int>(width / 80), 2, 12);
  const auto x_of = [](const plot_series& s) -> const auto& { return s.x; };
  const auto x_axis = detail::plot_axis_of(series, columns, x_of, true).value_or(detail::plot_axis{});
  auto right_axis = detail::plot_axis_of(series, rows, y_of(true), false);
  auto left_axis = detail::plot_axis_of(series, rows, y_of(false), false);
  if (!left_axis && !right_axis) left_axis = detail::plot_axis{};
  if (left_axis && right_axis) {  // as many intervals on both sides, so that one grid serves both
    const index_t ticks = std::max(left_axis->ticks(), right_axis->ticks());
    for (detail::plot_axis* axis : {&*left_axis, &*right_axis})
      axis->high += static_cast<double>(ticks - axis->ticks()) * axis->step;
  }

  const auto label_width = [&](const detail::plot_axis& axis) {
    double widest = 0;
    for (index_t i = 0; i < axis.ticks(); ++i) widest = std::max(widest, text_width(axis.label(i), small));
    return widest;
  };
  const double left = left_axis ? 24 + label_width(*left_axis) + (options.y_label.empty() ? 0 : 24) : 24;
  const double right =
      width - (right_axis ? 24 + label_width(*right_axis) + (options.right_label.empty() ? 0 : 24) : 24);
  const double bottom = height - 34 - (options.x_label.empty() ? 0 : 22);
  double top = 20;
  if (!options.title.empty()) {
    top += large + 4;
    draw_text(canvas, {(left + right) / 2, top}, options.title, {large, ink, text_anchor::centre});
    top += 12;
  }

  const auto paint_of = [&](std::size_t i) { return series[i].paint.value_or(detail::plot_colours[i % 8]); };
  double legend_x = left;
  bool has_legend = false;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].label.empty()) continue;
    const double wanted = 34 + text_width(series[i].label, small);
    if (legend_x > left && legend_x + wanted > right) {
      legend_x = left;
      top += 20;
    }
    const double y = top + small + 2;
    draw_line(canvas, {legend_x + 1, y - small / 2}, {legend_x + 23, y - small / 2}, 3, paint_of(i));
    draw_text(canvas, {legend_x + 32, y}, series[i].label, {small, ink});
    legend_x += wanted + 22;
    has_legend = true;
  }
  top += has_legend ? 26 : 4;

  const auto column_at = [&](double x) { return left + x_axis.share(x) * (right - left); };
  const auto row_at = [&](const detail::plot_axis& axis, double y) { return bottom - axis.share(y) * (bottom - top); };
  const auto on_pixel = [](double v) { return std::floor(v) + 0.5; };  // a crisp hair line

  const detail::plot_axis& main_axis = left_axis ? *left_axis : *right_axis;
  for (index_t i = 0; i < main_axis.ticks(); ++i) {
    const double y = on_pixel(row_at(main_axis, main_axis.tick(i)));
    draw_line(canvas, {left, y}, {right, y}, 1, grid);
  }
  const auto write_ticks = [&](const detail::plot_axis& axis, double x, text_anchor anchor) {
    for (index_t i = 0; i < axis.ticks(); ++i)
      draw_text(canvas, {x, row_at(axis, axis.tick(i)) + small / 2}, axis.label(i), {small, soft_ink, anchor});
  };
  if (left_axis) write_ticks(*left_axis, left - 10, text_anchor::right);
  if (right_axis) write_ticks(*right_axis, right + 10, text_anchor::left);
  const detail::plot_axis x_ticks{std::ceil(x_axis.low / x_axis.step - 1e-9) * x_axis.step,
                                  std::floor(x_axis.high / x_axis.step + 1e-9) * x_axis.step, x_axis.step};
  for (index_t i = 0; i < x_ticks.ticks(); ++i) {
    const double x = on_pixel(column_at(x_ticks.tick(i)));
    draw_line(canvas, {x, top}, {x, bottom}, 1, grid);
    draw_line(canvas, {x, bottom}, {x, bottom + 5}, 1, frame);
    draw_text(canvas, {x, bottom + 11 + small}, x_ticks.label(i), {small, soft_ink, text_anchor::centre});
  }
  draw_line(canvas, {left, on_pixel(bottom)}, {right, on_pixel(bottom)}, 1, frame);

  const double middle = (top + bottom) / 2;
  draw_text(canvas, {(left + right) / 2, height - 14}, options.x_label, {small, ink, text_anchor::centre});
  draw_text(canvas, {14 + small, middle}, options.y_label, {small, ink, text_anchor::centre, true});
  if (right_axis) draw_text(canvas, {width - 14, middle}, options.right_label, {small, ink, text_anchor::centre, true});

  for (std::size_t i = 0; i < series.size(); ++i) {
    const plot_series& s = series[i];
    std::vector<point> run;
    const auto draw_run = [&] {
      draw_polyline(canvas, run, run.size() == 1 ? 5 : 2.2, paint_of(i));
      run.clear();
    };
    for (std::size_t k = 0; k < s.x.size(); ++k) {
      if (std::isfinite(s.x[k]) && std::isfinite(s.y[k]))
        run.push_back({column_at(s.x[k]), row_at(s.right_axis ? *right_axis : *left_axis, s.y[k])});
      else
        draw_run();
    }
    draw_run();
  }
  return image;
}

}  // namespace lamina
