// SPDX-License-Identifier: Apache-2.0
// What the tests of ops share: random and poisoned tensors, channel slices, comparison, instruction sets, gradients.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/random.hpp>
#include <lamina/core/tensor.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace lamina::testing {

/// Uniform on [low, high). The same numbers for the same `number`, whatever ran before.
template <class T>
void fill_random(view<T> x, std::uint32_t number, double low = -1, double high = 1) {
  random_stream stream({.seed = 20250101, .purpose = random_purpose::test, .position = number});
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c)
          x(n, h, w, c) = static_cast<T>(stream.uniform(static_cast<float>(low), static_cast<float>(high)));
}
template <class T>
tensor<T> random_tensor(shape extents, std::uint32_t number, double low = -1, double high = 1) {
  tensor<T> x(extents);
  fill_random(x.view(), number, low, high);
  return x;
}

/// Every element NaN: what an op must overwrite and must never read.
template <class T>
tensor<T> poisoned_tensor(shape extents) {
  tensor<T> x(extents);
  x.fill(static_cast<T>(std::numeric_limits<float>::quiet_NaN()));
  return x;
}

template <class To, class From>
tensor<To> converted(view<const From> x) {
  tensor<To> y(x.extents());
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) y(n, h, w, c) = static_cast<To>(static_cast<double>(x(n, h, w, c)));
  return y;
}
template <class To, class From>
tensor<To> converted(const tensor<From>& x) {
  return converted<To, From>(x.view());
}

/// y = x, element by element.
template <class T>
void copy_elements(view<const T> x, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) std::copy_n(x.pixel(n, h, w), C, y.pixel(n, h, w));
}

/// A tensor that lies in the middle channels of a wider, poisoned buffer.
template <class T>
class sliced_tensor {
 public:
  explicit sliced_tensor(shape extents, index_t before = 3, index_t after = 2)
      : wide_(poisoned_tensor<T>({extents.n, extents.h, extents.w, before + extents.c + after})),
        before_(before),
        channels_(extents.c) {}
  view<T> slice() { return wide_.view().channels(before_, channels_); }
  /// Whether nothing was written beside the slice.
  bool surroundings_untouched() const {
    const auto [N, H, W, C] = wide_.extents();
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w)
          for (index_t c = 0; c < C; ++c)
            if ((c < before_ || c >= before_ + channels_) && !std::isnan(static_cast<float>(wide_(n, h, w, c))))
              return false;
    return true;
  }

 private:
  tensor<T> wide_;
  index_t before_, channels_;
};

/// Fails the test unless |actual − expected| ≤ tolerance · max(1, |expected|) for every element. NaN never passes.
template <class A, class B>
void check_close(view<const A> actual, view<const B> expected, double tolerance) {
  REQUIRE(actual.extents() == expected.extents());
  const auto [N, H, W, C] = actual.extents();
  index_t bad = 0;
  std::string first;
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double a = static_cast<double>(actual(n, h, w, c)), b = static_cast<double>(expected(n, h, w, c));
          if (!(std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b))) && bad++ == 0)
            first = to_text("at [", n, ",", h, ",", w, ",", c, "]: ", a, " instead of ", b);
        }
  CHECK_MESSAGE(bad == 0, bad, " of ", actual.size(), " elements differ by more than ", tolerance, "; first ", first);
}
template <class A, class B>
void check_close(const tensor<A>& actual, const tensor<B>& expected, double tolerance) {
  check_close(actual.view(), expected.view(), tolerance);
}

template <class A>
bool same_bits(view<const A> a, view<const A> b) {
  if (!(a.extents() == b.extents())) return false;
  const auto [N, H, W, C] = a.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        if (std::memcmp(a.pixel(n, h, w), b.pixel(n, h, w), static_cast<std::size_t>(C) * sizeof(A)) != 0) return false;
  return true;
}

/// Calls body(ctx) with a serial context for each instruction set that this machine has.
template <class Body>
void for_each_isa(Body&& body) {
  for (const isa set : all_isas) {
    if (!is_supported(set)) {
      MESSAGE("skipped: this processor has no ", name(set));
      continue;
    }
    CAPTURE(name(set));
    cpu_context ctx({.isa = set});
    body(ctx);
  }
}

/// Central differences: compares the gradient dx with (f(x + h) − f(x − h)) / 2h at every element of x (double).
///   f        () -> double, reads x
/// Tolerance relative to max(1, |slope|).
template <class F>
void check_gradient(view<double> x, view<const double> dx, F&& f, double tolerance = 1e-6, double step = 1e-5) {
  tensor<double> numeric(x.extents());
  const auto [N, H, W, C] = x.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          double& element = x(n, h, w, c);
          const double kept = element;
          element = kept + step;
          const double above = f();
          element = kept - step;
          const double below = f();
          element = kept;
          numeric(n, h, w, c) = (above - below) / (2 * step);
        }
  check_close<double, double>(dx, numeric.view(), tolerance);
}

/// Σ a·b: a scalar function of a tensor whose gradient in a is b.
inline double dot(view<const double> a, view<const double> b) {
  double sum = 0;
  const auto [N, H, W, C] = a.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) sum += a(n, h, w, c) * b(n, h, w, c);
  return sum;
}

/// Calls f and fails unless it throws `lamina::error` whose text contains `expected`.
template <class F>
void check_error(F&& f, const std::string& expected) {
  try {
    f();
  } catch (const error& e) {
    CHECK_MESSAGE(std::string(e.what()).find(expected) != std::string::npos, "'", e.what(), "' lacks '", expected, "'");
    return;
  }
  FAIL_CHECK("no error; expected one with '", expected, "'");
}

/// Shapes every op meets: one pixel, odd sizes, 1, 3 and 17 channels, more than two vectors of channels.
inline const std::vector<shape> awkward_shapes{{1, 1, 1, 1}, {1, 5, 7, 3}, {2, 8, 6, 17}, {1, 4, 4, 64}, {3, 2, 9, 33}};

}  // namespace lamina::testing
