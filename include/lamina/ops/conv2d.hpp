// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Two-dimensional convolution (as networks have it: cross-correlation). Activations NHWC in T (float or bfloat16),
// filters OHWI, biases and their gradients float; sums are float. Direct, or by Winograd's method (conv2d_winograd.hpp)
// where that is quicker: no image is unrolled to a matrix.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/ops/conv2d_geometry.hpp>
#include <lamina/ops/conv2d_reference.hpp>
#include <lamina/ops/conv2d_winograd.hpp>

#include <type_traits>
#include <utility>

#define LAMINA_KERNEL <lamina/kernels/conv2d_direct.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_depthwise.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_weights.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_few_inputs.inl>
#include <lamina/simd/foreach_isa.hpp>
#define LAMINA_KERNEL <lamina/kernels/conv2d_winograd_weights.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina {

namespace detail {

/// Whether the kernels for depthwise convolution are the ones to run.
inline bool is_depthwise(const tap_convolution& conv) {
  return !is_winograd(conv.algorithm) && conv.groups > 1 && conv.inputs == 1 && conv.outputs == 1;
}
inline bool is_depthwise(shape w, const conv2d_params& params) {
  return !is_winograd(params.algorithm) && params.groups > 1 && w.c == 1 && w.n == params.groups;
}

/// Whether the weight gradient is that of a network's first layer, which has a kernel of its own.
inline bool has_few_inputs(shape w, const conv2d_params& params) {
  return w.h == 3 && w.w == 3 && (w.c == 1 || w.c == 3) && params.groups == 1 && params.dilation == 1 &&
         !is_winograd(params.algorithm);
}

/// Floats of workspace that `convolve_taps` needs.
inline index_t taps_workspace(const tap_convolution& conv, shape y, isa set, int workers) {
  if (is_winograd(conv.algorithm)) return winograd_workspace(conv, y, set, workers);
  if (is_depthwise(conv)) return conv.rows.count * conv.columns.count * conv.groups;
  LAMINA_DISPATCH(set, conv2d_direct_workspace(conv, y, workers));
}

/// The convolution `conv` of x, group by group. A group's filters start `group_filters` elements behind the last's.
/// scale, b: one value for each output of all groups, or null.
template <class T>
void convolve_taps(cpu_context& ctx, const tap_convolution& conv, view<const T> x, const float* w,
                   index_t group_filters, const float* scale, const float* b, float slope, view<T> y,
                   float* workspace) {
  if (y.size() == 0) return;
  const bool winograd = is_winograd(conv.algorithm);
  if (is_depthwise(conv))
    LAMINA_DISPATCH(ctx.isa(),
                    conv2d_depthwise(ctx.workers(), conv, x, w, group_filters, scale, b, slope, y, workspace));
  const auto one_group = [&](view<const T> inputs, const float* filter, const float* factors, const float* bias,
                             view<T> outputs) {
    if (winograd) return convolve_winograd(ctx, conv, inputs, filter, factors, bias, slope, outputs, workspace);
    LAMINA_DISPATCH(ctx.isa(),
                    conv2d_direct(ctx.workers(), conv, inputs, filter, factors, bias, slope, outputs, workspace));
  };
  for (index_t g = 0; g < conv.groups; ++g)
    one_group(x.channels(g * conv.inputs, conv.inputs), w + g * group_filters, channels_from(scale, g * conv.outputs),
              channels_from(b, g * conv.outputs), y.channels(g * conv.outputs, conv.outputs));
}

/// Floats of workspace that `convolve_backward` needs.
inline index_t backward_workspace(shape w, const conv2d_params& params, shape x, isa set, int workers) {
  index_t most = 0;
  for (index_t row = 0; row < std::min(params.stride, x.h); ++row)
    for (index_t column = 0; column < std::min(params.stride, x.w); ++column) {
      const shape phase{x.n, ceil_div(x.h - row, params.stride), ceil_div(x.w - column, params.stride), x.c};
      most =
          std::max(most, taps_workspace(backward_taps(w, dense_layout(w), params, row, column), phase, set, workers));
    }
  return most;
}

/// dx = b + Σ over taps of w · dy: the data gradient, and the forward pass of the transposed convolution. Each phase of
/// the stride is a convolution of its own, with those taps of the flipped filter that reach it.
template <class T>
void convolve_backward(cpu_context& ctx, view<const T> dy, const float* w, shape filter, filter_layout layout,
                       const conv2d_params& params, const float* b, view<T> dx, float* workspace) {
  if (dx.size() == 0) return;
  const index_t group_filters = filter.size() / params.groups;
  for (index_t row = 0; row < std::min(params.stride, dx.extents().h); ++row)
    for (index_t column = 0; column < std::min(params.stride, dx.extents().w); ++column)
      convolve_taps(ctx, backward_taps(filter, layout, params, row, column), dy, w, group_filters, nullptr, b, 1.0f,
                    phase_of(dx, params.stride, row, column), workspace);
}

/// Floats of workspace that `convolve_weights` needs.
inline index_t weights_workspace(shape w, const conv2d_params& params, shape dy, isa set, int workers) {
  if (is_depthwise(w, params)) return 0;
  const shape group{w.n / params.groups, w.h, w.w, w.c};
  if (is_winograd(params.algorithm))
    LAMINA_DISPATCH(set, conv2d_winograd_weights_workspace(group, dy, params.algorithm, workers));
  if (has_few_inputs(w, params)) LAMINA_DISPATCH(set, conv2d_few_inputs_workspace(w, params, dy, workers));
  LAMINA_DISPATCH(set, conv2d_weights_workspace(group, params, dy, workers));
}

/// Adds the gradients of a dense filter `dw` of extents w and of the bias `db` (or null), group by group.
template <class T>
void convolve_weights(cpu_context& ctx, view<const T> x, view<const T> dy, const conv2d_params& params, shape w,
                      float* dw, float* db, float* workspace) {
  if (is_depthwise(w, params))
    LAMINA_DISPATCH(ctx.isa(), conv2d_depthwise_weights(ctx.workers(), params, x, dy, w, dw, db));
  const bool winograd = is_winograd(params.algorithm), few_inputs = has_few_inputs(w, params);
  if ((winograd || few_inputs) && dy.size() == 0) return;
  if (few_inputs)
    LAMINA_DISPATCH(ctx.isa(), conv2d_few_inputs_weights(ctx.workers(), params, x, dy, w, dw, db, workspace));
  const shape group{w.n / params.groups, w.h, w.w, w.c};
  const auto one_group = [&](view<const T> inputs, view<const T> gradients, float* filter, float* bias) {
    if (winograd)
      LAMINA_DISPATCH(ctx.isa(), conv2d_winograd_weights(ctx.workers(), params, inputs, gradients, group,
                                                         filter, bias, workspace));
    LAMINA_DISPATCH(ctx.isa(),
                    conv2d_weights(ctx.workers(), params, inputs, gradients, group, filter, bias, workspace));
  };
  for (index_t g = 0; g < params.groups; ++g)
    one_group(x.channels(g * group.c, group.c), dy.channels(g * group.n, group.n), dw + g * group.size(),
              db == nullptr ? nullptr : db + g * group.n);
}

inline std::size_t workspace_bytes(index_t floats) {
  return aligned_size(static_cast<std::size_t>(floats) * sizeof(float));
}

/// Throws unless the values of a filter, which kernels read as one block, and of its bias have their places.
template <class Filter, class Bias>
void require_filter(std::string_view op, std::string_view name_w, view<Filter> w, std::string_view name_b,
                    view<Bias> b) {
  require(w.contiguous(), op, ": ", name_w, " ", w.extents(), " is not contiguous");
  require(b.empty() || b.extents() == vector_shape(w.extents().n), op, ": ", name_b, " ", b.extents(),
          " does not fit the ", w.extents().n, " output channels of ", name_w, " ", w.extents(), " OHWI");
}

inline void require_output(std::string_view op, std::string_view name, shape actual, shape expected, shape x, shape w) {
  require(actual == expected, op, ": ", name, " ", actual, " should be ", expected, " (x ", x, " NHWC, w ", w,
          " OHWI)");
}

}  // namespace detail

