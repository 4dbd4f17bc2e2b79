// lamina::augment · SPDX-License-Identifier: Apache-2.0
// The augmentation language's text, divided into words, values and line ends.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/formats/text_map.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::augment {

/// A place in a recipe's text.
struct text_place {
  std::size_t line = 1, column = 1;
};

/// A number as it is written.
struct number_text {
  std::string_view text;
  text_place at;
};

/// What stands behind a key's "=".
struct value_text {
  enum class kind { range, vector, number, string } what;
  std::string_view text;             // all of it
  text_place at;
  std::vector<number_text> numbers;  // of all but a string
  std::string_view word;             // of a string, without its quotes
};

/// Reads a recipe's text from its start. Comments begin with "#"; lines end with "\n" or "\r\n".
class token_reader {
 public:
  /// Both must outlive the reader. Throws `file_error` when a byte is no text.
  token_reader(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // some editors' mark of UTF-8
    for (std::size_t i = 0, line = 1, start = 0; i < text_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text_[i]);
      const bool line_end = byte == '\r' && (i + 1 == text_.size() || text_[i + 1] == '\n');
      if ((byte < ' ' && byte != '\n' && byte != '\t' && !line_end) || byte == 0x7f) {
        constexpr char digits[] = "0123456789abcdef";
        fail({line, i - start + 1}, std::string("the byte 0x") + digits[byte / 16] + digits[byte % 16] + " is no text");
      }
      if (byte == '\n') {
        ++line;
        start = i + 1;
      }
    }
  }

  [[noreturn]] void fail(text_place at, const std::string& reason) const {
    throw file_error(file_ + ':' + value_to_text(at.line) + ':' + value_to_text(at.column), reason);
  }

  text_place place() const { return {line_, at_ - line_start_ + 1}; }
  bool at_end() const { return at_ == text_.size(); }
  bool at_line_end() const { return at_end() || next() == '\n'; }

  /// Past blanks and a comment, to the next word of this line or its end.
  void skip_blanks() {
    while (!at_end() && (next() == ' ' || next() == '\t' || next() == '\r')) ++at_;
    if (!at_end() && next() == '#')
      while (!at_line_end()) ++at_;
  }
  /// Past blanks, comments and line ends, to the next word or the end.
  void skip_lines() {
    for (skip_blanks(); !at_end() && next() == '\n'; skip_blanks()) {
      line_start_ = ++at_;
      ++line_;
    }
  }
  /// Past `c` if it comes next.
  bool skip(char c) {
    if (at_end() || next() != c) return false;
    ++at_;
    return true;
  }
  /// Letters, digits and "_" from here on; may be empty.
  std::string_view word() {
    return take_while(
        [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
  }
  /// What is here, up to the next blank, for an error's text; not empty except at a line's end.
  std::string_view rest_of_word() const {
    std::size_t end = at_;
    while (end < text_.size() && !is_blank(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  /// A range [a, b], a vector (a, …), a number or a "string". What is wrong in it is told beginning with `whose`, the
  /// parameter that it is given to.
  value_text value(const std::string& whose) {
    value_text v{.what = value_text::kind::number, .text = {}, .at = place(), .numbers = {}, .word = {}};
    const std::size_t start = at_;
    if (skip('"')) {
      v.what = value_text::kind::string;
      v.word = take_while([](char c) { return c != '"' && c != '\n' && c != '\r'; });
      if (!skip('"')) not_closed(v.at, start, "a '\"'", whose);
    } else if (skip('[')) {
      v.what = value_text::kind::range;
      v.numbers = numbers_up_to(']', v.at, start, whose);
    } else if (skip('(')) {
      v.what = value_text::kind::vector;
      v.numbers = numbers_up_to(')', v.at, start, whose);
    } else {
      v.numbers.push_back(number("", whose));
    }
    v.text = text_.substr(start, at_ - start);
    return v;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  char next() const { return text_[at_]; }
  template <class Belongs>
  std::string_view take_while(Belongs&& belongs) {
    const std::size_t start = at_;
    while (!at_end() && belongs(next())) ++at_;
    return text_.substr(start, at_ - start);
  }

  [[noreturn]] void not_closed(text_place at, std::size_t start, const std::string& expected,
                               const std::string& whose) const {
    std::string_view line = text_.substr(start, text_.find('\n', start) - start);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    fail(at, to_text(whose, ": '", line, "' is not closed; expected ", expected, " before the end of the line"));
  }
  std::vector<number_text> numbers_up_to(char close, text_place at, std::size_t start, const std::string& whose) {
    const std::string end = std::string("a '") + close + "'";
    std::vector<number_text> numbers;
    for (;;) {
      skip_blanks();
      if (at_line_end()) not_closed(at, start, end, whose);
      if (skip(close)) {
        if (!numbers.empty()) fail(place(), to_text(whose, ": a number is missing in front of '", close, "'"));
        return numbers;
      }
      numbers.push_back(number(",])", whose));
      skip_blanks();
      if (skip(close)) return numbers;
      if (at_line_end()) not_closed(at, start, end, whose);
      if (!skip(','))
        fail(place(), to_text(whose, ": '", rest_of_word(), "' stands where ',' or '", close, "' is expected"));
    }
  }
  number_text number(std::string_view further_ends, const std::string& whose) {
    const text_place at = place();
    const std::string_view text =
        take_while([&](char c) { return !is_blank(c) && c != '#' && further_ends.find(c) == further_ends.npos; });
    // Whether it is a number, of whatever size: what counts it can be told later.
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = end == text.data() + text.size() && failure != std::errc::invalid_argument;
    if (!whole || (failure == std::errc() && !std::isfinite(value)))
      fail(at, whose + (text.empty() ? ": a number is missing" : to_text(": '", text, "' is not a number")));
    return {text, at};
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0, line_ = 1, line_start_ = 0;
};

}  // namespace lamina::augment
