// lamina::augment · SPDX-License-Identifier: Apache-2.0
// The augmentation language: from text to a recipe.
#pragma once

#include <lamina/augment/known.hpp>
#include <lamina/augment/nearest_name.hpp>
#include <lamina/augment/recipe.hpp>
#include <lamina/augment/tokens.hpp>
#include <lamina/formats/atomic_file.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace lamina::augment {

namespace detail {

/// What a parameter's text must look like.
inline std::string expected(const float&) { return "a number"; }
inline std::string expected(const range&) { return "a range, [min, max]"; }
inline std::string expected(const image_size&) { return "a vector of two whole numbers, (width,height)"; }
inline std::string expected(const std::array<float, 2>&) { return "a vector of two numbers, (x, y)"; }
inline std::string expected(const std::vector<float>&) { return "a number or a vector, (a, b, …)"; }
template <class Word, std::size_t N>
std::string one_of_names(const std::array<Word, N>& all) {
  std::string text;
  for (std::size_t i = 0; i < N; ++i) text += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + text_of(name(all[i]));
  return text;
}
inline std::string expected(const interpolation&) { return one_of_names(all_interpolations); }
inline std::string expected(const border&) { return one_of_names(all_borders); }
template <class T>
std::string expected(const std::optional<T>&) {
  return expected(T{});
}

/// Reads one recipe by descent: a step is a line, a container ends with "end".
class recipe_parser {
 public:
  recipe_parser(std::string_view text, const std::string& file) : in_(text, file) {}

  augmentation root() {
    in_.skip_lines();
    if (in_.at_end()) in_.fail(in_.place(), "the recipe is empty; expected an augmentation");
    const text_place at = in_.place();
    augmentation made = step(step_name(), at, 0);
    in_.skip_lines();
    if (!in_.at_end()) {
      const text_place behind = in_.place();
      if (const std::string_view word = step_name(); word != "end")
        in_.fail(behind, to_text("'", word, "' stands behind the end of the recipe; several steps belong into a ",
                                 sequential::name));
      in_.fail(behind, "an 'end' too many: no container is open");
    }
    return made;
  }

 private:
  /// A parameter as it is written.
  struct given {
    std::string whose;  // "AUGMENTATION: KEY", with which errors about it begin
    std::string_view key;
    text_place at;
    value_text value;
  };

  std::string_view step_name() {
    const text_place at = in_.place();
    const std::string_view word = in_.word();
    if (word.empty())
      in_.fail(at, to_text("'", in_.rest_of_word(), "' stands where the name of an augmentation is expected"));
    return word;
  }
  /// The step whose name was read at `at`.
  augmentation step(std::string_view name, text_place at, int depth) {
    constexpr int deepest = 100;
    if (depth > deepest) in_.fail(at, to_text("containers are nested more than ", deepest, " deep"));
    if (name == "end") in_.fail(at, "an 'end' too many: no container is open");
    std::optional<augmentation> made;
    known_augmentations::any([&]<class A>(A op) {
      if (name == A::name) made = parameters_and_children(std::move(op), at, depth);
      return made.has_value();
    });
    if (!made)
      in_.fail(at, to_text("there is no augmentation '", name, "'; the nearest name is '",
                           nearest_name(name, known_augmentations::names(), "Aug"), "'"));
    return *std::move(made);
  }
  template <class A>
  augmentation parameters_and_children(A op, text_place at, int depth) {
    std::vector<std::string_view> keys;
    for_each_parameter(op, [&](std::string_view key, auto&, presence, const limits&) { keys.push_back(key); });
    const std::vector<given> all = pairs(A::name, keys);
    for_each_parameter(op, [&](std::string_view key, auto& member, presence how, const limits& allowed) {
      const auto found = std::find_if(all.begin(), all.end(), [&](const given& g) { return g.key == key; });
      if (found != all.end())
        set(*found, allowed, member);
      else if (how == presence::required)
        in_.fail(at, to_text(A::name, " lacks '", key, "'; expected ", expected(member)));
    });
    if constexpr (requires { op.children; }) op.children = children(A::name, at, depth);
    try {
      return augmentation(std::move(op));
    } catch (const error& e) {
      in_.fail(at, e.what());
    }
  }
  std::vector<augmentation> children(std::string_view container, text_place opened, int depth) {
    std::vector<augmentation> all;
    for (;;) {
      in_.skip_lines();
      if (in_.at_end())
        in_.fail(opened, to_text(container, " is not closed; expected an 'end' before the end of the text"));
      const text_place at = in_.place();
      const std::string_view name = step_name();
      if (name != "end") {
        all.push_back(step(name, at, depth + 1));
        continue;
      }
      in_.skip_blanks();
      if (!in_.at_line_end()) in_.fail(in_.place(), to_text("'", in_.rest_of_word(), "' stands behind 'end'"));
      return all;
    }
  }

