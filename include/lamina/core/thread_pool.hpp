// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/parallel.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <atomic>
#include <chrono>
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

  /// Lets `helpers` threads join `work`. Those that wait for work, or were called for an earlier run and are not awake
  /// yet, count too.
  void open(job& work, int helpers) {
    int missing = 0;
    {
      const std::lock_guard lock(mutex_);
      open_ = &work;
      joined_ = 0;
      most_ = helpers;
      missing = std::max(0, helpers - called_ - waiting_);
      called_ += missing;
      opened_.fetch_add(1, std::memory_order_release);
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
  /// Helps, and waits a moment for the next run before it sleeps: waking takes longer than most pauses between runs.
  void help() {
    std::unique_lock lock(mutex_);
    --called_;
    const auto has_place = [this] { return open_ != nullptr && joined_ < most_; };
    do {
      while (has_place()) {
        job* const work = open_;
        const int worker = ++joined_;
        helping_.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        work->drain(worker);
        helping_.fetch_sub(1, std::memory_order_release);
        lock.lock();
      }
      ++waiting_;
      const unsigned seen = opened_.load(std::memory_order_relaxed);
      lock.unlock();
      await_opening(seen);
      lock.lock();
      --waiting_;
    } while (has_place());
  }
  void await_opening(unsigned seen) const {
    constexpr std::chrono::microseconds most(100);
    const auto begin = std::chrono::steady_clock::now();
    do {
      for (int i = 0; i < 32; ++i) {
        if (opened_.load(std::memory_order_acquire) != seen) return;
        relax();
      }
    } while (std::chrono::steady_clock::now() - begin < most);
  }
  /// Tells the processor that the thread only waits.
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  int workers_;
  std::mutex mutex_;                         // of the next five
  job* open_ = nullptr;                      // what helpers may join
  int joined_ = 0, most_ = 0;                // helpers of it, who have the worker numbers 1 to joined_
  int called_ = 0;                           // scheduled and not awake yet
  int waiting_ = 0;                          // awake, without work
  std::atomic<unsigned> opened_{0};          // runs so far
  std::atomic<int> helping_{0};              // joined and not done: open_ may not go before them
  std::unique_ptr<Eigen::ThreadPool> pool_;  // last: its threads end before what they use
};

}  // namespace lamina
