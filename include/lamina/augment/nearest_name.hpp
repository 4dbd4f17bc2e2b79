// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::augment {

/// How many letters must be put in, taken out, changed or exchanged with their neighbour to make `b` of `a` (optimal
/// string alignment); capitals and small letters are the same. Only the first 64 letters are looked at: longer words
/// are no slip of the pen.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t longest = 64;
  a = a.substr(0, longest);
  b = b.substr(0, longest);
  const auto same = [](char x, char y) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return small(x) == small(y);
  };
  using row = std::array<std::size_t, longest + 1>;  // of the beginning of `a` to each beginning of `b`
  std::array<row, 3> rows{};
  row *before_last = &rows[0], *last = &rows[1], *now = &rows[2];
  for (std::size_t j = 0; j <= b.size(); ++j) (*now)[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row* const free = before_last;
    before_last = last;
    last = now;
    now = free;
    (*now)[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = (*last)[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      (*now)[j] = std::min({(*last)[j] + 1, (*now)[j - 1] + 1, changed});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        (*now)[j] = std::min((*now)[j], (*before_last)[j - 2] + 1);
    }
  }
  return (*now)[b.size()];
}

/// The name that is most like `word`, or like it with `prefix` in front; the first of several. `names` is not empty.
inline std::string nearest_name(std::string_view word, const std::vector<std::string_view>& names,
                                std::string_view prefix = {}) {
  const std::string longer = std::string(prefix) + std::string(word);
  std::size_t least = std::numeric_limits<std::size_t>::max();
  std::string_view nearest;
  for (const std::string_view name : names) {
    const std::size_t distance = std::min(edit_distance(word, name), edit_distance(longer, name));
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return std::string(nearest);
}

}  // namespace lamina::augment
