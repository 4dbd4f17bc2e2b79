// lamina::formats · SPDX-License-Identifier: Apache-2.0
// Options and numbers as text: what the metadata of a file can hold. Every value reads back as the same bits.
#pragma once

#include <lamina/core/error.hpp>

#include <charconv>
#include <concepts>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

/// Name → value, both text.
using text_map = std::map<std::string, std::string>;

/// The shortest text that reads back as the same value.
template <class Number>
requires(std::integral<Number> || std::floating_point<Number>) std::string value_to_text(Number value) {
  if constexpr (std::same_as<Number, bool>) {
    return value ? "true" : "false";
  } else {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
  }
}
inline std::string value_to_text(const std::string& text) { return text; }
inline std::string value_to_text(const std::filesystem::path& path) { return path.string(); }
/// Numbers with blanks between.
template <class Number>
std::string value_to_text(const std::vector<Number>& values) {
  std::string text;
  for (const Number value : values) text += (text.empty() ? "" : " ") + value_to_text(value);
  return text;
}

/// The inverse. False when `text` is no value of that type; `value` is then undefined.
template <class Number>
requires(std::integral<Number> || std::floating_point<Number>) bool value_from_text(std::string_view text,
                                                                                    Number& value) {
  if constexpr (std::same_as<Number, bool>) {
    value = text == "true";
    return value || text == "false";
  } else {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc() && end == text.data() + text.size();
  }
}
inline bool value_from_text(std::string_view text, std::string& value) {
  value = text;
  return true;
}
inline bool value_from_text(std::string_view text, std::filesystem::path& value) {
  value = text;
  return true;
}
template <class Number>
bool value_from_text(std::string_view text, std::vector<Number>& values) {
  values.clear();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (!value_from_text(text.substr(0, end), values.emplace_back())) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

/// Writes a struct into a map, field by field:  for_each_field(settings, text_writer{map, "prediction."}).
struct text_writer {
  text_map& map;
  std::string prefix;

  template <class Value>
  void operator()(std::string_view field, const Value& value) const {
    map[prefix + std::string(field)] = value_to_text(value);
  }
};

/// Reads it back. A field that is absent keeps its value. Throws `file_error` that names file, field and text for one
/// that can't be read.
struct text_reader {
  const text_map& map;
  std::string prefix, file;

  template <class Value>
  void operator()(std::string_view field, Value& value) const {
    const auto found = map.find(prefix + std::string(field));
    if (found != map.end() && !value_from_text(found->second, value))
      throw file_error(file, to_text("metadata '", found->first, "' = '", found->second, "' can't be read"));
  }
};

/// The part of a map whose names begin with `prefix`, without it.
inline text_map part_of(const text_map& map, std::string_view prefix) {
  text_map part;
  for (auto i = map.lower_bound(std::string(prefix)); i != map.end() && i->first.starts_with(prefix); ++i)
    part.emplace(i->first.substr(prefix.size()), i->second);
  return part;
}
/// Puts `part` into `map` under `prefix`.
inline void add_part(text_map& map, std::string_view prefix, const text_map& part) {
  for (const auto& [name, value] : part) map[std::string(prefix) + name] = value;
}

}  // namespace lamina
