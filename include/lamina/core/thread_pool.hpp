// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/parallel.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace lamina {

/// An executor over Eigen's work-stealing pool. The calling thread works too, so `threads` counts it.
class thread_pool final : public executor {
 public:
  /// `threads` = 0: one per core that the machine reports.
  explicit thread_pool(int threads = 0)
      : workers_(threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {
    require(threads >= 0, "thread_pool: ", threads, " threads asked for");
    if (workers_ > 1) pool_ = std::make_unique<Eigen::ThreadPool>(workers_ - 1);
  }

  int workers() const noexcept override { return workers_; }

  /// One run at a time: the pool belongs to one context. Waits for those helpers only that have begun to help; one that
  /// wakes too late finds nothing open, or helps with the run after.
  void run(index_t tasks, task_body body) override {
    if (tasks <= 0) return;
    const int helpers = static_cast<int>(std::min<index_t>(workers_, tasks)) - 1;
    job work{body, tasks, {}, {}, {}};
    if (helpers > 0) {
      open(work, helpers);
      work.drain(0);
      close();
    } else {
      work.drain(0);
    }
    if (work.failure) std::rethrow_exception(work.failure);
  }

 private:
  struct job {
    task_body body;
    index_t tasks;
    std::atomic<index_t> next;
    std::mutex failure_mutex;
    std::exception_ptr failure;

    void drain(int worker) {
      try {
        for (index_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) body(task, worker);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next.store(tasks, std::memory_order_relaxed);
      }
    }
  };

  /// Lets `helpers` threads join `work`. Those called for an earlier run and not awake yet count too.
  void open(job& work, int helpers) {
    int missing = 0;
    {
      const std::lock_guard lock(mutex_);
      open_ = &work;
      joined_ = 0;
      most_ = helpers;
      missing = std::max(0, helpers - called_);
      called_ += missing;
    }
    for (; missing > 0; --missing) {
      try {
        pool_->Schedule([this] { help(); });
      } catch (...) {  // no memory for the call: the work is done with fewer
        const std::lock_guard lock(mutex_);
        called_ -= missing;
        return;
      }
    }
  }
  /// After this nobody touches the work that was open.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      open_ = nullptr;
    }
    while (helping_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }
  void help() {
    job* work = nullptr;
    int worker = 0;
    {
      const std::lock_guard lock(mutex_);
      --called_;
      if (open_ == nullptr || joined_ == most_) return;
      work = open_;
      worker = ++joined_;
      helping_.fetch_add(1, std::memory_order_relaxed);
    }
    work->drain(worker);
    helping_.fetch_sub(1, std::memory_order_release);
  }

  int workers_;
  std::mutex mutex_;                         // of the next four
  job* open_ = nullptr;                      // what helpers may join
  int joined_ = 0, most_ = 0;                // helpers of it, who have the worker numbers 1 to joined_
  int called_ = 0;                           // scheduled and not awake yet
  std::atomic<int> helping_{0};              // joined and not done: open_ may not go before them
  std::unique_ptr<Eigen::ThreadPool> pool_;  // last: its threads end before what they use
};

}  // namespace lamina
