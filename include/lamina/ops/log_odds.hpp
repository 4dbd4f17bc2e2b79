// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// From two logits a pixel to one: with softmax, log p₁/p₀ = x₁ − x₀, so the sigmoid of the difference is p₁.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <string_view>
#include <type_traits>

namespace lamina {

namespace detail {

template <class Two, class One>
void require_log_odds(std::string_view op, std::string_view name_two, view<Two> two, std::string_view name_one,
                      view<One> one) {
  const shape e = one.extents();
  require(e.c == 1 && two.extents() == shape{e.n, e.h, e.w, 2}, op, ": ", name_two, " ", two.extents(), " and ",
          name_one, " ", e, " are not [N,H,W,2] and [N,H,W,1] (NHWC)");
}

}  // namespace detail

/// y = x₁ − x₀. One plain loop for all instruction sets: it runs once a step, over the logits.
///   x  [N,H,W,2], logits of two classes
///   y  [N,H,W,1]
/// Writes y. Throws `error` on other shapes.
template <class T>
void log_odds_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  detail::require_log_odds("log_odds_forward", "x", x, "y", y);
  for_each_run_of_sets(
      ctx, 1,
      [](index_t, run_extents run, pixel_run<const T> from, pixel_run<T> to) {
        for (index_t p = 0; p < run.pixels; ++p)
          to[p][0] = static_cast<T>(static_cast<float>(from[p][1]) - static_cast<float>(from[p][0]));
      },
      x, y);
}

/// dx₀ = −dy, dx₁ = dy.
///   dy  [N,H,W,1];  dx  [N,H,W,2]
/// Assigns dx. Throws `error` on other shapes.
template <class T>
void log_odds_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, view<T> dx) {
  detail::require_log_odds("log_odds_backward", "dx", dx, "dy", dy);
  for_each_run_of_sets(
      ctx, 1,
      [](index_t, run_extents run, pixel_run<const T> from, pixel_run<T> to) {
        for (index_t p = 0; p < run.pixels; ++p) {
          to[p][0] = static_cast<T>(-static_cast<float>(from[p][0]));
          to[p][1] = from[p][0];
        }
      },
      dy, dx);
}

}  // namespace lamina
