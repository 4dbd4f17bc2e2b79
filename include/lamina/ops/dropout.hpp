// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout, 2014, jmlr.org/papers/v15/srivastava14a.html;
// whole channels: Tompson et al., 2015, arXiv:1411.4280.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/random.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/elementwise.hpp>
#include <lamina/ops/pixel_runs.hpp>
#include <lamina/simd/philox.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina {

struct dropout_params {
  float rate = 0.5f;         // the probability of becoming zero, in [0, 1)
  bool per_channel = false;  // for whole channels of an image, as neighbouring pixels tell the same
};

}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/dropout.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace reference {

template <class T>
void dropout_forward(view<const T> x, random_stream::place where, dropout_params params, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  where.purpose = random_purpose::dropout;
  for (index_t n = 0; n < N; ++n, ++where.sample) {
    random_stream stream(where);
    std::vector<float> uniforms(static_cast<std::size_t>(params.per_channel ? C : H * W * C));
    for (float& u : uniforms) u = stream.uniform();
    std::size_t element = 0;
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const float u = uniforms[params.per_channel ? static_cast<std::size_t>(c) : element++];
          const double kept = static_cast<double>(x(n, h, w, c)) / (1 - static_cast<double>(params.rate));
          y(n, h, w, c) = static_cast<T>(u >= params.rate ? kept : 0);
        }
  }
}

/// The op is linear, and its matrix is diagonal.
template <class T>
void dropout_backward(view<const T> dy, random_stream::place where, dropout_params params, view<T> dx) {
  dropout_forward(dy, where, params, dx);
}

}  // namespace reference

namespace detail {

/// Both passes.
template <class T>
void drop(cpu_context& ctx, std::string_view op, view<const T> x, random_stream::place where, dropout_params params,
          view<T> y) {
  require(params.rate >= 0 && params.rate < 1, op, ": rate ", params.rate, " is outside [0, 1)");
  const auto [N, H, W, C] = x.extents();
  const auto numbers_of = [&](index_t n) {
    random_stream::place of_image = where;
    of_image.purpose = random_purpose::dropout;
    of_image.sample += static_cast<std::uint32_t>(n);
    return random_stream(of_image).take_blocks(0);
  };
  auto scratch = ctx.scratch().open();
  float* of_channels = params.per_channel ? scratch.take<float>(N * C) : nullptr;
  if (params.per_channel)
    for (index_t n = 0; n < N; ++n)
      [&, n = n, C = C] { LAMINA_DISPATCH(ctx.isa(), fill_uniforms(numbers_of(n), C, of_channels + n * C)); }();

  const bool merged = x.pixel_stride() == C && y.pixel_stride() == C && !params.per_channel;
  const run_extents extents = merged ? run_extents{1, W * C} : run_extents{W, C};
  parallel_for(ctx.workers(), N * H, rows_per_piece(x.extents()), [&, H = H, W = W, C = C](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row) {
      const index_t n = row / H, h = row % H;
      const pixel_run<const T> from{x.pixel(n, h, 0), x.pixel_stride()};
      const pixel_run<T> to{y.pixel(n, h, 0), y.pixel_stride()};
      if (params.per_channel)
        [&] { LAMINA_DISPATCH(ctx.isa(), drop(extents, from, of_channels + n * C, params.rate, to)); }();
      else
        [&] { LAMINA_DISPATCH(ctx.isa(), drop(extents, from, numbers_of(n), h * W * C, params.rate, to)); }();
    }
  });
}

}  // namespace detail

/// Bytes of `ctx.scratch()` that each pass takes.
inline std::size_t dropout_scratch(shape x, dropout_params params) {
  return params.per_channel ? aligned_size(static_cast<std::size_t>(x.n * x.c) * sizeof(float)) : 0;
}

/// Inverted dropout, for training: y = x/(1 − rate) where u ≥ rate, else 0, so that the mean stays what it is at
/// inference, when nothing is done. u is uniform on [0, 1): the draws of a `random_stream`, one for each element of an
/// image in the order of h, w, c, or one for each channel. So the mask is never stored, and it is the same for any
/// number of threads.
///   x, y   [N,H,W,C]; y may be x
///   where  the first image's stream; `sample` counts on from image to image, the purpose is always dropout. Usually
///          the epoch is the number of the step and the position that of the layer.
/// Writes y. Throws `error` when the shapes differ or the rate is out of range.
template <class T>
void dropout_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, random_stream::place where,
                     dropout_params params, view<T> y) {
  require_same_shape("dropout_forward", "x", x, "y", y);
  detail::drop<T>(ctx, "dropout_forward", x, where, params, y);
}

/// dx = dy/(1 − rate) where the forward pass with the same `where` and params kept x, else 0.
///   dy, dx  [N,H,W,C]; dx may be dy
/// Assigns dx. Throws `error` when the shapes differ or the rate is out of range.
template <class T>
void dropout_backward(cpu_context& ctx, std::type_identity_t<view<const T>> dy, random_stream::place where,
                      dropout_params params, view<T> dx) {
  require_same_shape("dropout_backward", "dy", dy, "dx", dx);
  detail::drop<T>(ctx, "dropout_backward", dy, where, params, dx);
}

}  // namespace lamina
