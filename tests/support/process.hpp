// SPDX-License-Identifier: Apache-2.0
// Work in a process of its own, so that the memory it takes is its own.
#pragma once

#include <cstdlib>
#include <exception>
#include <iostream>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lamina::testing {

/// Whether body() returned, in another process, without an exception.
template <class Body>
bool in_another_process(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      body();
    } catch (const std::exception& problem) {
      std::cerr << problem.what() << std::endl;
      std::_Exit(1);
    } catch (...) {
      std::_Exit(1);
    }
    std::_Exit(0);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

/// The most memory, in bytes, that this process has held so far; in one that was forked, from its parent's on.
inline std::size_t peak_memory() {
  rusage used{};
  return ::getrusage(RUSAGE_SELF, &used) == 0 ? static_cast<std::size_t>(used.ru_maxrss) * 1024 : 0;
}

}  // namespace lamina::testing
