// SPDX-License-Identifier: Apache-2.0
// What the test of every loss does: PyTorch's value and gradient, the reference in every element type, central
// differences, the same bits for any number of threads, wrong shapes.
#pragma once

#include <lamina/core/thread_pool.hpp>

#include "golden.hpp"
#include "tensors.hpp"

#include <string>

namespace lamina::testing {

/// Zeros and ones.
inline tensor<float> random_mask(shape extents, std::uint32_t number) {
  auto mask = random_tensor<float>(extents, number);
  for (float& t : mask) t = t < -0.3f ? 1.0f : 0.0f;
  return mask;
}

inline const std::vector<shape> loss_shapes{{1, 1, 1, 1}, {1, 5, 7, 1}, {3, 9, 4, 1}, {2, 131, 70, 1}};

/// Compares with losses.safetensors: the float op on `input` gives NAME.value and NAME.gradient.
///   forward   (ctx, view<const float> x, view<const float> target) -> double
///   backward  (ctx, x, target, view<float> dx)
template <class Forward, class Backward>
void check_golden_loss(const std::string& name, const std::string& input, Forward&& forward, Backward&& backward) {
  CAPTURE(name);
  const golden_file golden("losses.safetensors");
  const auto x = golden.tensor(input), target = golden.tensor("target");
  auto dx = poisoned_tensor<float>(x.extents());
  cpu_context ctx;
  CHECK(forward(ctx, x.view(), target.view()) == doctest::Approx(golden.number(name + ".value")).epsilon(1e-7));
  backward(ctx, x.view(), target.view(), dx.view());
  const auto expected = golden.tensor<double>(name + ".gradient");
  check_close(dx, expected, 1e-7);
}

/// The op against its reference, its gradient against central differences of the reference, in double.
///   forward, backward, reference  (…, x, target, …) for any element type T of x
template <class Forward, class Backward, class Reference>
void check_loss(double low, double high, Forward&& forward, Backward&& backward, Reference&& reference,
                bool gradient = true) {
  cpu_context ctx;
  thread_pool pool(3);
  cpu_context threaded({.workers = &pool});
  for (const shape& extents : loss_shapes) {
    CAPTURE(to_text(extents));
    const auto target = random_mask(extents, 2);
    auto x = random_tensor<double>(extents, 1, low, high);
    const auto same_for = [&]<class T>(T) {
      const auto narrow = converted<T, double>(x);
      const double value = forward(ctx, narrow.view(), target.view());
      CHECK(value == doctest::Approx(reference(narrow.view(), target.view())).epsilon(1e-9));
      CHECK(value == forward(threaded, narrow.view(), target.view()));
      auto dx = poisoned_tensor<T>(extents), dx_threaded = poisoned_tensor<T>(extents);
      backward(ctx, narrow.view(), target.view(), dx.view());
      backward(threaded, narrow.view(), target.view(), dx_threaded.view());
      CHECK(same_bits<T>(dx, dx_threaded));
      sliced_tensor<T> slice(extents);
      backward(ctx, narrow.view(), target.view(), slice.slice());
      CHECK(same_bits<T>(slice.slice(), dx.view()));
      CHECK(slice.surroundings_untouched());
    };
    same_for(float{});
    same_for(bfloat16{});
    same_for(double{});
    if (gradient && extents.size() < 200) {
      auto dx = poisoned_tensor<double>(extents);
      backward(ctx, x.view(), target.view(), dx.view());
      check_gradient(x, dx, [&] { return reference(view<const double>(x.view()), target.view()); });
    }
  }
}

/// A target of another shape, a second channel and an empty batch are refused with the op's name.
template <class Forward, class Backward>
void check_loss_errors(const std::string& op, Forward&& forward, Backward&& backward) {
  cpu_context ctx;
  tensor<float> x({1, 2, 2, 1}), wide({1, 2, 2, 2});
  const view<float> none(x.data(), {0, 2, 2, 1});
  const std::string differ = ": prediction [1,2,2,1] and target [1,2,2,2] differ in shape (NHWC)";
  check_error([&] { forward(ctx, as_const(x.view()), as_const(wide.view())); }, op + "_forward" + differ);
  check_error([&] { backward(ctx, as_const(x.view()), as_const(wide.view()), x.view()); }, op + "_backward" + differ);
  check_error([&] { backward(ctx, as_const(x.view()), as_const(x.view()), wide.view()); },
              op + "_backward: prediction [1,2,2,1] and gradient [1,2,2,2] differ in shape (NHWC)");
  check_error([&] { forward(ctx, as_const(wide.view()), as_const(wide.view())); },
              op + "_forward: prediction [1,2,2,2] has more than one channel");
  check_error([&] { forward(ctx, as_const(none), as_const(none)); }, op + "_forward: prediction [0,2,2,1] is empty");
}

}  // namespace lamina::testing
