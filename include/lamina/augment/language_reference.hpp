// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/known.hpp>
#include <lamina/augment/parse.hpp>

#include <string>

namespace lamina::augment {

/// Every augmentation of the language on a line of its own with its parameters: key=<what it must be> for those that
/// must be given, [key=default] for the others, [key=<…>] where the default depends on the picture.
inline std::string language_reference() {
  std::string text;
  known_augmentations::any([&]<class A>(A op) {
    text += A::name;
    for_each_parameter(op, [&](std::string_view key, const auto& member, presence how, const limits&) {
      const std::string name(key), kind = name + "=<" + detail::expected(member) + ">";
      if (how == presence::required) {
        text += " " + kind;
      } else if constexpr (requires { member.has_value(); }) {
        text += " [" + (member ? name + "=" + text_of(*member) : kind) + "]";
      } else {
        text += " [" + name + "=" + text_of(member) + "]";
      }
    });
    if constexpr (requires { op.children; }) text += ", steps on lines of their own, end";
    text += '\n';
    return false;
  });
  return text;
}

}  // namespace lamina::augment
