// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/plot.hpp>
#include <lamina/image/svg.hpp>

#include "../support/html.hpp"

#include <string>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("svg: well formed, named for who does not see it, every text escaped") {
  const std::string hostile = "</title><script>alert('x')</script>&amp;\" onload=\"";
  plot_series bars{hostile, {0.5, 1.5}, {1, 2}}, dots{"dots", {1}, {1}}, line{"line", {0, 2}, {0, 2}, true};
  bars.mark = plot_mark::bars;
  dots.mark = plot_mark::dots;
  const plot_series series[] = {bars, dots, line};
  const drawing chart = plot(series, {.title = hostile,
                                      .x_label = hostile,
                                      .y_label = hostile,
                                      .right_label = hostile,
                                      .width = 300,
                                      .height = 200});
  const std::string svg = inline_svg(chart, "a");
  check_markup(svg);
  CHECK(svg.starts_with("<svg id=\"a\" viewBox=\"0 0 300 200\" role=\"img\" aria-labelledby=\"a-title a-text\""));
  CHECK(svg.find("<title id=\"a-title\">&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)") != std::string::npos);
  CHECK(svg.find("<desc id=\"a-text\">") != std::string::npos);
  CHECK(svg.find("<script") == std::string::npos);
  for (const char* part : {"<rect ", "<circle ", "<polyline ", "rotate(-90 ", "class=\"ink\"", "class=\"soft\"",
                           "class=\"grid\"", "class=\"frame\"", "text-anchor=\"end\"", "stroke=\"#"}) {
    CAPTURE(part);
    CHECK(svg.find(part) != std::string::npos);
  }
}

TEST_CASE("svg: a drawing's numbers are those of its parts, hundredths of a pixel") {
  drawing d{20, 10, "t", "d", {}};
  d.parts.emplace_back(drawn_line{{{1, 2.5}, {3.333333, -0.001}}, 2, {{255, 0, 16}}});
  d.parts.emplace_back(drawn_line{{{4, 5}}, 3, {{0, 0, 0}, "ink"}});
  d.parts.emplace_back(drawn_line{});
  d.parts.emplace_back(drawn_rectangle{{1, 1}, {3, 2}, {{1, 2, 3}}});
  d.parts.emplace_back(drawn_text{{5, 6}, "a<b", 7.2, text_anchor::centre, false, {}});
  const std::string svg = inline_svg(d, "x");
  check_markup(svg);
  for (const char* expected :
       {"<polyline points=\"1,2.5 3.33,0\" stroke-width=\"2\" stroke=\"#ff0010\"/>",
        "<circle cx=\"4\" cy=\"5\" r=\"1.5\" fill=\"#000000\" class=\"ink\"/>",
        "<rect x=\"1\" y=\"1\" width=\"2\" height=\"1\" fill=\"#010203\"/>",
        "<text x=\"5\" y=\"6\" font-size=\"10\" fill=\"#000000\" text-anchor=\"middle\">a&lt;b</text>"}) {
    CAPTURE(expected);
    CHECK(svg.find(expected) != std::string::npos);
  }
}
