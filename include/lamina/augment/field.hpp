// lamina::augment · SPDX-License-Identifier: Apache-2.0
// How an augmentation tells its parameters. Each has one description, from which its text, its checks and its errors
// are made:
//
//     struct gamma_contrast {
//       static constexpr std::string_view name = "AugGammaContrast";
//       range gamma;
//
//       template <class Self, class Field>
//       static void fields(Self& self, Field&& field) {
//         field("gamma", self.gamma, required, not_negative);
//       }
//       void operator()(canvas& c, random_stream& random) const;
//     };
#pragma once

#include <lamina/augment/range.hpp>
#include <lamina/core/error.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/image/border.hpp>
#include <lamina/image/interpolation.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lamina::augment {

/// How a parameter stands in a recipe's text.
enum class presence {
  required,  // must be given
  optional,  // may be left out, and is printed only where it isn't the default
  shown      // may be left out, but is always printed
};
inline constexpr presence required = presence::required, optional = presence::optional, shown = presence::shown;

/// What a number may be; of a range, a vector or a size, each of its numbers.
struct limits {
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  bool least_excluded = false;
};
inline constexpr limits probability{0, 1}, not_negative{.least = 0}, positive{.least = 0, .least_excluded = true};

/// What takes a field and does nothing.
struct field_probe {
  void operator()(std::string_view, auto&, presence, const limits& = {}) const {}
};

/// An augmentation that can be read and printed.
template <class A>
concept described = requires(A& op) {
  std::string_view(A::name);
  A::fields(op, field_probe{});
};

/// Calls body(key, member, presence, limits) for each parameter, in the order of the program form.
template <class A, class Body>
void for_each_parameter(A& op, Body&& body) {
  std::remove_const_t<A>::fields(op, [&](std::string_view key, auto& member, presence how, const limits& allowed = {}) {
    body(key, member, how, allowed);
  });
}

/// A value as recipes have it.
inline std::string text_of(float value) { return value_to_text(value); }
inline std::string text_of(const range& r) { return "[" + text_of(r.min) + ", " + text_of(r.max) + "]"; }
inline std::string text_of(const image_size& s) {
  return "(" + value_to_text(s.width) + "," + value_to_text(s.height) + ")";
}
inline std::string text_of(std::string_view word) { return '"' + std::string(word) + '"'; }
inline std::string text_of(interpolation method) { return text_of(name(method)); }
inline std::string text_of(border kind) { return text_of(name(kind)); }
template <class Numbers>
  requires requires(const Numbers& numbers) { numbers.begin(); }
std::string text_of(const Numbers& numbers) {
  std::string text;
  for (const float number : numbers) text += (text.empty() ? "" : ", ") + text_of(number);
  return numbers.size() == 1 ? text : "(" + text + ")";
}

/// What is wrong with a value; nothing wrong: an empty text.
inline std::string fault_of(float value, const limits& allowed) {
  const auto bound = [](double b) { return value_to_text(static_cast<float>(b)); };
  if (!std::isfinite(value)) return text_of(value) + " is no finite number";
  const bool low = allowed.least_excluded ? value <= allowed.least : value < allowed.least;
  if (!low && value <= allowed.most) return {};
  if (std::isfinite(allowed.most) && std::isfinite(allowed.least))
    return text_of(value) + " is not between " + bound(allowed.least) + " and " + bound(allowed.most);
  if (low) return text_of(value) + (allowed.least_excluded ? " is not above " : " is below ") + bound(allowed.least);
  return text_of(value) + " is above " + bound(allowed.most);
}
inline std::string fault_of(const range& r, const limits& allowed) {
  for (const float end : {r.min, r.max})
    if (std::string fault = fault_of(end, allowed); !fault.empty()) return fault;
  if (r.min <= r.max) return {};
  return "the minimum, " + text_of(r.min) + ", is above the maximum, " + text_of(r.max);
}
/// Sizes are also kept where a picture of them can be had.
inline std::string fault_of(const image_size& s, const limits& allowed = {}) {
  const auto least = static_cast<index_t>(std::max(allowed.least, 1.0));
  const auto most = static_cast<index_t>(std::min(allowed.most, 65536.0));
  for (const index_t extent : {s.width, s.height})
    if (extent < least || extent > most)
      return value_to_text(extent) + " is not between " + value_to_text(least) + " and " + value_to_text(most);
  return {};
}
template <class Numbers>
  requires requires(const Numbers& numbers) { numbers.begin(); }
std::string fault_of(const Numbers& numbers, const limits& allowed) {
  if (numbers.size() == 0) return "there is no number";
  for (const float number : numbers)
    if (std::string fault = fault_of(number, allowed); !fault.empty()) return fault;
  return {};
}
template <class Word>
  requires std::is_enum_v<Word>
std::string fault_of(Word, const limits&) {
  return {};
}

/// Throws `error` that names augmentation, parameter, value and rule unless all parameters are within their limits and
/// agree with each other.
template <described A>
void check_parameters(const A& op) {
  const auto check = [](std::string_view key, const auto& value, const limits& allowed) {
    if (const std::string fault = fault_of(value, allowed); !fault.empty())
      fail(A::name, ": ", key, '=', text_of(value), ": ", fault);
  };
  for_each_parameter(op, [&](std::string_view key, const auto& member, presence, const limits& allowed) {
    if constexpr (requires { member.has_value(); }) {
      if (member) check(key, *member, allowed);
    } else {
      check(key, member, allowed);
    }
  });
  if constexpr (requires { op.check(); }) op.check();
}

/// The augmentation's line in a recipe, its name and parameters.
template <described A>
std::string line_of(const A& op) {
  std::string line(A::name);
  const auto append = [&](std::string_view key, const auto& value) {
    line += ' ' + std::string(key) + '=' + text_of(value);
  };
  // The default of a parameter stands in the same place of a fresh object.
  const A fresh{};
  std::vector<std::string> defaults;
  for_each_parameter(fresh, [&](std::string_view, const auto& member, presence, const limits&) {
    if constexpr (requires { member.has_value(); })
      defaults.push_back(member ? text_of(*member) : "");
    else
      defaults.push_back(text_of(member));
  });
  std::size_t i = 0;
  for_each_parameter(op, [&](std::string_view key, const auto& member, presence how, const limits&) {
    const std::string& standing = defaults[i++];
    if constexpr (requires { member.has_value(); }) {
      if (member) append(key, *member);
    } else {
      if (how != presence::optional || text_of(member) != standing) append(key, member);
    }
  });
  return line;
}

}  // namespace lamina::augment
