// lamina::image · SPDX-License-Identifier: Apache-2.0
// Charts: lines, dots and bars over a common axis, drawn well enough to be shown.
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/image/drawing.hpp>
#include <lamina/image/plot_axis.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

enum class plot_mark { line, dots, bars };

/// What is drawn of one quantity.
struct plot_series {
  std::string label;
  std::vector<double> x, y;  // as many of each; where a value is not finite there is a gap
  bool right_axis = false;
  std::optional<colour> paint{};  // else one of eight, in turn
  plot_mark mark = plot_mark::line;
  double bar_width = 1;  // in units of x; bars stand on 0, in the middle of it
};

struct plot_range {
  double low = 0, high = 1;
};

struct plot_options {
  std::string title{}, x_label{}, y_label{}, right_label{};
  index_t width = 900, height = 500;
  std::optional<plot_range> x_range{}, y_range{};  // else what the series need; y_range is the left axis's
};

namespace detail {

/// Chart colours that colour-blind people can tell apart (Okabe & Ito 2008), the strong ones first.
inline constexpr std::array<colour, 8> plot_colours{{{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167},
                                                     {230, 159, 0}, {86, 180, 233}, {90, 90, 90}, {160, 140, 20}}};

/// Lays a chart out.
class plot_layout {
 public:
  plot_layout(std::span<const plot_series> series, const plot_options& options) : series_(series), options_(options) {
    drawing_.width = options.width;
    drawing_.height = options.height;
    drawing_.title = options.title;
    drawing_.description = description();
    choose_axes();
    place_frame();
    add_title();
    add_legend();
    add_grid();
    add_labels();
    for (std::size_t i = 0; i < series.size(); ++i) add_series(i);
  }

  drawing take() { return std::move(drawing_); }

 private:
  static constexpr drawing_ink ink{{40, 44, 52}, "ink"}, soft_ink{{96, 102, 112}, "soft"},
      grid{{228, 231, 236}, "grid"}, frame{{150, 156, 166}, "frame"};
  static constexpr double small = 9, large = 13;  // heights of capitals

  void line(std::vector<point> points, double width, drawing_ink paint) {
    drawing_.parts.emplace_back(drawn_line{std::move(points), width, paint});
  }
  void text(point baseline, const std::string& words, double height, text_anchor anchor, drawing_ink paint,
            bool upwards = false) {
    if (!words.empty()) drawing_.parts.emplace_back(drawn_text{baseline, words, height, anchor, upwards, paint});
  }
  drawing_ink ink_of(std::size_t i) const { return {series_[i].paint.value_or(plot_colours[i % 8])}; }

  /// In words: of each series its first and last value, or how many there are.
  std::string description() const {
    std::string words;
    for (const plot_series& s : series_) {
      std::vector<std::size_t> known;
      for (std::size_t i = 0; i < s.x.size(); ++i)
        if (std::isfinite(s.x[i]) && std::isfinite(s.y[i])) known.push_back(i);
      if (s.label.empty() || known.empty()) continue;
      words += s.label + formatted(": %zu values, from %.4g at %.4g to %.4g at %.4g. ", known.size(),
                                   s.y[known.front()], s.x[known.front()], s.y[known.back()], s.x[known.back()]);
    }
    if (!words.empty()) words.pop_back();
    return words;
  }

