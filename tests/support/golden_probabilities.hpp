// SPDX-License-Identifier: Apache-2.0
// The probabilities and masks of tests/golden/make_probability_figures.py, and the figures that it wrote.
#pragma once

#include <lamina/core/tensor.hpp>

#include "paths.hpp"

#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace lamina::testing {

struct golden_probabilities {
  tensor<float> probability{{5, 24, 31, 1}};
  tensor<std::uint8_t> truth{{5, 24, 31, 1}};
  golden_probabilities() {
    const auto [N, H, W, C] = truth.extents();
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const index_t k = (h * 7919 + w * 104729 + n * 1299709) % 1009;
          probability(n, h, w, 0) = static_cast<float>(k) / 1008.0f;
          truth(n, h, w, 0) = n > 0 && k > 300 + (h * 31 + w * 17 + n * 97) % 500 ? 255 : 0;
        }
  }
};

/// By name and number: a threshold in percent, or a bin.
inline std::map<std::pair<std::string, int>, double> golden_probability_figures() {
  std::ifstream in(repository_folder() / "tests/golden/probability_figures.txt");
  std::map<std::pair<std::string, int>, double> figures;
  std::string name;
  int number = 0;
  for (double value = 0; in >> name >> number >> value;) figures[{name, number}] = value;
  return figures;
}

}  // namespace lamina::testing
