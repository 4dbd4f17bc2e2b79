// SPDX-License-Identifier: Apache-2.0
#include "golden.hpp"

#include <lamina/formats/safetensors.hpp>

#include "paths.hpp"

namespace lamina::testing {

golden_file::golden_file(const std::string& name)
    : file_(std::make_unique<const safetensors_file>(repository_folder() / "tests" / "golden" / name)) {}
golden_file::~golden_file() = default;

std::vector<std::string> golden_file::names() const { return file_->names(); }

template <class T>
std::vector<T> golden_file::values(const std::string& name) const {
  return file_->values<T>(name);
}
template std::vector<int> golden_file::values(const std::string&) const;
template std::vector<float> golden_file::values(const std::string&) const;
template std::vector<double> golden_file::values(const std::string&) const;

template <class T>
lamina::tensor<T> golden_file::tensor(const std::string& name) const {
  return file_->read<T>(name);
}
template lamina::tensor<std::uint8_t> golden_file::tensor(const std::string&) const;
template lamina::tensor<std::uint16_t> golden_file::tensor(const std::string&) const;
template lamina::tensor<std::int32_t> golden_file::tensor(const std::string&) const;
template lamina::tensor<float> golden_file::tensor(const std::string&) const;
template lamina::tensor<double> golden_file::tensor(const std::string&) const;

double golden_file::number(const std::string& name) const {
  const auto found = values<double>(name);
  require(found.size() == 1, file_->path(), ": ", name, " has ", found.size(), " values instead of 1");
  return found[0];
}

}  // namespace lamina::testing
