// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Whole tensors moved, set, added: what a concatenation falls back to, and where the gradients of a variable with
// several readers meet.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>

#include <algorithm>
#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/copy.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// y = x.
///   x, y  [N,H,W,C], which may have different strides but don't overlap
/// Throws `error` when the shapes differ.
template <class T>
void copy(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  require_same_shape("copy", "x", x, "y", y);
  for_each_run(
      ctx,
      [](run_extents extents, pixel_run<const T> from, pixel_run<T> to) {
        for (index_t p = 0; p < extents.pixels; ++p) std::copy_n(from[p], extents.channels, to[p]);
      },
      x, y);
}

/// y = value, everywhere.
template <class T>
void fill(cpu_context& ctx, std::type_identity_t<T> value, view<T> y) {
  for_each_run(
      ctx,
      [value](run_extents extents, pixel_run<T> to) {
        for (index_t p = 0; p < extents.pixels; ++p) std::fill_n(to[p], extents.channels, value);
      },
      y);
}

/// y += x.
///   x, y  [N,H,W,C]
/// Throws `error` when the shapes differ.
template <class T>
void add(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<T> y) {
  require_same_shape("add", "x", x, "y", y);
  for_each_run(
      ctx,
      [&](run_extents extents, pixel_run<const T> from, pixel_run<T> to) {
        LAMINA_DISPATCH(ctx.isa(), add(extents, from, to));
      },
      x, y);
}

/// y *= factor.
template <class T>
void scale(cpu_context& ctx, float factor, view<T> y) {
  for_each_run(
      ctx, [&](run_extents extents, pixel_run<T> to) { LAMINA_DISPATCH(ctx.isa(), scale(extents, factor, to)); }, y);
}

}  // namespace lamina
