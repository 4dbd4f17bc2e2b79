// SPDX-License-Identifier: Apache-2.0
// Tensors, views and scratch memory.
#include <lamina/core/arena.hpp>

#include "../support/tensors.hpp"

#include <cstdint>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Counts what is allocated and given back.
class counting_resource final : public std::pmr::memory_resource {
 public:
  std::size_t live = 0;
  int allocations = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override {
    live += bytes;
    ++allocations;
    return std::pmr::new_delete_resource()->allocate(bytes, align);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t align) override {
    live -= bytes;
    std::pmr::new_delete_resource()->deallocate(p, bytes, align);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace

TEST_CASE("tensor: zero at first, moves, copies by clone only, gives its memory back") {
  counting_resource memory;
  {
    tensor<float> a({2, 3, 4, 5}, &memory);
    CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % alignment == 0);
    for (const float v : a) CHECK(v == 0);
    a(1, 2, 3, 4) = 7;
    tensor<float> b = a.clone();
    const tensor<float> c = std::move(a);
    CHECK(a.empty());
    CHECK(c(1, 2, 3, 4) == 7);
    CHECK(b[119] == 7);
    b = tensor<float>();
    CHECK(memory.live == 120 * sizeof(float));
  }
  CHECK(memory.live == 0);
  check_error([] { tensor<float>({1, -1, 2, 3}); }, "tensor: negative extent in [1,-1,2,3]");
}

TEST_CASE("view: a channel slice keeps its strides and knows whether it has gaps") {
  tensor<float> wide({2, 3, 4, 8});
  const view<float> slice = wide.view().channels(2, 3);
  CHECK(slice.extents() == shape{2, 3, 4, 3});
  CHECK(&slice(1, 2, 3, 0) == &wide(1, 2, 3, 2));
  CHECK_FALSE(slice.contiguous());
  CHECK(slice.pixels_are_evenly_spaced());
  CHECK(wide.view().contiguous());
  CHECK(wide.view().images(1).data() == &wide(1, 0, 0, 0));
  check_error([&] { wide.view().channels(6, 3); }, "view::channels: [6, 9) is outside [2,3,4,8]");
  check_error([&] { wide.view().images(2); }, "view::images: [2, 3) is outside [2,3,4,8]");
}

TEST_CASE("arena: frames nest, grow once, and allocate nothing in the steady state") {
  counting_resource memory;
  {
    arena scratch(&memory);
    for (int round = 0; round < 3; ++round) {
      auto outer = scratch.open();
      float* a = outer.take<float>(100);
      {
        auto inner = scratch.open();
        inner.take<double>(1000);
      }
      auto* b = outer.take<std::uint8_t>(1);
      CHECK(reinterpret_cast<std::uintptr_t>(b) % alignment == 0);
      CHECK(reinterpret_cast<std::byte*>(b) >= reinterpret_cast<std::byte*>(a + 100));
      if (round == 2) CHECK(memory.allocations == 3);  // two pieces, then one of their joint size
    }
    scratch.reserve(10);
    CHECK(memory.allocations == 3);
    scratch.reserve(1 << 20);
    CHECK(scratch.capacity() == 1 << 20);
    auto open = scratch.open();
    check_error([&] { scratch.reserve(1 << 21); }, "1 frames are open");
  }
  CHECK(memory.live == 0);
}

TEST_CASE("bfloat16: rounds to nearest even, keeps infinities and NaN") {
  CHECK(bfloat16(1.0f).bits == 0x3f80);
  CHECK(bfloat16(1.00390625f).bits == 0x3f80);  // halfway: to even
  CHECK(bfloat16(1.01171875f).bits == 0x3f82);
  CHECK(static_cast<float>(bfloat16(-3.5f)) == -3.5f);
  CHECK(std::isinf(static_cast<float>(bfloat16(3.4e38f))));
  CHECK(std::isnan(static_cast<float>(bfloat16(std::numeric_limits<float>::quiet_NaN()))));
}
