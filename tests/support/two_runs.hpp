// SPDX-License-Identifier: Apache-2.0
// Two sets of predictions of the same images, from integer arithmetic that tests/golden/make_evaluate.py repeats.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/metrics/overlap.hpp>

#include "paths.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>

namespace lamina::testing {

struct two_runs {
  tensor<std::uint8_t> truth{{20, 41, 59, 1}};
  overlap_metrics first, second;

  two_runs() {
    tensor<float> a(truth.extents()), b(truth.extents());
    const shape extents = truth.extents();
    for (index_t n = 0; n < extents.n; ++n)
      for (index_t h = 0; h < extents.h; ++h)
        for (index_t w = 0; w < extents.w; ++w) {
          const auto inside = [=](index_t y, index_t x, index_t size) {
            return (h - y) * (h - y) * 4 + (w - x - n) * (w - x - n) * 2 < size;
          };
          const auto probability = [n](bool within, index_t noise) {
            return n < 2 ? 0 : static_cast<float>(within * 850 + noise % 1000) / 1900.0f;
          };
          truth(n, h, w, 0) = n != 1 && inside(20, 22, 120 * (n % 7 + 1)) ? 255 : 0;
          a(n, h, w, 0) = probability(inside(21, 23, 130 * (n % 6 + 1)), h * 7919 + w * 104729 + n * 1299709);
          b(n, h, w, 0) = probability(inside(19, 21, 110 * (n % 7 + 1)), h * 104729 + w * 7919 + n * 15485863);
        }
    first.add(a.view(), truth.view());
    second.add(b.view(), truth.view());
  }
};

/// The lines of tests/golden/evaluate.txt, by what stands before the number.
inline std::map<std::string, double> evaluate_goldens() {
  std::ifstream golden(repository_folder() / "tests/golden/evaluate.txt");
  std::map<std::string, double> values;
  for (std::string line; std::getline(golden, line);) {
    const std::size_t end = line.rfind(' ');
    values[line.substr(0, end)] = std::stod(line.substr(end));
  }
  REQUIRE(!values.empty());
  return values;
}

}  // namespace lamina::testing
