// SPDX-License-Identifier: Apache-2.0
#include <lamina/formats/base64.hpp>
#include <lamina/formats/markup.hpp>

#include <doctest/doctest.h>

#include <span>
#include <string>

using namespace lamina;

TEST_CASE("base64: the vectors of RFC 4648, and every byte") {
  const auto of = [](const std::string& text) { return base64(std::as_bytes(std::span(text))); };
  CHECK(of("") == "");
  CHECK(of("f") == "Zg==");
  CHECK(of("fo") == "Zm8=");
  CHECK(of("foo") == "Zm9v");
  CHECK(of("foob") == "Zm9vYg==");
  CHECK(of("fooba") == "Zm9vYmE=");
  CHECK(of("foobar") == "Zm9vYmFy");
  CHECK(of("\xff\xfe\xfb\xf0") == "//778A==");
}

TEST_CASE("markup: what has a meaning is escaped") {
  CHECK(markup_text("<a href=\"x\">Tom & 'Jerry'</a>") ==
        "&lt;a href=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/a&gt;");
  CHECK(markup_text("tab\tline\nfeed") == "tab\tline\nfeed");
  CHECK(markup_text("Größe 2×3 – 😀") == "Größe 2×3 – 😀");
}

TEST_CASE("markup: what is no character becomes the sign for it") {
  const std::string sign = "\xef\xbf\xbd";
  for (const char* none : {"\xff", "\xc0", "\x80", "\xc3", "\x1b", "\x7f", "\r", "\xf5"}) {
    CAPTURE(none);
    CHECK(markup_text("a" + std::string(none) + "b") == "a" + sign + "b");
  }
  CHECK(markup_text(std::string(1, '\0')) == sign);
  CHECK(markup_text("\xc0\xbc") == sign + sign);                      // < in two bytes
  CHECK(markup_text("\xe0\x80\xbc") == sign + sign + sign);           // and in three
  CHECK(markup_text("\xed\xa0\x80") == sign + sign + sign);           // half of a surrogate pair
  CHECK(markup_text("\xf4\x90\x80\x80") == sign + sign + sign + sign);  // beyond the last character
  CHECK(markup_text("\xe2\x82<") == sign + sign + "&lt;");            // cut off
}