  /// key=value up to the end of the line.
  std::vector<given> pairs(std::string_view owner, const std::vector<std::string_view>& keys) {
    std::vector<given> all;
    for (;;) {
      in_.skip_blanks();
      if (in_.at_line_end()) return all;
      const text_place at = in_.place();
      const std::string_view key = in_.word();
      if (key.empty())
        in_.fail(at, to_text(owner, ": '", in_.rest_of_word(), "' stands where a parameter is expected"));
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        in_.fail(at,
                 to_text(owner, " has no parameter '", key, "'",
                         keys.empty() ? "; it has none" : "; the nearest name is '" + nearest_name(key, keys) + "'"));
      for (const given& earlier : all)
        if (earlier.key == key)
          in_.fail(at, to_text(owner, ": '", key, "' is given twice, first at column ", earlier.at.column));
      in_.skip_blanks();
      if (!in_.skip('=')) in_.fail(in_.place(), to_text(owner, ": '", key, "' is not followed by '='"));
      in_.skip_blanks();
      if (in_.at_line_end()) in_.fail(in_.place(), to_text(owner, ": '", key, "' has no value"));
      std::string whose = to_text(owner, ": ", key);
      value_text value = in_.value(whose);
      all.push_back({std::move(whose), key, at, std::move(value)});
    }
  }

  template <class Member>
  void set(const given& g, const limits& allowed, Member& member) {
    if constexpr (requires { member.has_value(); }) {
      assign(g, member.emplace());
      check(g, fault_of(*member, allowed));
    } else {
      assign(g, member);
      check(g, fault_of(member, allowed));
    }
  }
  void check(const given& g, const std::string& fault) {
    if (!fault.empty()) in_.fail(g.value.at, to_text(g.whose, '=', g.value.text, ": ", fault));
  }

  using kind = value_text::kind;
  void assign(const given& g, float& member) {
    expect(g, member, kind::number, 1);
    member = as_float(g, 0);
  }
  void assign(const given& g, range& member) {
    expect(g, member, kind::range, 2);
    member = {as_float(g, 0), as_float(g, 1)};
  }
  void assign(const given& g, image_size& member) {
    expect(g, member, kind::vector, 2);
    member = {as_whole(g, 0), as_whole(g, 1)};
  }
  void assign(const given& g, std::array<float, 2>& member) {
    expect(g, member, kind::vector, 2);
    member = {as_float(g, 0), as_float(g, 1)};
  }
  void assign(const given& g, std::vector<float>& member) {
    if (g.value.what != kind::number) expect(g, member, kind::vector, g.value.numbers.size());
    for (std::size_t i = 0; i < g.value.numbers.size(); ++i) member.push_back(as_float(g, i));
  }
  void assign(const given& g, interpolation& member) {
    assign_word(g, member, all_interpolations, interpolation_named(g.value.word));
  }
  void assign(const given& g, border& member) {
    assign_word(g, member, all_borders, border_named(g.value.word));
  }
  template <class Word, std::size_t N>
  void assign_word(const given& g, Word& member, const std::array<Word, N>& all, std::optional<Word> found) {
    expect(g, member, kind::string, 0);
    std::vector<std::string_view> names;
    for (const Word word : all) names.push_back(name(word));
    if (!found)
      in_.fail(g.value.at, to_text(g.whose, '=', g.value.text, " is unknown; expected ", expected(member),
                                   "; the nearest name is '", nearest_name(g.value.word, names), "'"));
    member = *found;
  }

  /// Fails unless the value has the kind and count of numbers that `member` asks for.
  template <class Member>
  void expect(const given& g, const Member& member, kind what, std::size_t count) {
    constexpr std::string_view names[] = {"a range", "a vector", "a number", "a string"};
    const auto& value = g.value;
    if (value.what != what)
      in_.fail(value.at, to_text(g.whose, '=', value.text, " is ", names[static_cast<int>(value.what)], "; expected ",
                                 expected(member)));
    if (value.numbers.size() != count)
      in_.fail(value.at, to_text(g.whose, '=', value.text, " has ", value.numbers.size(),
                                 value.numbers.size() == 1 ? " number" : " numbers", "; expected ", expected(member)));
  }
  float as_float(const given& g, std::size_t i) {
    const number_text& number = g.value.numbers[i];
    float value = 0;
    if (value_from_text(number.text, value)) return value;
    double wider = 1;
    if (value_from_text(number.text, wider) && std::abs(wider) < 1) return 0;  // too small to tell from nothing
    in_.fail(number.at,
             to_text(g.whose, ": '", number.text, "' is beyond what a float holds, 1.2e-38 to 3.4e+38 in size"));
  }
  index_t as_whole(const given& g, std::size_t i) {
    const number_text& number = g.value.numbers[i];
    double value = 0;
    if (!value_from_text(number.text, value) || value != std::floor(value) || std::abs(value) > 1e15)
      in_.fail(number.at, to_text(g.whose, ": '", number.text, "' is not a whole number"));
    return static_cast<index_t>(value);
  }

  token_reader in_;
};

}  // namespace detail

/// The recipe that a text describes. `file` names it in errors.
///
///     SequentialAugmentationContainer
///       AugResizeDim dims=(512,512) interp="cubic"   # a comment
///       AugRotate angle=[-180, 180]
///     end
///
/// A step is a line: a name, then key=value pairs in any order. A value is a range [a, b], a vector (a, b, …), a number
/// or a "string". Containers nest and close with "end"; indentation is free.
/// Throws `file_error`, "FILE:LINE:COLUMN: …", that tells the offending text and what was expected.
inline recipe parse_recipe(std::string_view text, const std::string& file, bool fuse = true) {
  return recipe(detail::recipe_parser(text, file).root(), fuse);
}

/// The recipe in a file, by custom FILE.aug. Throws `file_error` as `parse_recipe`, and when the file can't be read.
inline recipe read_recipe(const std::filesystem::path& path, bool fuse = true) {
  constexpr std::uintmax_t most = 1 << 20;
  const std::vector<std::byte> bytes = read_file(path, most);
  return parse_recipe({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), fuse);
}

}  // namespace lamina::augment
