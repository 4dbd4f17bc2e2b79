// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What normalisations share: sums per channel over all pixels, and y = act(scale·x + shift) with its gradient.
// The pixels fall into `sets`, each with channel values of its own: 1, the whole batch, or N, each image by itself.
// Every pointer is to sets × C values.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/ops/pixel_runs.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace lamina {
/// Floats are summed over this many pixels at most, doubles above that.
inline constexpr index_t pixels_per_float_sum = 64;
}  // namespace lamina

#define LAMINA_KERNEL <lamina/kernels/channel_affine.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// Throws `error` unless `values` holds one value for each channel of x.
template <class T, class P>
void require_channel_values(std::string_view op, view<T> x, std::string_view name, view<P> values) {
  require(values.extents() == vector_shape(x.extents().c), op, ": ", name, " ", values.extents(), " must be ",
          vector_shape(x.extents().c), ", one value for each channel of x ", x.extents(), " (NHWC)");
}

/// scale·x + shift = gamma·(x − mean)·inv_std + beta, so that normalising is one multiplication and one addition.
inline void fold_normalisation(float gamma, float beta, float mean, float inv_std, float& scale, float& shift) {
  const double factor = static_cast<double>(gamma) * static_cast<double>(inv_std);
  scale = static_cast<float>(factor);
  shift = static_cast<float>(static_cast<double>(beta) - static_cast<double>(mean) * factor);
}

}  // namespace detail

/// How the pixels of a set are divided: parts of `pixels` pixels, the last one shorter. A matter of shape alone.
struct channel_sum_parts {
  index_t pixels, count;

  channel_sum_parts(shape x, index_t sets) {
    constexpr index_t elements_at_least = 16 * 1024, parts_at_most = 128;
    const index_t of_set = x.pixels() / sets;
    const index_t wanted =
        std::max(ceil_div(elements_at_least, x.c), ceil_div(of_set, std::max<index_t>(1, parts_at_most / sets)));
    pixels = round_up(wanted, pixels_per_float_sum);
    count = ceil_div(of_set, pixels);
  }
};

/// Bytes of scratch that channel_sums, channel_gradient_sums and channel_moments take.
inline std::size_t channel_sums_scratch(shape x, index_t sets = 1) {
  return aligned_size(static_cast<std::size_t>(sets * channel_sum_parts(x, sets).count * x.c) * sizeof(double));
}
inline std::size_t channel_gradient_sums_scratch(shape x, index_t sets = 1) {
  return aligned_size(static_cast<std::size_t>(2 * sets * channel_sum_parts(x, sets).count * x.c) * sizeof(double));
}
inline std::size_t channel_moments_scratch(shape x, index_t sets = 1) {
  return channel_gradient_sums_scratch(x, sets) +
         aligned_size(static_cast<std::size_t>(sets * channel_sum_parts(x, sets).count * x.c) * sizeof(float));
}

/// K sums per channel of each set: body(part, begin, end, sums) adds those of pixels [begin, end) to zeros; the parts
/// are added in their order. Assigns `totals`.
template <std::size_t K, class Body>
void sum_channels_in_parts(cpu_context& ctx, arena::frame& scratch, index_t sets, shape x, Body&& body,
                           std::array<double*, K> totals) {
  const channel_sum_parts parts(x, sets);
  const index_t C = x.c, size = static_cast<index_t>(K) * C, pixels = x.pixels() / sets;
  double* sums = scratch.take<double>(sets * parts.count * size);
  parallel_for(ctx.workers(), sets * parts.count, 1, [&](index_t part, index_t) {
    const index_t set = part / parts.count, from = part % parts.count * parts.pixels;
    std::array<double*, K> own;
    for (std::size_t k = 0; k < K; ++k) own[k] = sums + part * size + static_cast<index_t>(k) * C;
    std::fill_n(own[0], size, 0.0);
    body(part, set * pixels + from, set * pixels + std::min(from + parts.pixels, pixels), own);
  });
  for (std::size_t k = 0; k < K; ++k) {
    std::fill_n(totals[k], sets * C, 0.0);
    for (index_t part = 0; part < sets * parts.count; ++part)
      for (index_t c = 0; c < C; ++c)
        totals[k][part / parts.count * C + c] += sums[part * size + static_cast<index_t>(k) * C + c];
  }
}

