// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::augment {

/// How many letters must be put in, taken out, changed or exchanged with their neighbour to make `b` of `a` (optimal
/// string alignment); capitals and small letters are the same.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return small(x) == small(y);
  };
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// The name that is most like `word`, also like it with `prefix` in front; the first of several. `names` is not empty.
inline std::string nearest_name(std::string_view word, const std::vector<std::string_view>& names,
                                std::string_view prefix = {}) {
  constexpr std::size_t longest = 64;  // what is longer is no slip of the pen
  const std::string cut(word.substr(0, longest)), longer = std::string(prefix) + cut;
  const auto distance = [&](std::string_view name) {
    return std::min(edit_distance(cut, name), edit_distance(longer, name));
  };
  return std::string(*std::min_element(
      names.begin(), names.end(), [&](std::string_view a, std::string_view b) { return distance(a) < distance(b); }));
}

}  // namespace lamina::augment
