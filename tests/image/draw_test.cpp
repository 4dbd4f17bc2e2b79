// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/overlay.hpp>
#include <lamina/image/plot.hpp>

#include "../support/tensors.hpp"

#include <cmath>

using namespace lamina;
using namespace lamina::testing;

namespace {

tensor<std::uint8_t> white_sheet(index_t height, index_t width) {
  tensor<std::uint8_t> x({1, height, width, 3});
  x.fill(255);
  return x;
}
/// Sum over pixels of how dark red is, 1 for a black pixel: the area that black paint covers.
double painted_area(view<const std::uint8_t> x) {
  double area = 0;
  for (index_t h = 0; h < x.extents().h; ++h)
    for (index_t w = 0; w < x.extents().w; ++w) area += 1 - x(0, h, w, 0) / 255.0;
  return area;
}

}  // namespace

TEST_CASE("draw: shapes cover their area, in part at their edges") {
  auto x = white_sheet(40, 50);
  fill_rectangle(x, {10, 10}, {20.5, 15}, {});
  CHECK(x(0, 10, 10, 0) == 0);
  CHECK(x(0, 10, 20, 0) == doctest::Approx(128).epsilon(0.02));
  CHECK(x(0, 10, 21, 0) == 255);
  CHECK(painted_area(x.view()) == doctest::Approx(52.5).epsilon(0.01));

  x = white_sheet(40, 50);
  fill_circle(x, {25, 20}, 12, {});
  CHECK(painted_area(x.view()) == doctest::Approx(3.14159 * 144).epsilon(0.01));

  x = white_sheet(40, 50);
  const point triangle[] = {{5, 5}, {45, 5}, {5, 35}};
  fill_polygon(x, triangle, {});
  CHECK(painted_area(x.view()) == doctest::Approx(600).epsilon(0.01));

  x = white_sheet(40, 50);
  draw_line(x, {10, 20}, {40, 20}, 2, {}, 0.5);
  CHECK(x(0, 19, 25, 0) == 128);
  CHECK(x(0, 22, 25, 0) == 255);
  draw_line(x, {-1000, -1000}, {1000, 1000}, 3, {});  // what lies outside is left out
  draw_polyline(x, {}, 3, {});
}

TEST_CASE("draw: text") {
  auto x = white_sheet(40, 400);
  draw_text(x, {10, 30}, "Dice 0.87", {.height = 12});
  CHECK(painted_area(x.view()) > 100);
  CHECK(text_width("Dice 0.87", 24) == doctest::Approx(2 * text_width("Dice 0.87", 12)));
  CHECK(text_width("", 12) == 0);
  CHECK(text_width("\xc3\x97", 12) == text_width("?", 12));
  for (int c = 0; c < 256; ++c) draw_text(x, {395, 39}, std::string(1, static_cast<char>(c)), {.upwards = c % 2 == 0});
}

TEST_CASE("draw: mask contours") {
  auto x = white_sheet(8, 8);
  tensor<std::uint8_t> mask({1, 8, 8, 1});
  for (index_t h = 2; h < 8; ++h)
    for (index_t w = 2; w < 6; ++w) mask(0, h, w, 0) = 255;
  draw_overlay(x.view(), mask.view(), {});
  int red = 0;
  for (index_t h = 0; h < 8; ++h)
    for (index_t w = 0; w < 8; ++w) red += x(0, h, w, 1) == 0;
  CHECK(red == 16);              // of 6×4 pixels all but the inner 4×2
  CHECK(x(0, 7, 3, 1) == 0);     // the picture's edge is a border
  CHECK(x(0, 4, 3, 1) == 255);
  draw_mask_contour(x.view(), mask.view(), truth_colour, 3);
  CHECK(x(0, 1, 3, 1) == truth_colour.g);  // one pixel outside
  CHECK(x(0, 1, 1, 1) == 255);             // round corners
  tensor<std::uint8_t> other({1, 8, 7, 1});
  check_error([&] { draw_mask_contour(x.view(), other.view(), {}); }, "rgb [1,8,8,3] and mask [1,8,7,1]");
}

