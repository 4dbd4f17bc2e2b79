// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/arena.hpp>
#include <lamina/core/isa.hpp>
#include <lamina/core/parallel.hpp>

#include <memory_resource>

namespace lamina {

/// What an op runs with: threads, scratch memory, instruction set. One context serves one thread at a time; a program
/// that predicts on several threads gives each its own.
///
///     cpu_context serial;                          // the calling thread only
///     thread_pool pool(2);
///     cpu_context ctx({.workers = &pool});
class cpu_context {
 public:
  struct options {
    executor* workers = nullptr;                                               // not owned; nullptr: serial
    lamina::isa isa = default_isa();                                           // kernels to use
    std::pmr::memory_resource* memory = std::pmr::get_default_resource();      // for scratch
  };

  cpu_context() : cpu_context(options{}) {}
  explicit cpu_context(options chosen)
      : isa_(chosen.isa),
        memory_(chosen.memory),
        workers_(chosen.workers != nullptr ? chosen.workers : &serial_),
        scratch_(chosen.memory) {
    require(is_supported(isa_), "cpu_context: this processor can't run ", isa_);
  }
  explicit cpu_context(executor& workers) : cpu_context(options{.workers = &workers}) {}
  cpu_context(const cpu_context&) = delete;
  cpu_context& operator=(const cpu_context&) = delete;

  lamina::isa isa() const { return isa_; }
  executor& workers() { return *workers_; }
  const executor& workers() const { return *workers_; }
  arena& scratch() { return scratch_; }
  std::pmr::memory_resource* memory() const { return memory_; }

 private:
  lamina::isa isa_;
  std::pmr::memory_resource* memory_;
  serial_executor serial_;
  executor* workers_;
  arena scratch_;
};

}  // namespace lamina