/// Bytes that `conv2d_forward` takes from its context's scratch memory at most.
template <class T>
std::size_t conv2d_forward_scratch(shape x, shape w, const conv2d_params& params, isa set, int workers) {
  const shape y = conv2d_output_shape(x, w, params);
  const tap_convolution conv = forward_taps(w, dense_layout(w), detail::decided(params, x, w, "conv2d_forward"));
  return detail::workspace_bytes(detail::taps_workspace(conv, y, set, workers));
}
/// Bytes that `conv2d_backward_data` takes from its context's scratch memory at most.
template <class T>
std::size_t conv2d_backward_data_scratch(shape x, shape w, const conv2d_params& params, isa set, int workers) {
  return detail::workspace_bytes(
      detail::backward_workspace(w, detail::decided(params, x, w, "conv2d_backward_data"), x, set, workers));
}
/// Bytes that `conv2d_backward_weights` takes from its context's scratch memory at most.
template <class T>
std::size_t conv2d_backward_weights_scratch(shape x, shape w, const conv2d_params& params, isa set, int workers) {
  const conv2d_params chosen = detail::decided(params, x, w, "conv2d_backward_weights");
  return detail::workspace_bytes(detail::weights_workspace(w, chosen, conv2d_output_shape(x, w, params), set, workers));
}