/// sum = Σ x over all pixels of each channel.
template <class T>
void channel_sums(cpu_context& ctx, index_t sets, view<const T> x, double* sum) {
  auto scratch = ctx.scratch().open();
  sum_channels_in_parts<1>(
      ctx, scratch, sets, x.extents(),
      [&](index_t, index_t begin, index_t end, std::array<double*, 1> own) {
        for_each_run_within(
            begin, end,
            [&](run_extents extents, pixel_run<const T> from) {
              LAMINA_DISPATCH(ctx.isa(), channel_sums(extents, from, own[0]));
            },
            x);
      },
      {sum});
}

/// sum = Σ x and squares = Σ x² over all pixels of each channel, accurate to double as far as the mean is concerned and
/// to float in the deviations from it.
template <class T>
void channel_moments(cpu_context& ctx, index_t sets, view<const T> x, double* sum, double* squares) {
  const index_t C = x.extents().c;
  auto scratch = ctx.scratch().open();
  float* guesses = scratch.take<float>(sets * channel_sum_parts(x.extents(), sets).count * C);
  const auto add = [&](index_t begin, index_t end, float* guess, double* first, double* second) {
    for_each_run_within(
        begin, end,
        [&](run_extents extents, pixel_run<const T> from) {
          LAMINA_DISPATCH(ctx.isa(), channel_moments(extents, from, guess, first, second));
        },
        x);
  };
  sum_channels_in_parts<2>(
      ctx, scratch, sets, x.extents(),
      [&](index_t part, index_t begin, index_t end, std::array<double*, 2> own) {
        float* guess = guesses + part * C;
        std::fill_n(guess, C, 0.0f);
        add(begin, std::min(begin + pixels_per_float_sum, end), guess, own[0], own[1]);  // for the guess only
        for (double* sums : own) std::fill_n(sums, C, 0.0);
        add(begin, end, guess, own[0], own[1]);
      },
      {sum, squares});
}

/// y = act(scale·x + shift), act(z) = z where z > 0, else slope·z. y may be x.
template <class T>
void channel_affine_forward(cpu_context& ctx, index_t sets, view<const T> x, const float* scale, const float* shift,
                            float slope, view<T> y) {
  const index_t C = x.extents().c;
  for_each_run_of_sets(
      ctx, sets,
      [&](index_t set, run_extents extents, pixel_run<const T> from, pixel_run<T> to) {
        LAMINA_DISPATCH(ctx.isa(), channel_affine(extents, from, scale + set * C, shift + set * C, slope, to));
      },
      x, y);
}

/// With g = dy·act'(scale·x + shift): sum_g = Σ g and sum_gx = Σ g·(x − mean) over all pixels of each channel.
template <class T>
void channel_gradient_sums(cpu_context& ctx, index_t sets, view<const T> x, view<const T> dy, const float* scale,
                           const float* shift, const float* mean, float slope, double* sum_g, double* sum_gx) {
  const index_t C = x.extents().c, pixels = x.extents().pixels() / sets;
  auto scratch = ctx.scratch().open();
  sum_channels_in_parts<2>(
      ctx, scratch, sets, x.extents(),
      [&](index_t, index_t begin, index_t end, std::array<double*, 2> own) {
        const index_t at = begin / pixels * C;
        for_each_run_within(
            begin, end,
            [&](run_extents extents, pixel_run<const T> from, pixel_run<const T> gradient) {
              LAMINA_DISPATCH(ctx.isa(), channel_gradient_sums(extents, from, gradient, scale + at, shift + at,
                                                               mean + at, slope, own[0], own[1]));
            },
            x, dy);
      },
      {sum_g, sum_gx});
}

/// dx = scale·g + along_x·(x − mean) + offset with the g above. dx may be dy.
template <class T>
void channel_gradient_apply(cpu_context& ctx, index_t sets, view<const T> x, view<const T> dy, const float* scale,
                            const float* shift, const float* mean, float slope, const float* along_x,
                            const float* offset, view<T> dx) {
  const index_t C = x.extents().c;
  for_each_run_of_sets(
      ctx, sets,
      [&](index_t set, run_extents extents, pixel_run<const T> from, pixel_run<const T> gradient, pixel_run<T> to) {
        const index_t at = set * C;
        LAMINA_DISPATCH(ctx.isa(), channel_gradient(extents, from, gradient, scale + at, shift + at, mean + at, slope,
                                                    along_x + at, offset + at, to));
      },
      x, dy, dx);
}

}  // namespace lamina
