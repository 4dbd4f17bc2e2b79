// SPDX-License-Identifier: Apache-2.0
// Vectors of floats: what each operation makes of numbers, zeros of both signs, infinities and NaN, lane by lane.
#include <lamina/core/isa.hpp>
#include <lamina/simd/vec.hpp>

#include "../support/tensors.hpp"

#include <bit>
#include <cstdint>
#include <functional>

#define LAMINA_KERNEL "../../../tests/simd/float_operations.inl"  // as seen from foreach_isa.hpp
#include <lamina/simd/foreach_isa.hpp>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Every pair of `some`, as two arrays of a multiple of all sets' lanes.
struct number_pairs {
  std::vector<float> a, b;

  number_pairs() {
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const float some[16] = {0,     -0.0f,  1,     -1,       0.1f,     -0.7f, 3.25f, 1e-40f,
                            1e10f, -1e10f, 3e38f, infinity, -infinity, nan,   1.5f,  65504};
    for (const float x : some)
      for (const float y : some) a.push_back(x), b.push_back(y);
  }
  index_t count() const { return static_cast<index_t>(a.size()); }
};

bool same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

index_t lanes_of(isa set) { LAMINA_DISPATCH(set, lanes()); }

/// 1, 2, 3, …
std::vector<float> numbers(index_t count) {
  std::vector<float> x;
  for (index_t i = 1; i <= count; ++i) x.push_back(static_cast<float>(i));
  return x;
}

}  // namespace

TEST_CASE("vec: arithmetic, maximum, minimum, choice") {
  const number_pairs pairs;
  for_each_isa([&](cpu_context& ctx) {
    std::vector<float> all(static_cast<std::size_t>(10 * pairs.count()));
    [&] { LAMINA_DISPATCH(ctx.isa(), float_operations(pairs.a.data(), pairs.b.data(), pairs.count(), all.data())); }();
    const auto check = [&](index_t operation, const char* name, const std::function<bool(float, float, float)>& right) {
      std::string wrong;
      for (std::size_t i = 0; i < pairs.a.size(); ++i) {
        const float found = all[static_cast<std::size_t>(operation * pairs.count()) + i];
        if (!right(pairs.a[i], pairs.b[i], found)) wrong += to_text(pairs.a[i], " and ", pairs.b[i], ": ", found, "; ");
      }
      CHECK_MESSAGE(wrong.empty(), name, " of ", wrong);
    };
    check(0, "sum", [](float a, float b, float y) { return same(y, a + b); });
    check(1, "difference", [](float a, float b, float y) { return same(y, a - b); });
    check(2, "product", [](float a, float b, float y) { return same(y, a * b); });
    check(3, "quotient", [](float a, float b, float y) { return same(y, a / b); });
    check(4, "rounded product", [](float a, float b, float y) {
      const volatile float product = a * b;
      return same(y, product + a);
    });
    check(5, "multiply-add", [&](float a, float b, float y) {
      const volatile float product = a * b;
      return same(y, std::fma(a, b, a)) || (ctx.isa() == isa::portable && same(y, product + a));
    });
    check(6, "maximum", [](float a, float b, float y) { return same(y, a > b ? a : b); });
    check(7, "minimum", [](float a, float b, float y) { return same(y, a < b ? a : b); });
    check(8, "square root", [](float a, float, float y) { return same(y, std::sqrt(a)); });
    check(9, "choice", [](float a, float b, float y) { return same(y, a > b ? b : a); });
  });
}

TEST_CASE("vec: masks to bits and back") {
  const number_pairs pairs;
  for_each_isa([&](cpu_context& ctx) {
    std::vector<std::uint8_t> greater(pairs.a.size());
    std::vector<float> chosen(pairs.a.size());
    [&] {
      LAMINA_DISPATCH(ctx.isa(), mask_operations(pairs.a.data(), pairs.b.data(), pairs.count(), greater.data(),
                                                 chosen.data()));
    }();
    for (std::size_t i = 0; i < pairs.a.size(); ++i) {
      CHECK(greater[i] == (pairs.a[i] > pairs.b[i] ? 1 : 0));
      CHECK(chosen[i] == (pairs.a[i] > pairs.b[i] ? 1.0f : 0.0f));
    }
  });
}

TEST_CASE("vec: zip and transpose") {
  for_each_isa([&](cpu_context& ctx) {
    const index_t lanes = lanes_of(ctx.isa());
    const auto x = numbers(lanes * lanes);
    auto y = x;
    [&] { LAMINA_DISPATCH(ctx.isa(), zip_vectors(x.data(), y.data())); }();
    for (index_t i = 0; i < 2 * lanes; ++i) CHECK(y[static_cast<std::size_t>(i)] == 1 + i / 2 + i % 2 * lanes);
    [&] { LAMINA_DISPATCH(ctx.isa(), transpose_vectors(x.data(), y.data())); }();
    for (index_t i = 0; i < lanes * lanes; ++i)
      CHECK(y[static_cast<std::size_t>(i)] == 1 + i / lanes + i % lanes * lanes);
  });
}

TEST_CASE("vec: bfloat16 is widened exactly and rounded as the scalar type does") {
  std::vector<bfloat16> every(1 << 16);
  for (std::size_t i = 0; i < every.size(); ++i) every[i].bits = static_cast<std::uint16_t>(i);
  std::vector<float> floats;
  for (std::uint32_t upper = 0; upper < 1 << 16; ++upper)
    for (const std::uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x5a5au, 0xa5a5u})
      floats.push_back(std::bit_cast<float>(upper << 16 | lower));

  for_each_isa([&](cpu_context& ctx) {
    std::vector<float> widened(every.size());
    [&] { LAMINA_DISPATCH(ctx.isa(), copy_vectors(every.data(), std::ssize(every), widened.data())); }();
    index_t bad = 0;
    for (std::size_t i = 0; i < every.size(); ++i)
      bad += std::bit_cast<std::uint32_t>(widened[i]) != std::uint32_t{every[i].bits} << 16 ? 1 : 0;
    CHECK(bad == 0);

    std::vector<bfloat16> narrow(floats.size());
    [&] { LAMINA_DISPATCH(ctx.isa(), copy_vectors(floats.data(), std::ssize(floats), narrow.data())); }();
    for (std::size_t i = 0; i < floats.size(); ++i) bad += narrow[i].bits != bfloat16(floats[i]).bits ? 1 : 0;
    CHECK(bad == 0);
  });
}

TEST_CASE_TEMPLATE("vec: the first lanes only", T, float, bfloat16) {
  for_each_isa([&](cpu_context& ctx) {
    const index_t lanes = lanes_of(ctx.isa());
    for (index_t count = 0; count < lanes; ++count) {
      // Exactly as many elements as may be touched, so that the address sanitizer sees any other.
      std::vector<T> x, y(static_cast<std::size_t>(count));
      for (const float number : numbers(count)) x.push_back(T(number));
      std::vector<float> loaded(static_cast<std::size_t>(lanes), -1.0f);
      [&] { LAMINA_DISPATCH(ctx.isa(), copy_first(x.data(), count, y.data(), loaded.data())); }();
      for (index_t i = 0; i < count; ++i)
        CHECK(static_cast<float>(y[static_cast<std::size_t>(i)]) == static_cast<float>(i + 1));
      for (index_t i = 0; i < lanes; ++i)
        CHECK(loaded[static_cast<std::size_t>(i)] == (i < count ? static_cast<float>(i + 1) : 0.0f));
    }
  });
}
