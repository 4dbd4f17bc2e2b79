// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/core/scalar.hpp>

#include <chrono>
#include <ostream>
#include <string>

namespace lamina {

/// Tells a person how far a row of photographs is, and how much time is left, on a stream of the caller's: on a
/// terminal in one line that is rewritten, else in a line every half minute.
class photo_progress {
 public:
  photo_progress(std::ostream& out, index_t photos, bool terminal)
      : out_(out), photos_(photos), terminal_(terminal), begin_(clock::now()), told_(begin_) {}
  photo_progress(const photo_progress&) = delete;
  photo_progress& operator=(const photo_progress&) = delete;
  ~photo_progress() {
    if (terminal_ && shown_) out_ << "\r\033[K" << std::flush;
  }

  void done(index_t photos) {
    const auto now = clock::now();
    const double elapsed = std::chrono::duration<double>(now - begin_).count();
    if (photos == 0 || std::chrono::duration<double>(now - told_).count() < (terminal_ ? 0.2 : 30)) return;
    told_ = now;
    shown_ = true;
    const double left = elapsed / static_cast<double>(photos) * static_cast<double>(photos_ - photos);
    const std::string line = detail::formatted("%td of %td photographs, ", photos, photos_) +
                             detail::clock_text(left) + " left";
    out_ << (terminal_ ? "\r\033[K" : "") << line << (terminal_ ? "" : "\n") << std::flush;
  }

 private:
  using clock = std::chrono::steady_clock;

  std::ostream& out_;
  index_t photos_;
  bool terminal_, shown_ = false;
  clock::time_point begin_, told_;
};

}  // namespace lamina