TEST_CASE("draw: contact sheet") {
  const auto a = white_sheet(10, 20);
  const tensor<std::uint8_t> b({1, 30, 5, 1});
  const captioned_image images[] = {
      {a.view(), "a"}, {b.view(), "b"}, {a.view(), "a long caption that is made smaller"}};
  const auto sheet =
      contact_sheet(images, {.columns = 2, .cell_height = 60, .cell_width = 60, .gap = 10, .title = "three"});
  CHECK(sheet.extents() == shape{1, 30 + 2 * 90 + 10, 150, 3});
  CHECK(sheet(0, 70, 110, 0) == 0);  // b is black, in the middle of its cell
  check_error([] { contact_sheet({}); }, "there are no images");
}

TEST_CASE("plot: series, gaps and empty charts") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const plot_series series[] = {{"loss", {1, 2, 3, 4}, {0.9, 0.5, nan, 0.3}},
                                {"IoU", {1, 2, 3, 4}, {0.2, 0.6, 0.7, 0.72}, true},
                                {"one", {2}, {0.7}},
                                {"nothing", {}, {}}};
  const drawing chart = plot(series, {.title = "t", .x_label = "epoch", .y_label = "loss", .right_label = "IoU"});
  const auto image = rgb_image(chart);
  CHECK(image.extents() == shape{1, 500, 900, 3});
  CHECK(painted_area(image.view()) > 2000);
  CHECK(rgb_image(chart, 0.5).extents() == shape{1, 250, 450, 3});
  CHECK(chart.title == "t");
  CHECK(chart.description.starts_with("loss: 3 values, from 0.9 at 1 to 0.3 at 4. IoU: 4 values, from 0.2 at 1 to "));
  plot({});
  const plot_series flat[] = {{"flat", {1}, {5}}, {"huge", {1, 2}, {1e12, -1e12}}, {"same", {3, 3}, {0, 0}, true}};
  for (const plot_series& s : flat) plot(std::span(&s, 1), {.width = 240, .height = 160});
  const plot_series wrong{"loss", {1, 2}, {1}};
  check_error([&] { plot(std::span(&wrong, 1)); }, "plot: 'loss' has 2 x and 1 y");
  check_error([&] { plot(std::span(flat), {.x_range = plot_range{1, 1}}); }, "plot: a range from 1 to 1");
  check_error([] { plot({}, {.width = 239}); }, "plot: 239×500 pixels are too few");
  check_error([&] { rgb_image(chart, 1e-9); }, "rgb_image: a drawing of 900×500");
}

TEST_CASE("plot: bars stand on zero and fill their share of the axis") {
  plot_series bars{"images", {0.25, 0.75}, {1, 4}};
  bars.mark = plot_mark::bars;
  bars.bar_width = 0.5;
  bars.paint = colour{255, 0, 0};
  const drawing chart = plot(std::span(&bars, 1), {.width = 400, .height = 300, .x_range = plot_range{}});
  std::vector<drawn_rectangle> drawn;
  for (const auto& part : chart.parts)
    if (const auto* r = std::get_if<drawn_rectangle>(&part)) drawn.push_back(*r);
  REQUIRE(drawn.size() == 3);  // the legend's first
  CHECK(drawn[1].high.y == drawn[2].high.y);
  CHECK(drawn[2].high.y - drawn[2].low.y == doctest::Approx(4 * (drawn[1].high.y - drawn[1].low.y)));
  CHECK(drawn[2].low.x - drawn[1].high.x == doctest::Approx(2));
  const auto image = rgb_image(chart);
  const auto row = static_cast<index_t>(drawn[2].high.y) - 3, column = static_cast<index_t>(drawn[2].low.x) + 20;
  CHECK(image(0, row, column, 0) == 255);
  CHECK(image(0, row, column, 1) == 0);
  bars.bar_width = 0;
  check_error([&] { plot(std::span(&bars, 1)); }, "plot: the bars of 'images' are 0 wide");
}

TEST_CASE("plot: ticks are round numbers") {
  CHECK(detail::plot_step(1, 5, false) == doctest::Approx(0.2));
  CHECK(detail::plot_step(0.73, 8, false) == doctest::Approx(0.1));
  CHECK(detail::plot_step(29, 10, true) == 5);
  CHECK(detail::plot_step(3, 10, true) == 1);
  const detail::plot_axis quarters{0, 1, 0.25};
  CHECK(quarters.ticks() == 5);
  CHECK(quarters.label(1) == "0.25");
  const detail::plot_axis tenths{-0.1, 0.2, 0.1};
  CHECK(tenths.label(1) == "0.0");
}
