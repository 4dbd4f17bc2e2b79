// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/recipe.hpp>

#include <string>

namespace lamina::augment {

using lamina::to_text;  // beside which the overloads below stand

namespace detail {

inline void print_step(const augmentation& step, std::size_t indent, std::string& text) {
  const auto line = step.line();
  require(line.has_value(),
          "augment::to_text: the recipe holds an augmentation of the caller's own, which has no name ",
          "in the language");
  text.append(indent, ' ').append(*line).append("\n");
  if (const auto* children = step.children()) {
    for (const augmentation& child : *children) print_step(child, indent + 2, text);
    text.append(indent, ' ').append("end\n");
  }
}

}  // namespace detail

/// The recipe in the augmentation language, as `parse_recipe` reads it. Throws `error` when it holds an augmentation
/// that doesn't describe itself.
inline std::string to_text(const augmentation& root) {
  std::string text;
  detail::print_step(root, 0, text);
  return text;
}
inline std::string to_text(const recipe& r) { return to_text(r.root()); }

}  // namespace lamina::augment
