// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/context.hpp>
#include <lamina/core/thread_pool.hpp>

#include "../support/tensors.hpp"

#include <array>
#include <atomic>
#include <set>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("thread_pool: every task runs once, worker numbers are distinct at any moment") {
  for (const int threads : {1, 2, 5}) {
    thread_pool pool(threads);
    CHECK(pool.workers() == threads);
    std::vector<std::atomic<int>> runs(1000);
    std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
    std::atomic<int> clashes{0};
    for (int round = 0; round < 20; ++round) {
      pool.run(1000, [&](index_t task, int worker) {
        if (busy[static_cast<std::size_t>(worker)]++ != 0) ++clashes;
        ++runs[static_cast<std::size_t>(task)];
        --busy[static_cast<std::size_t>(worker)];
      });
    }
    CHECK(clashes == 0);
    for (const auto& r : runs) CHECK(r == 20);
    pool.run(0, [](index_t, int) { FAIL("no task was given"); });
  }
}

TEST_CASE("thread_pool: what a task throws reaches the caller, and the pool goes on") {
  thread_pool pool(3);
  check_error([&] { pool.run(100, [](index_t task, int) { require(task != 42, "task ", task, " fails"); }); },
              "task 42 fails");
  std::atomic<int> done{0};
  pool.run(10, [&](index_t, int) { ++done; });
  CHECK(done == 10);
  check_error([] { thread_pool(-1); }, "-1 threads asked for");
}

TEST_CASE("thread_pool: runs that are over before a helper wakes, thousands of them") {
  thread_pool pool(2);
  index_t sum = 0;
  for (index_t round = 0; round < 10'000; ++round) {
    std::array<index_t, 2> share{};  // gone at the end of the round: a late helper must not touch it
    pool.run(3, [&](index_t task, int worker) { share[static_cast<std::size_t>(worker)] += task; });
    sum += share[0] + share[1];
  }
  CHECK(sum == 30'000);
}

TEST_CASE("parallel_for: covers the range in pieces of one grain") {
  serial_executor serial;
  std::vector<std::pair<index_t, index_t>> pieces;
  parallel_for(serial, 10, 4, [&](index_t begin, index_t end) { pieces.emplace_back(begin, end); });
  CHECK(pieces == std::vector<std::pair<index_t, index_t>>{{0, 4}, {4, 8}, {8, 10}});
}

TEST_CASE("cpu_context: instruction sets are named, and refused where unknown") {
  CHECK(isa_from_name("portable") == isa::portable);
  check_error([] { isa_from_name("sse9"); },
              "instruction set 'sse9' is unknown; expected portable, neon, avx2 or avx512");
  cpu_context serial;
  CHECK(serial.workers().workers() == 1);
  CHECK(is_supported(serial.isa()));
}