/// y[n,oy,ox,o] = a(b[o] + scale[o] · Σ w[o,ky,kx,i] · x[n, oy·stride − top + ky·dilation, ox·stride − left + …, i]),
/// where a(v) = v for v > 0, else activation_slope·v, and x is zero outside its extents.
///   x      [N,H,W,I]; may be a channel slice
///   w      [O,KH,KW,I/groups] OHWI, contiguous; of the outputs each O/groups in turn see I/groups inputs in turn
///   scale  [1,1,1,O], or an empty view for 1: so batch normalisation at inference costs nothing a pixel
///          (batch_norm2d_fold), as filters are scaled while they are packed
///   b      [1,1,1,O], or an empty view for none
///   y      conv2d_output_shape(x, w, params); may be a channel slice; not x
/// Writes y. Throws `error` when the shapes don't fit together, before anything is written.
template <class T>
void conv2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> w,
                    view<const float> scale, view<const float> b, const conv2d_params& params, view<T> y) {
  constexpr std::string_view op = "conv2d_forward";
  const shape filter = w.extents();
  detail::require_output(op, "y", y.extents(), conv2d_output_shape(x.extents(), filter, params, op), x.extents(),
                         filter);
  detail::require_filter(op, "w", w, "scale", scale);
  detail::require_filter(op, "w", w, "b", b);
  const tap_convolution conv =
      forward_taps(filter, dense_layout(filter), detail::decided(params, x.extents(), filter, op));
  auto frame = ctx.scratch().open();
  float* workspace =
      frame.take<float>(detail::taps_workspace(conv, y.extents(), ctx.isa(), ctx.workers().workers()));
  detail::convolve_taps(ctx, conv, x, w.data(), filter.size() / params.groups, scale.data(), b.data(),
                        params.activation_slope, y, workspace);
}
template <class T>
void conv2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> w, view<const float> b,
                    const conv2d_params& params, view<T> y) {
  conv2d_forward(ctx, x, w, {}, b, params, y);
}

/// dx[n,iy,ix,i] = Σ w[o,ky,kx,i] · dy[n,oy,ox,o] over all outputs and taps that read x[n,iy,ix,i]. With an activation,
/// dy is the gradient before it (see relu_backward); activation_slope has no part here.
///   dy  [N,OH,OW,O]; w  [O,KH,KW,I/groups], contiguous; dx  [N,H,W,I]; dy and dx may be channel slices
/// Assigns dx. Throws `error` when the shapes don't fit together.
template <class T>
void conv2d_backward_data(cpu_context& ctx, std::type_identity_t<view<const T>> dy, view<const float> w,
                          const conv2d_params& params, view<T> dx) {
  constexpr std::string_view op = "conv2d_backward_data";
  const shape filter = w.extents();
  detail::require_output(op, "dy", dy.extents(), conv2d_output_shape(dx.extents(), filter, params, op), dx.extents(),
                         filter);
  detail::require_filter(op, "w", w, "b", view<const float>());
  const conv2d_params chosen = detail::decided(params, dx.extents(), filter, op);
  auto frame = ctx.scratch().open();
  float* workspace = frame.take<float>(
      detail::backward_workspace(filter, chosen, dx.extents(), ctx.isa(), ctx.workers().workers()));
  detail::convolve_backward(ctx, dy, w.data(), filter, dense_layout(filter), chosen, nullptr, dx, workspace);
}

/// dw[o,ky,kx,i] += Σ dy[n,oy,ox,o] · x[n, oy·stride − top + ky·dilation, ox·stride − left + kx·dilation, i] and
/// db[o] += Σ dy[n,oy,ox,o], over n, oy, ox. activation_slope has no part here.
///   x  [N,H,W,I]; dy  [N,OH,OW,O]; dw  [O,KH,KW,I/groups], contiguous; db  [1,1,1,O], or an empty view
/// Adds to dw and db. Throws `error` when the shapes don't fit together.
template <class T>
void conv2d_backward_weights(cpu_context& ctx, view<const T> x, std::type_identity_t<view<const T>> dy,
                             const conv2d_params& params, view<float> dw, view<float> db) {
  constexpr std::string_view op = "conv2d_backward_weights";
  const shape filter = dw.extents();
  detail::require_output(op, "dy", dy.extents(), conv2d_output_shape(x.extents(), filter, params, op), x.extents(),
                         filter);
  detail::require_filter(op, "dw", dw, "db", db);
  const conv2d_params chosen = detail::decided(params, x.extents(), filter, op);
  auto frame = ctx.scratch().open();
  float* workspace = frame.take<float>(
      detail::weights_workspace(filter, chosen, dy.extents(), ctx.isa(), ctx.workers().workers()));
  detail::convolve_weights(ctx, x, dy, chosen, filter, dw.data(), db.data(), workspace);
}
template <class T>
  requires(!std::is_const_v<T>)
void conv2d_backward_weights(cpu_context& ctx, view<T> x, std::type_identity_t<view<const T>> dy,
                             const conv2d_params& params, view<float> dw, view<float> db) {
  conv2d_backward_weights<T>(ctx, as_const(x), dy, params, dw, db);
}

}  // namespace lamina
