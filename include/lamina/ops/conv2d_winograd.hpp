// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Winograd's convolution F(4×4,3×3), tiles of 4×4 outputs with a quarter of the direct method's multiplications, or
// F(6×6,3×3), with a fifth of them. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv
// 1509.09308; with the points 0, ±3/4, ±3/2 and ∞, which halve the error of the paper's, or 0, ±1/2, ±1, ±2 and ∞.
// Against sums in double, with random values, the relative error (L2) is
//     input channels          64        256       1024
//     direct                  0.4e-6    0.8e-6    1.7e-6
//     F(4×4)                  0.8e-6    1.5e-6    3.0e-6
//     F(6×6)                  3.4e-6    6.1e-6   12.4e-6
// and of a weight gradient about 1e-6, with F(6×6) 2e-6 to 4e-6.
//
// An output depends, in its rounding, on all inputs of its tile (two rows and columns more than it has outputs), whose
// first row and column are multiples of 4 or 6 of the output. An infinite or NaN input makes all of its tiles' outputs
// NaN.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/ops/conv2d_geometry.hpp>

#include <utility>

#define LAMINA_KERNEL <lamina/kernels/conv2d_winograd_transforms.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_winograd_tiles.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_winograd.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

/// Whether Winograd's method can compute a convolution: filters of 3×3 taps, stride 1, no dilation.
constexpr bool fits_winograd(shape w, const conv2d_params& params) {
  return w.h == 3 && w.w == 3 && params.stride == 1 && params.dilation == 1;
}

/// The algorithm that a convolution of x [N,H,W,C] with w [O,KH,KW,C/groups] runs with, forward and backward: the one
/// that `params` asks for, otherwise by a rule of shapes only, which gives the quicker one, within a few percent,
/// wherever it was measured, with every instruction set: Winograd's where it fits, a group has at least 8 inputs and 8
/// outputs, and at least a third of the pixels of its tiles exist (a map of 5×5 pixels has four tiles: 25 of 64). In
/// tiles of 6×6 outputs where the map has at least 64×64 pixels and the filters, transformed, fit in a cache.
/// Throws `error`, in the name of `op`, when Winograd's is asked for and does not fit.
inline conv2d_algorithm conv2d_algorithm_for(shape x, shape w, const conv2d_params& params,
                                             std::string_view op = "conv2d") {
  const bool fits = fits_winograd(w, params);
  require(fits || !is_winograd(params.algorithm), op,
          ": Winograd's algorithm needs 3×3 taps, stride 1 and dilation 1, not stride ",
          params.stride, " and dilation ", params.dilation, " (w ", w, " OHWI)");
  if (params.algorithm != conv2d_algorithm::automatic) return params.algorithm;
  constexpr index_t least_channels = 8, large_map = 64 * 64, small_filters = 64 * 1024;
  const index_t inputs = w.c, outputs = w.n / params.groups;
  if (!fits || inputs < least_channels || outputs < least_channels) return conv2d_algorithm::direct;
  const shape y = conv2d_output_shape(x, w, params, op);
  if (3 * y.h * y.w < round_up(y.h, 4) * round_up(y.w, 4)) return conv2d_algorithm::direct;
  const bool large = y.h * y.w >= large_map && inputs * outputs <= small_filters && inputs <= 256;
  return large ? conv2d_algorithm::winograd_6x6 : conv2d_algorithm::winograd;
}

namespace detail {

/// `params` with the algorithm that the rule gives.
inline conv2d_params decided(conv2d_params params, shape x, shape w, std::string_view op) {
  params.algorithm = conv2d_algorithm_for(x, w, params, op);
  return params;
}

/// Floats of workspace that `convolve_winograd` needs.
inline index_t winograd_workspace(const tap_convolution& conv, shape y, isa set, int workers) {
  LAMINA_DISPATCH(set, conv2d_winograd_workspace(conv, y, workers));
}

/// The convolution `conv` of the channels of one group.
template <class T>
void convolve_winograd(cpu_context& ctx, const tap_convolution& conv, view<const T> x, const float* w,
                       const float* scale, const float* b, float slope, view<T> y, float* workspace) {
  LAMINA_DISPATCH(ctx.isa(), conv2d_winograd(ctx.workers(), conv, x, w, scale, b, slope, y, workspace));
}

}  // namespace detail
}  // namespace lamina
