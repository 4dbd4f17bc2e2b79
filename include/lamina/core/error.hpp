// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Failures are exceptions, in every build type. A message names the operation, the rule and every value in it.
#pragma once

#include <cstddef>
#include <initializer_list>
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

namespace detail {

/// A part of a text, and how it is written. That types are forgotten here keeps hundreds of messages small in code.
struct text_part {
  const void* value;
  void (*write)(std::ostream&, const void*);

  template <class T>
  explicit text_part(const T& part)
      : value(&part), write([](std::ostream& out, const void* v) { out << *static_cast<const T*>(v); }) {}
  template <std::size_t N>
  explicit text_part(const char (&part)[N])
      : value(part), write([](std::ostream& out, const void* v) { out << static_cast<const char*>(v); }) {}
};

inline std::string text_of(std::initializer_list<text_part> parts) {
  std::ostringstream out;
  for (const text_part& part : parts) part.write(out, part.value);
  return out.str();
}

}  // namespace detail

/// The parts written one behind another, as `operator<<` writes them.
template <class... Parts>
std::string to_text(const Parts&... parts) {
  return detail::text_of({detail::text_part(parts)...});
}

template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
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