  plot_span y_span(bool right_axis) const {
    plot_span span;
    for (const plot_series& s : series_) {
      if (s.right_axis != right_axis) continue;
      const bool bars = s.mark == plot_mark::bars;
      for (const double v : s.y) span.add(v);
      if (bars) span.add(0);
      if (bars && !options_.y_range) span.add(1);
      span.whole_numbers = span.whole_numbers && bars;
    }
    return span;
  }
  void choose_axes() {
    const int rows = std::clamp(static_cast<int>(options_.height / 70), 2, 8),
              columns = std::clamp(static_cast<int>(options_.width / 80), 2, 12);
    plot_span x;
    for (const plot_series& s : series_)
      for (const double v : s.x) {
        const double half = s.mark == plot_mark::bars ? s.bar_width / 2 : 0;
        x.add(v - half);
        x.add(v + half);
      }
    const auto fixed = [](const plot_range& r, int most) {
      return plot_axis{r.low, r.high, plot_step(r.high - r.low, most, false)};
    };
    x_ = options_.x_range ? fixed(*options_.x_range, columns) : plot_axis_of(x, columns, true).value_or(plot_axis{});
    right_axis_ = plot_axis_of(y_span(true), rows, false);
    left_axis_ = options_.y_range ? fixed(*options_.y_range, rows) : plot_axis_of(y_span(false), rows, false);
    if (!left_axis_ && !right_axis_) left_axis_ = plot_axis{};
    if (!left_axis_ || !right_axis_) return;
    const index_t ticks = std::max(left_axis_->ticks(), right_axis_->ticks());  // so that one grid serves both sides
    for (plot_axis* axis : {&*left_axis_, &*right_axis_})
      axis->high += static_cast<double>(ticks - axis->ticks()) * axis->step;
  }

  void place_frame() {
    const auto label_width = [](const plot_axis& axis) {
      double widest = 0;
      for (index_t i = 0; i < axis.ticks(); ++i) widest = std::max(widest, text_width(axis.label(i), small));
      return widest;
    };
    const auto width = static_cast<double>(options_.width), height = static_cast<double>(options_.height);
    left_ = left_axis_ ? 24 + label_width(*left_axis_) + (options_.y_label.empty() ? 0 : 24) : 24;
    right_ = width - (right_axis_ ? 24 + label_width(*right_axis_) + (options_.right_label.empty() ? 0 : 24) : 24);
    bottom_ = height - 34 - (options_.x_label.empty() ? 0 : 22);
    top_ = 20;
  }
  void add_title() {
    if (options_.title.empty()) return;
    top_ += large + 4;
    text({(left_ + right_) / 2, top_}, options_.title, large, text_anchor::centre, ink);
    top_ += 12;
  }
  void add_legend() {
    double x = left_;
    bool any = false;
    for (std::size_t i = 0; i < series_.size(); ++i) {
      if (series_[i].label.empty()) continue;
      const double wanted = 34 + text_width(series_[i].label, small);
      if (x > left_ && x + wanted > right_) {
        x = left_;
        top_ += 20;
      }
      const double y = top_ + small + 2;
      switch (series_[i].mark) {
        case plot_mark::line:
          line({{x + 1, y - small / 2}, {x + 23, y - small / 2}}, 3, ink_of(i));
          break;
        case plot_mark::dots:
          line({{x + 12, y - small / 2}}, 7, ink_of(i));
          break;
        case plot_mark::bars:
          drawing_.parts.emplace_back(drawn_rectangle{{x + 4, y - small}, {x + 20, y}, ink_of(i)});
      }
      text({x + 32, y}, series_[i].label, small, text_anchor::left, ink);
      x += wanted + 22;
      any = true;
    }
    top_ += any ? 26 : 4;
  }

  double column_at(double x) const { return left_ + x_.share(x) * (right_ - left_); }
  double row_at(const plot_axis& axis, double y) const { return bottom_ - axis.share(y) * (bottom_ - top_); }

