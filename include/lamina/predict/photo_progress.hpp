// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/core/scalar.hpp>

#include <chrono>
#include <mutex>
#include <ostream>
#include <string>

namespace lamina {

/// Tells a person how far a row of photographs is, and how much time is left, on a stream of the caller's: on a
/// terminal in one line that is rewritten, else in a line every half minute. Any thread may say that one is done.
class photo_progress {
 public:
  ///   what  is done with them, to begin the line with, or nothing
  photo_progress(std::ostream& out, index_t photos, bool terminal, std::string what = "")
      : out_(out),
        what_(what.empty() ? "" : what + ": "),
        photos_(photos),
        terminal_(terminal),
        begin_(clock::now()),
        told_(begin_) {}
  photo_progress(const photo_progress&) = delete;
  photo_progress& operator=(const photo_progress&) = delete;
  ~photo_progress() {
    if (terminal_ && shown_) out_ << "\r\033[K" << std::flush;
  }

  /// So many more are done.
  void add(index_t photos = 1) {
    const std::lock_guard lock(mutex_);
    done_ += photos;
    const auto now = clock::now();
    if (std::chrono::duration<double>(now - told_).count() < (terminal_ ? 0.2 : 30)) return;
    told_ = now;
    shown_ = true;
    const double elapsed = std::chrono::duration<double>(now - begin_).count();
    const double left = elapsed / static_cast<double>(done_) * static_cast<double>(photos_ - done_);
    out_ << (terminal_ ? "\r\033[K" : "") << what_
         << detail::formatted("%td of %td photographs, ", done_, photos_) << detail::clock_text(left) << " left"
         << (terminal_ ? "" : "\n") << std::flush;
  }

 private:
  using clock = std::chrono::steady_clock;

  std::ostream& out_;
  std::string what_;
  index_t photos_, done_ = 0;
  bool terminal_, shown_ = false;
  clock::time_point begin_, told_;
  std::mutex mutex_;
};

}  // namespace lamina
