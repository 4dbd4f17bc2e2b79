// SPDX-License-Identifier: Apache-2.0
// Vectors of integers: every instruction set makes the same bits as the portable code.
#include <lamina/core/isa.hpp>
#include <lamina/simd/integer.hpp>

#include "../support/tensors.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace {

using lamina::index_t;

/// Numbers of each type, more than a register of any set holds, with limits among them.
struct integer_inputs {
  std::int32_t ints[2][96];
  std::int16_t shorts[2][96];
  std::uint16_t words[2][96];
  std::uint8_t bytes[2][192];
  std::uint8_t table[256];
  float floats[96];   // quarters, of which the nearest integer is asked
  float awkward[96];  // what is stored as integers, saturated
};

/// The results of one operation behind those of another.
struct integer_results {
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> begins;

  void begin_operation() { begins.push_back(bytes.size()); }
  template <class T>
  void add(const T* elements, index_t count) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(elements);
    bytes.insert(bytes.end(), first, first + static_cast<std::size_t>(count) * sizeof(T));
  }
};

}  // namespace

#define LAMINA_KERNEL "../../../tests/simd/integer_operations.inl"  // as seen from foreach_isa.hpp
#include <lamina/simd/foreach_isa.hpp>

using namespace lamina;
using namespace lamina::testing;

namespace {

integer_inputs random_inputs() {
  random_stream stream({.seed = 20250101, .purpose = random_purpose::test, .position = 7});
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(stream.uniform(0.0f, 1.0f) * static_cast<float>(high - low));
  };
  integer_inputs x{};
  for (int k = 0; k < 2; ++k) {
    for (auto& v : x.ints[k]) v = between(-40'000, 40'000);
    for (auto& v : x.shorts[k]) v = static_cast<std::int16_t>(between(-32767, 32767));
    for (auto& v : x.words[k]) v = static_cast<std::uint16_t>(between(0, 65535));
    for (auto& v : x.bytes[k]) v = static_cast<std::uint8_t>(between(0, 255));
    x.words[k][5] = x.words[1 - k][6] = 65535;
    x.bytes[k][5] = x.bytes[1 - k][6] = 255;
  }
  x.shorts[0][3] = x.shorts[0][4] = -32768;
  x.ints[1][7] = x.ints[0][7];
  for (auto& v : x.table) v = static_cast<std::uint8_t>(between(0, 255));
  for (auto& v : x.floats) v = static_cast<float>(between(-4000, 4000)) / 4;
  for (auto& v : x.awkward) v = static_cast<float>(between(-100'000, 300'000)) / 4;
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  constexpr std::array some{nan,    infinity, -infinity, 0.5f,     1.5f, -0.5f, -0.0f,
                            254.5f, 255.5f,   65534.5f,  65535.5f, 3e9f, -3e9f, 5e9f};
  std::copy(some.begin(), some.end(), x.awkward);
  return x;
}

integer_results results_of(isa set, const integer_inputs& x) {
  integer_results results;
  [&] { LAMINA_DISPATCH(set, integer_operations(x, results)); }();
  results.begin_operation();
  return results;
}

}  // namespace

TEST_CASE("vectors of integers: every instruction set makes the portable code's bits") {
  const integer_inputs x = random_inputs();
  const integer_results expected = results_of(isa::portable, x);
  for_each_isa([&](cpu_context& ctx) {
    const integer_results found = results_of(ctx.isa(), x);
    REQUIRE(found.begins == expected.begins);
    for (std::size_t operation = 0; operation + 1 < expected.begins.size(); ++operation) {
      CAPTURE(operation);
      const auto begin = static_cast<std::ptrdiff_t>(expected.begins[operation]);
      const auto end = static_cast<std::ptrdiff_t>(expected.begins[operation + 1]);
      CHECK(std::equal(expected.bytes.begin() + begin, expected.bytes.begin() + end, found.bytes.begin() + begin));
    }
  });
}

TEST_CASE("vectors of integers: floats are rounded to nearest even and saturated") {
  std::array<float, 16> x{};
  const std::array some{std::numeric_limits<float>::quiet_NaN(), -3e9f, 0.5f, 1.5f, 2.4f, 254.5f, 255.5f, 3e9f};
  std::copy(some.begin(), some.end(), x.begin());
  for_each_isa([&](cpu_context& ctx) {
    std::array<std::uint8_t, 16> y{};
    [&] { LAMINA_DISPATCH(ctx.isa(), store_as_bytes(x.data(), y.data())); }();
    const std::array<std::uint8_t, 8> expected{0, 0, 0, 2, 2, 254, 255, 255};
    CHECK(std::equal(expected.begin(), expected.end(), y.begin()));
  });
}
