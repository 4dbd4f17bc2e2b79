// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a wish: the work comes to a good end where it can be gone on with.
#pragma once

#include <atomic>
#include <csignal>

inline std::atomic<bool> stop_requested = false;

/// From now on the first Ctrl-C sets `stop_requested`; a second one ends the program at once.
inline void stop_on_interrupt() {
  std::signal(SIGINT, [](int signal) {
    stop_requested = true;
    std::signal(signal, SIG_DFL);
  });
}
