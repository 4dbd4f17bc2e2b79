// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Failures are exceptions, in every build type. A message names the operation, the rule and every value in it.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace lamina {

/// Base of everything the library throws: a broken precondition, a wrong shape, an impossible option.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that can't be read, written or believed. The message starts with the file's path.
class file_error : public error {
 public:
  file_error(const std::string& path, const std::string& reason) : error(path + ": " + reason) {}
};

/// The parts written one behind another, as `operator<<` writes them.
template <class... Parts>
std::string to_text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw error(to_text(parts...));
}

/// Throws `error` with the text of `parts` unless `condition` holds.
///
///     require(x.extents().c == w.extents().c, "conv2d_forward: x has ", x.extents().c, " channels, w expects ", …);
template <class... Parts>
void require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(parts...);
}

}  // namespace lamina