  void add_grid() {
    const auto on_pixel = [](double v) { return std::floor(v) + 0.5; };  // a crisp hair line
    const plot_axis &main = left_axis_ ? *left_axis_ : *right_axis_, rows = main.between_ticks();
    for (index_t i = 0; i < rows.ticks(); ++i) {
      const double y = on_pixel(row_at(main, rows.tick(i)));
      line({{left_, y}, {right_, y}}, 1, grid);
    }
    const auto write_ticks = [&](const plot_axis& axis, double x, text_anchor anchor) {
      const plot_axis ticks = axis.between_ticks();
      for (index_t i = 0; i < ticks.ticks(); ++i)
        text({x, row_at(axis, ticks.tick(i)) + small / 2}, ticks.label(i), small, anchor, soft_ink);
    };
    if (left_axis_) write_ticks(*left_axis_, left_ - 10, text_anchor::right);
    if (right_axis_) write_ticks(*right_axis_, right_ + 10, text_anchor::left);
    const plot_axis ticks = x_.between_ticks();
    for (index_t i = 0; i < ticks.ticks(); ++i) {
      const double x = on_pixel(column_at(ticks.tick(i)));
      line({{x, top_}, {x, bottom_}}, 1, grid);
      line({{x, bottom_}, {x, bottom_ + 5}}, 1, frame);
      text({x, bottom_ + 11 + small}, ticks.label(i), small, text_anchor::centre, soft_ink);
    }
    line({{left_, on_pixel(bottom_)}, {right_, on_pixel(bottom_)}}, 1, frame);
  }
  void add_labels() {
    const auto width = static_cast<double>(options_.width), height = static_cast<double>(options_.height);
    const double middle = (top_ + bottom_) / 2;
    text({(left_ + right_) / 2, height - 14}, options_.x_label, small, text_anchor::centre, ink);
    text({14 + small, middle}, options_.y_label, small, text_anchor::centre, ink, true);
    if (right_axis_) text({width - 14, middle}, options_.right_label, small, text_anchor::centre, ink, true);
  }

  void add_series(std::size_t number) {
    const plot_series& s = series_[number];
    const drawing_ink paint = ink_of(number);
    std::vector<point> run;
    const auto end_run = [&] {
      if (!run.empty()) line(run, run.size() == 1 ? 5 : 2.2, paint);
      run.clear();
    };
    for (std::size_t k = 0; k < s.x.size(); ++k) {
      if (!std::isfinite(s.x[k]) || !std::isfinite(s.y[k])) {
        end_run();
        continue;
      }
      const plot_axis& axis = s.right_axis ? *right_axis_ : *left_axis_;
      const point p{column_at(s.x[k]), row_at(axis, s.y[k])};
      if (s.mark == plot_mark::line) {
        run.push_back(p);
      } else if (s.mark == plot_mark::dots) {
        line({p}, 7, paint);
      } else if (s.y[k] != 0) {
        const double left = column_at(s.x[k] - s.bar_width / 2), right = column_at(s.x[k] + s.bar_width / 2);
        const double gap = std::min(1.0, (right - left) / 8), base = row_at(axis, 0);
        drawing_.parts.emplace_back(
            drawn_rectangle{{left + gap, std::min(p.y, base)}, {right - gap, std::max(p.y, base)}, paint});
      }
    }
    end_run();
  }

  std::span<const plot_series> series_;
  const plot_options& options_;
  drawing drawing_;
  plot_axis x_;
  std::optional<plot_axis> left_axis_, right_axis_;
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
};

}  // namespace detail

/// A chart: title, light grid, ticks at round numbers, legend below the title, a second axis at the right where a
/// series asks for it.
///
///     const plot_series curves[] = {{"training loss", epochs, loss}, {"validation IoU", epochs, iou, true}};
///     const drawing chart = plot(curves, {.title = "UNet", .x_label = "epoch", .y_label = "loss"});
///     write_png("curves.png", rgb_image(chart));    // or inline_svg(chart, "curves") for a page
///
/// Throws `error` when a series has not as many x as y, a range or a bar is empty, or the chart is smaller than
/// 240×160.
inline drawing plot(std::span<const plot_series> series, const plot_options& options = {}) {
  require(options.width >= 240 && options.height >= 160, "plot: ", options.width, "×", options.height,
          " pixels are too few; 240×160 are the least");
  for (const plot_series& s : series) {
    require(s.x.size() == s.y.size(), "plot: '", s.label, "' has ", s.x.size(), " x and ", s.y.size(), " y");
    require(s.bar_width > 0, "plot: the bars of '", s.label, "' are ", s.bar_width, " wide");
  }
  for (const auto& range : {options.x_range, options.y_range})
    require(!range || range->low < range->high, "plot: a range from ", range.value_or(plot_range{}).low, " to ",
            range.value_or(plot_range{}).high);
  return detail::plot_layout(series, options).take();
}

}  // namespace lamina
