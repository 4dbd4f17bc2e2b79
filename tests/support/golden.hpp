// SPDX-License-Identifier: Apache-2.0
// Golden values: numbers that another library computed, committed in tests/golden beside the script that made them.
#pragma once

#include <lamina/core/tensor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace lamina {
class safetensors_file;
}

namespace lamina::testing {

/// tests/golden/NAME. The reader is compiled once, in golden.cpp: it would take most of a small test's time.
///
///     const golden_file golden("losses.safetensors");
///     const tensor<float> x = golden.tensor("bce.logits");
class golden_file {
 public:
  explicit golden_file(const std::string& name);
  ~golden_file();

  std::vector<std::string> names() const;
  /// As T, int, float or double; a dtype of the file's own is converted.
  template <class T>
  std::vector<T> values(const std::string& name) const;
  /// As T, std::uint8_t, std::uint16_t, std::int32_t, float or double.
  template <class T = float>
  lamina::tensor<T> tensor(const std::string& name) const;
  /// A tensor of one element.
  double number(const std::string& name) const;

 private:
  std::unique_ptr<const safetensors_file> file_;
};

}  // namespace lamina::testing
