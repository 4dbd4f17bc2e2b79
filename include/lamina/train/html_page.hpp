// lamina::train · SPDX-License-Identifier: Apache-2.0
// A page of HTML that needs nothing but itself: no network, no script, pictures and charts within.
#pragma once

#include <lamina/formats/base64.hpp>
#include <lamina/image/jpeg.hpp>
#include <lamina/image/resize.hpp>
#include <lamina/image/svg.hpp>
#include <lamina/train/html_style.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lamina {

/// Name and value, in an order.
using html_facts = std::vector<std::pair<std::string, std::string>>;

/// A table; the first cell of a row is its heading, the others are figures. Rows may be shorter than the header.
struct html_table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// A picture that is ready to be put on a page.
struct html_picture {
  std::vector<std::byte> bytes;
  std::string type = "image/jpeg";
  index_t width = 0, height = 0;
  std::string caption{};
};

/// A photograph for a page, as JPEG, made smaller where its longer side has more pixels than `longest_side`.
///   photo  [1,H,W,C], C = 1 or 3
/// Throws `error` on other shapes.
inline html_picture picture_for_page(view<const std::uint8_t> photo, std::string caption, index_t longest_side = 512) {
  const auto encoded = [&caption](view<const std::uint8_t> x) {
    const shape e = x.extents();
    return html_picture{encode_jpeg(x, "picture_for_page", {.quality = 90}), "image/jpeg", e.w, e.h,
                        std::move(caption)};
  };
  require(longest_side > 0, "picture_for_page: a longest side of ", longest_side, " pixels");
  const shape e = photo.extents();
  const index_t longer = std::max(e.h, e.w);
  if (longer <= longest_side) return encoded(photo);
  const auto scaled = [&](index_t side) { return std::max<index_t>(1, (side * longest_side + longer / 2) / longer); };
  const auto small = resized(photo, interpolation::area, scaled(e.h), scaled(e.w));
  return encoded(small.view());
}

/// Builds a page from top to bottom. Every text is escaped, wherever it comes from, and the page forbids itself scripts
/// and the network (Content-Security-Policy).
///
///     html_page page("UNet on ISIC 2017");
///     page.section("Curves");
///     page.charts(std::span(&chart, 1));
///     write_file_atomically("report.html", page.text());
class html_page {
 public:
  /// The title, and a line below it.
  explicit html_page(std::string_view title, std::string_view lead = {})
      : title_(markup_text(title)), lead_(markup_text(lead)) {}

  /// A part of the page, listed in its contents. What follows belongs to it.
  void section(std::string_view title) {
    if (!sections_.empty()) body_ += "</section>\n";
    const std::string id = "part-" + std::to_string(sections_.size() + 1);
    body_ += "<section id=\"" + id + "\">\n" + element("h2", title);
    sections_.push_back("<a href=\"#" + id + "\">" + markup_text(title) + "</a>");
  }
  void heading(std::string_view title) { body_ += element("h3", title); }
  void paragraph(std::string_view text) { body_ += element("p", text); }
  /// Lines and blanks as they are.
  void preformatted(std::string_view text) { body_ += element("pre", text); }

  /// The few facts that a reader looks for first.
  void key_facts(const html_facts& facts) { body_ += "<dl class=\"key\">\n" + definitions(facts) + "</dl>\n"; }
  void facts(const html_facts& facts) { body_ += "<dl>\n" + definitions(facts) + "</dl>\n"; }

  void table(const html_table& t) {
    body_ += "<div class=\"scroll\"><table>\n";
    body_ += "<thead><tr>";
    for (const std::string& cell : t.header) body_ += "<th scope=\"col\">" + markup_text(cell) + "</th>";
    body_ += "</tr></thead>\n<tbody>\n";
    for (const auto& row : t.rows) {
      body_ += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i)
        body_ += (i == 0 ? "<th scope=\"row\">" : "<td>") + markup_text(row[i]) + (i == 0 ? "</th>" : "</td>");
      body_ += "</tr>\n";
    }
    body_ += "</tbody></table></div>\n";
  }

  void charts(std::span<const drawing> charts) {
    body_ += "<div class=\"charts\">\n";
    for (const drawing& chart : charts)
      body_ += "<figure>" + inline_svg(chart, "chart-" + std::to_string(++charts_)) + "</figure>\n";
    body_ += "</div>\n";
  }
  void pictures(std::span<const html_picture> pictures) {
    body_ += "<div class=\"pictures\">\n";
    for (const html_picture& p : pictures)
      body_ += "<figure><img src=\"data:" + markup_text(p.type) + ";base64," + base64(p.bytes) + "\" width=\"" +
               std::to_string(p.width) + "\" height=\"" + std::to_string(p.height) + "\" alt=\"" +
               markup_text(p.caption) + "\"><figcaption>" + markup_text(p.caption) + "</figcaption></figure>\n";
    body_ += "</div>\n";
  }

  /// The whole page.
  std::string text() const {
    std::string page =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" "
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>";  // an empty icon, so that no browser asks for one
    page += title_ + "</title>\n<style>\n" + std::string(detail::html_style) + "</style>\n</head>\n<body>\n<header>\n";
    page += "<h1>" + title_ + "</h1>\n";
    if (!lead_.empty()) page += "<p>" + lead_ + "</p>\n";
    page += "<p class=\"notice\" role=\"note\">For research only; not a medical device.</p>\n</header>\n";
    if (sections_.size() > 1) {
      page += "<nav aria-label=\"Contents\">\n";
      for (const std::string& link : sections_) page += link + '\n';
      page += "</nav>\n";
    }
    return page + "<main>\n" + body_ + (sections_.empty() ? "" : "</section>\n") + "</main>\n</body>\n</html>\n";
  }

 private:
  static std::string element(const std::string& tag, std::string_view text) {
    return '<' + tag + '>' + markup_text(text) + "</" + tag + ">\n";
  }
  static std::string definitions(const html_facts& facts) {
    std::string text;
    for (const auto& [name, value] : facts)
      text += "<div><dt>" + markup_text(name) + "</dt><dd>" + markup_text(value) + "</dd></div>\n";
    return text;
  }

  std::string title_, lead_, body_;
  std::vector<std::string> sections_;
  int charts_ = 0;
};

}  // namespace lamina
