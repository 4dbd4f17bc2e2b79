// SPDX-License-Identifier: Apache-2.0
// Whether HTML is well formed and needs nothing from elsewhere, without a browser.
#pragma once

#include <doctest/doctest.h>

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::testing {

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++count;
  return count;
}

/// Fails the test unless each tag that opens is closed in order, attributes stand in quotes, no attribute runs a script
/// or names an address elsewhere, and no id is given twice.
inline void check_markup(std::string_view text) {
  const std::set<std::string_view> empty_tags{"meta", "link", "img"};
  std::vector<std::string> open;
  std::set<std::string> ids;
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string_view::npos;) {
    if (text.substr(at).starts_with("<!DOCTYPE html>")) {
      at += 15;
      continue;
    }
    const bool closes = text.substr(at + 1, 1) == "/";
    std::size_t end = at + (closes ? 2 : 1);
    const std::size_t begin = end;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '-')) ++end;
    const std::string tag(text.substr(begin, end - begin));
    REQUIRE_MESSAGE(!tag.empty(), "a bare < at ", at);
    CHECK_MESSAGE(tag != "script", "a script at ", at);
    bool closes_itself = false;
    while (end < text.size() && text[end] != '>') {
      if (text[end] == '/' || text[end] == ' ') {
        closes_itself = text[end++] == '/';
        continue;
      }
      const std::size_t equals = text.find('=', end);
      REQUIRE_MESSAGE(equals != std::string_view::npos, "an attribute without a value at ", end);
      const std::string name(text.substr(end, equals - end));
      REQUIRE_MESSAGE(text.substr(equals + 1, 1) == "\"", "an attribute without quotes: ", name);
      const std::size_t quote = text.find('"', equals + 2);
      REQUIRE_MESSAGE(quote != std::string_view::npos, "quotes that don't end: ", name);
      const std::string value(text.substr(equals + 2, quote - equals - 2));
      CHECK_MESSAGE(value.find('<') == std::string::npos, "a tag within an attribute: ", name);
      CHECK_MESSAGE(!name.starts_with("on"), "an attribute that runs a script: ", name);
      if (name == "src" || name == "href")
        CHECK_MESSAGE((value.starts_with("data:") || value.starts_with("#")), "an address elsewhere: ",
                      value.substr(0, 60));
      if (name == "id") CHECK_MESSAGE(ids.insert(value).second, "an id given twice: ", value);
      end = quote + 1;
    }
    REQUIRE_MESSAGE(end < text.size(), "a tag that doesn't end: ", tag);
    at = end + 1;
    if (closes) {
      REQUIRE_MESSAGE(!open.empty(), "nothing is open for </", tag);
      REQUIRE_MESSAGE(open.back() == tag, "</", tag, " closes ", open.back());
      open.pop_back();
    } else if (!closes_itself && !empty_tags.contains(tag)) {
      open.push_back(tag);
    }
  }
  CHECK_MESSAGE(open.empty(), open.size(), " tags are not closed");
}

/// The same of a whole page.
inline void check_page(std::string_view text) {
  check_markup(text);
  CHECK(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  CHECK(text.ends_with("</html>\n"));
  for (const char* once : {"<title>", "<style>", "<h1>", "<main>", "For research only; not a medical device."}) {
    CAPTURE(once);
    CHECK(count_of(text, once) == 1);
  }
}

}  // namespace lamina::testing
