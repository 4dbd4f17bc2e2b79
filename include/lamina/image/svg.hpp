// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/formats/markup.hpp>
#include <lamina/image/drawing.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <variant>

namespace lamina {

namespace detail {

/// Hundredths of a pixel, without zeros behind the point.
inline std::string svg_number(double value) {
  std::array<char, 64> digits{};
  const double bounded = std::clamp(value, -1e6, 1e6);
  std::string text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), bounded,
                                                std::chars_format::fixed, 2)
                                      .ptr);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

class svg_writer {
 public:
  explicit svg_writer(std::string& out) : out_(out) {}

  void operator()(const drawn_line& line) {
    if (line.points.empty()) return;
    if (line.points.size() == 1) {
      out_ += "<circle cx=\"" + svg_number(line.points[0].x) + "\" cy=\"" + svg_number(line.points[0].y) + "\" r=\"" +
              svg_number(line.width / 2) + '"' + ink("fill", line.ink) + "/>";
      return;
    }
    out_ += "<polyline points=\"";
    for (std::size_t i = 0; i < line.points.size(); ++i)
      out_ += (i > 0 ? " " : "") + svg_number(line.points[i].x) + ',' + svg_number(line.points[i].y);
    out_ += "\" stroke-width=\"" + svg_number(line.width) + '"' + ink("stroke", line.ink) + "/>";
  }
  void operator()(const drawn_rectangle& r) {
    out_ += "<rect x=\"" + svg_number(r.low.x) + "\" y=\"" + svg_number(r.low.y) + "\" width=\"" +
            svg_number(r.high.x - r.low.x) + "\" height=\"" + svg_number(r.high.y - r.low.y) + '"' +
            ink("fill", r.ink) + "/>";
  }
  void operator()(const drawn_text& t) {
    constexpr double capital_share = 0.72;  // of the size of a font, in the usual ones without serifs
    const std::string x = svg_number(t.baseline.x), y = svg_number(t.baseline.y);
    out_ += "<text x=\"" + x + "\" y=\"" + y + "\" font-size=\"" + svg_number(t.height / capital_share) + '"' +
            ink("fill", t.ink);
    if (t.anchor != text_anchor::left)
      out_ += t.anchor == text_anchor::centre ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
    if (t.upwards) out_ += " transform=\"rotate(-90 " + x + ' ' + y + ")\"";
    out_ += '>' + markup_text(t.text) + "</text>";
  }

 private:
  static std::string ink(const char* attribute, const drawing_ink& i) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = ' ' + std::string(attribute) + "=\"#";
    for (const std::uint8_t level : {i.paint.r, i.paint.g, i.paint.b}) {
      text += digits[level >> 4];
      text += digits[level & 15];
    }
    text += '"';
    if (!i.part.empty()) text += " class=\"" + std::string(i.part) + '"';
    return text;
  }

  std::string& out_;
};

}  // namespace detail

/// The drawing as an <svg> element to stand in a page of HTML, as wide as the page lets it be; its background is the
/// page's. Colours stand as attributes and the parts they play as classes, so that a style sheet can change those.
///   id  of the element; no other of the page may have it, as its title and description are found by it
inline std::string inline_svg(const drawing& d, std::string_view id) {
  const std::string name = markup_text(id), size = ' ' + std::to_string(d.width) + ' ' + std::to_string(d.height);
  std::string out = "<svg id=\"" + name + "\" viewBox=\"0 0" + size + "\" role=\"img\" aria-labelledby=\"" + name +
                    "-title " + name +
                    "-text\" font-family=\"system-ui, sans-serif\" fill=\"none\" stroke-linecap=\"round\" "
                    "stroke-linejoin=\"round\">\n<title id=\"" +
                    name + "-title\">" + markup_text(d.title) + "</title><desc id=\"" + name + "-text\">" +
                    markup_text(d.description) + "</desc>\n";
  detail::svg_writer write(out);
  for (const auto& part : d.parts) {
    std::visit(write, part);
    out += '\n';
  }
  return out + "</svg>";
}

}  // namespace lamina
