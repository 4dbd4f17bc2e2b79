// SPDX-License-Identifier: Apache-2.0
// Golden values: numbers that another library computed, committed in tests/golden beside the script that made them.
#pragma once

#include <lamina/formats/safetensors.hpp>

#include "paths.hpp"

#include <string>

namespace lamina::testing {

/// tests/golden/NAME.
///
///     const golden_file golden("losses.safetensors");
///     const tensor<float> x = golden.tensor("bce.logits");
class golden_file {
 public:
  explicit golden_file(const std::string& name) : file_(repository_folder() / "tests" / "golden" / name) {}

  const safetensors_file& file() const { return file_; }
  /// As T; a dtype of the file's own is converted.
  template <class T = float>
  lamina::tensor<T> tensor(const std::string& name) const {
    return file_.read<T>(name);
  }
  /// A tensor of one element.
  double number(const std::string& name) const {
    const auto values = file_.values<double>(name);
    require(values.size() == 1, file_.path(), ": ", name, " has ", values.size(), " values instead of 1");
    return values[0];
  }

 private:
  safetensors_file file_;
};

}  // namespace lamina::testing
