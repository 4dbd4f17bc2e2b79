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

  /// One run at a time: the pool belongs to one context.
  void run(index_t tasks, task_body body) override {
    if (tasks <= 0) return;
    const int helpers = static_cast<int>(std::min<index_t>(workers_, tasks)) - 1;
    job work{body, tasks, {}, helpers, {}, {}};
    for (int worker = 1; worker <= helpers; ++worker) {
      pool_->Schedule([&work, worker] {
        work.drain(worker);
        work.running.fetch_sub(1, std::memory_order_release);
        // `work` may be gone from here on
      });
    }
    work.drain(0);
    while (work.running.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    if (work.failure) std::rethrow_exception(work.failure);
  }

 private:
  struct job {
    task_body body;
    index_t tasks;
    std::atomic<index_t> next;
    std::atomic<int> running;
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

  int workers_;
  std::unique_ptr<Eigen::ThreadPool> pool_;
};

}  // namespace lamina
