// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Work is split by rules that look at shapes only, never at the number of threads: the bits are the same for 1 or 64.
#pragma once

#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <memory>
#include <type_traits>

namespace lamina {

/// A reference to a callable `void(index_t task, int worker)` that outlives the call it is passed to.
class task_body {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, task_body>)
  task_body(F&& body)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(body)))),
        call_([](void* object, index_t task, int worker) {
          (*static_cast<std::remove_reference_t<F>*>(object))(task, worker);
        }) {}
  void operator()(index_t task, int worker) const { call_(object_, task, worker); }

 private:
  void* object_;
  void (*call_)(void*, index_t, int);
};

/// Runs independent tasks. `lamina::thread_pool` is the usual one; a program with threads of its own derives from this.
class executor {
 public:
  virtual ~executor() = default;
  /// How many tasks may run at once; worker numbers are below it.
  virtual int workers() const noexcept = 0;
  /// Calls body(task, worker) once for every task in [0, tasks), in any order, and returns when all have returned.
  /// No two calls that run at the same time have the same worker number. What a body throws is thrown here.
  virtual void run(index_t tasks, task_body body) = 0;
};

/// Everything on the calling thread.
class serial_executor final : public executor {
 public:
  int workers() const noexcept override { return 1; }
  void run(index_t tasks, task_body body) override {
    for (index_t task = 0; task < tasks; ++task) body(task, 0);
  }
};

constexpr index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }
constexpr index_t round_up(index_t a, index_t multiple) { return ceil_div(a, multiple) * multiple; }

/// Calls body(begin, end) for consecutive pieces of [0, count), each of `grain` items but for the last.
template <class Body>
void parallel_for(executor& workers, index_t count, index_t grain, Body&& body) {
  workers.run(ceil_div(count, grain), [&](index_t piece, int) {
    const index_t begin = piece * grain;
    body(begin, std::min(begin + grain, count));
  });
}

}  // namespace lamina
