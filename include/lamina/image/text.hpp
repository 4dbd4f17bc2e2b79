// lamina::image · SPDX-License-Identifier: Apache-2.0
// Text by a stroke font of our own: each letter is a few lines and curves, so that it is smooth at any height.
#pragma once

#include <lamina/image/draw.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace lamina {

namespace detail {

/// The letters from space to ~. A stroke is a row of points "xy" on a grid: y is 0 at the top of capitals, 2 at that of
/// small letters, 6 on the baseline, 8 below it; strokes are parted by blanks. After '~' the points guide a curve (a
/// quadratic B-spline from the first to the last), after '@' a closed one.
inline constexpr std::array<std::string_view, 95> glyphs{
    // space ! " # $ % & '
    "", "0004 0606", "0002 2022", "2016 4036 0242 0444", "~4140000343460605 2026", "4006 @00200222 @24444626",
    "~460200303203063643", "0002",
    // ( ) * + , - . /
    "~20020527", "~00222507", "2125 0244 4204", "2125 0343", "1607", "0333", "0606", "3006",
    // 0 1 2 3 4 5 6 7
    "@00404606", "012026", "~0100404306 0646", "~0100404323 ~2343460605", "36300444", "400002 ~0242460605",
    "@02424606 ~300004", "004016",
    // 8 9 : ; < = > ?
    "@00404303 @03434606", "@00404404 ~424616", "0303 0606", "1313 1607", "410345", "0242 0444", "014305",
    "~010040432324 2626",
    // @ A B C D E F G
    "@12323414 ~46060050543432", "062046 1434", "0006 ~002040432303 ~032343462606", "~414000064645",
    "0006 ~002040462606", "40000646 0333", "400006 0333", "~414000064643 4323",
    // H I J K L M N O
    "0006 4046 0343", "0006", "~3033360604", "0006 4004 1346", "000646", "0600244046", "06004640", "@00404606",
    // P Q R S T U V W
    "0006 ~002040432303", "@00404606 2446", "0006 ~002040432303 2346", "~4140000343460605", "0040 2026",
    "~000306464340", "002640", "0016315660",
    // X Y Z [ backslash ] ^ _
    "0046 4006", "002340 2326", "00400646", "20000727", "0036", "00202707", "022042", "0747",
    // ` a b c d e f g
    "0011", "@02323606 3236", "0006 @02323606", "~333202063635", "3036 @02323606", "0434 ~343202063635",
    "~301013 1316 0232", "@02323606 ~32353808",
    // h i j k l m n o
    "0006 ~0402323436", "0206 0000", "~12151808 1010", "0006 3205 1436", "0006", "0206 ~0402222426 ~2422424446",
    "0206 ~0402323436", "@02323606",
    // p q r s t u v w
    "0208 @02323606", "3238 @02323606", "0206 ~040222", "~3332020434360605", "~10151636 0232", "~0204063634 3236",
    "022642", "0216233642",
    // x y z { | } ~
    "0236 3206", "0226 4218", "02320636", "~20101404 ~04141727", "0007", "~00101424 ~24141707", "~04123543",
};

inline std::string_view glyph(char letter) {
  return letter >= ' ' && letter <= '~' ? glyphs[static_cast<std::size_t>(letter - ' ')] : glyphs['?' - ' '];
}

/// The second and later bytes of a letter beyond ASCII, for which one '?' stands.
inline bool continues_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

/// In units of the grid, the gap to the next letter included.
inline double glyph_advance(std::string_view strokes) {
  char widest = '0';
  bool at_x = true;
  for (const char c : strokes) {
    if (c < '0' || c > '9') {
      at_x = true;
      continue;
    }
    if (at_x) widest = std::max(widest, c);
    at_x = !at_x;
  }
  return strokes.empty() ? 3 : widest - '0' + 1.9;
}

/// The corners of one stroke's line; curves in eight pieces a span.
inline std::vector<point> stroke_points(std::string_view stroke) {
  const char kind = stroke.front();
  if (kind == '~' || kind == '@') stroke.remove_prefix(1);
  std::vector<point> guides;
  for (std::size_t i = 0; i + 1 < stroke.size(); i += 2)
    guides.push_back({static_cast<double>(stroke[i] - '0'), static_cast<double>(stroke[i + 1] - '0')});
  if (kind != '~' && kind != '@') return guides;

  const auto middle = [](point a, point b) { return point{(a.x + b.x) / 2, (a.y + b.y) / 2}; };
  const std::size_t count = guides.size();
  const bool closed = kind == '@';
  std::vector<point> points;
  for (std::size_t i = closed ? 0 : 1; i + (closed ? 0 : 1) < count; ++i) {
    const point before = guides[(i + count - 1) % count], at = guides[i], after = guides[(i + 1) % count];
    const point begin = !closed && i == 1 ? before : middle(before, at);
    const point end = !closed && i + 2 == count ? after : middle(at, after);
    constexpr int pieces = 8;
    for (int piece = 0; piece <= pieces; ++piece) {
      const double t = static_cast<double>(piece) / pieces, a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
      points.push_back({a * begin.x + b * at.x + c * end.x, a * begin.y + b * at.y + c * end.y});
    }
  }
  return points;
}

}  // namespace detail

enum class text_anchor { left, centre, right };

struct text_style {
  double height = 10;  // of a capital, in pixels
  colour paint{};
  text_anchor anchor = text_anchor::left;  // which end of the text lies at the given point
  bool upwards = false;                    // read from below, as along a vertical axis
};

/// How many pixels `text` takes along its line.
inline double text_width(std::string_view text, double height) {
  double units = 0;
  for (const char letter : text)
    if (!detail::continues_letter(letter)) units += detail::glyph_advance(detail::glyph(letter));
  return std::max(0.0, units - 1.9) * height / 6;
}

/// Writes a line of text; letters beyond ASCII appear as '?'.
///   image     [1,H,W,3], painted on
///   baseline  the point of the baseline at the anchor's end of the text
/// Throws `error` on another shape.
inline void draw_text(view<std::uint8_t> image, point baseline, std::string_view text, const text_style& style = {}) {
  detail::check_rgb("draw_text", image);
  const double unit = style.height / 6, length = text_width(text, style.height);
  const double pen_width = std::max(1.1, 0.125 * style.height);
  double along = style.anchor == text_anchor::left ? 0 : style.anchor == text_anchor::centre ? -length / 2 : -length;
  for (const char letter : text) {
    if (detail::continues_letter(letter)) continue;
    std::string_view rest = detail::glyph(letter);
    std::vector<std::vector<point>> strokes;
    std::vector<point> all;
    const double advance = detail::glyph_advance(rest);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      strokes.push_back(detail::stroke_points(rest.substr(0, end)));
      for (point& p : strokes.back()) {
        const double right = along + p.x * unit, down = (p.y - 6) * unit;
        p = style.upwards ? point{baseline.x + down, baseline.y - right} : point{baseline.x + right, baseline.y + down};
        all.push_back(p);
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    detail::coverage covered = detail::coverage_around(image.extents(), all, pen_width / 2 + 1);
    for (const auto& stroke : strokes)
      for (std::size_t i = 0; i < stroke.size(); ++i)
        covered.add_segment(stroke[i == 0 ? 0 : i - 1], stroke[i], pen_width / 2);
    covered.paint(image, style.paint, 1);
    along += advance * unit;
  }
}

}  // namespace lamina
