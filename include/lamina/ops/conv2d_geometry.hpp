// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// What a convolution is made of: padding and parameters, the shape of its output, and the regular grid of taps that its
// kernels work on.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/parallel.hpp>
#include <lamina/core/shape.hpp>
#include <lamina/core/view.hpp>

#include <numeric>
#include <string_view>

namespace lamina {

/// Rows and columns of zeros around an image.
struct padding2d {
  index_t top = 0, left = 0, bottom = 0, right = 0;

  /// What keeps the size at stride 1: (kernel − 1)·dilation in all; of an odd number the greater half goes
  /// bottom/right.
  static constexpr padding2d same(index_t kernel, index_t dilation = 1) {
    const index_t total = (kernel - 1) * dilation, before = total / 2;
    return {before, before, total - before, total - before};
  }
  static constexpr padding2d all(index_t margin) { return {margin, margin, margin, margin}; }

  friend std::ostream& operator<<(std::ostream& out, const padding2d& p) {
    return out << "top " << p.top << " left " << p.left << " bottom " << p.bottom << " right " << p.right;
  }
};

/// How a convolution is computed. `automatic`: by the rule of `conv2d_algorithm_for`. `winograd`: in tiles of 4×4
/// outputs; `winograd_6x6`: of 6×6.
enum class conv2d_algorithm { automatic, direct, winograd, winograd_6x6 };

/// Rows and columns of the outputs that are computed from the same values: 1 for the direct method.
constexpr index_t tile_edge(conv2d_algorithm algorithm) {
  switch (algorithm) {
    case conv2d_algorithm::winograd: return 4;
    case conv2d_algorithm::winograd_6x6: return 6;
    default: return 1;
  }
}
constexpr bool is_winograd(conv2d_algorithm algorithm) { return tile_edge(algorithm) > 1; }

constexpr std::string_view name(conv2d_algorithm algorithm) {
  switch (algorithm) {
    case conv2d_algorithm::winograd: return "winograd";
    case conv2d_algorithm::winograd_6x6: return "winograd 6×6";
    case conv2d_algorithm::direct: return "direct";
    default: return "automatic";
  }
}
inline std::ostream& operator<<(std::ostream& out, conv2d_algorithm algorithm) { return out << name(algorithm); }

struct conv2d_params {
  index_t stride = 1;
  padding2d padding = {};
  index_t dilation = 1;
  index_t groups = 1;          // each sees its own inputs / groups channels; groups = inputs = outputs: depthwise
  float activation_slope = 1;  // of the ReLU applied to the result in the same pass: 1 none, 0 ReLU, 0.01 leaky
  conv2d_algorithm algorithm = conv2d_algorithm::automatic;
};

/// Extents of y for x [N,H,W,C] and w [O,KH,KW,C/groups]: [N,OH,OW,O] with
/// OH = ⌊(H + top + bottom − (KH − 1)·dilation − 1) / stride⌋ + 1, and OW alike.
/// Throws `error`, in the name of `op`, when x, w and params don't fit together or nothing would be left.
inline shape conv2d_output_shape(shape x, shape w, const conv2d_params& params, std::string_view op = "conv2d") {
  const auto check = [&](bool condition, const auto&... parts) {
    if (!condition) fail(op, ": ", parts..., " (x ", x, " NHWC, w ", w, " OHWI)");
  };
  const auto& [top, left, bottom, right] = params.padding;
  check(params.stride >= 1, "stride ", params.stride, " is not positive");
  check(params.dilation >= 1, "dilation ", params.dilation, " is not positive");
  check(params.groups >= 1, "groups ", params.groups, " is not positive");
  check(top >= 0 && left >= 0 && bottom >= 0 && right >= 0, "padding ", params.padding, " is negative");
  check(params.activation_slope >= 0, "activation slope ", params.activation_slope, " is negative");
  check(w.n >= 1 && w.h >= 1 && w.w >= 1 && w.c >= 1, "the filter is empty");
  check(w.c * params.groups == x.c, "x has ", x.c, " channels, w expects ", w.c * params.groups);
  check(w.n % params.groups == 0, w.n, " output channels can't be divided into ", params.groups, " groups");
  const index_t height = x.h + top + bottom - (w.h - 1) * params.dilation - 1;
  const index_t width = x.w + left + right - (w.w - 1) * params.dilation - 1;
  check(height >= 0 && width >= 0, "the filter with dilation ", params.dilation,
        " is larger than the image with padding ", params.padding);
  return {x.n, height / params.stride + 1, width / params.stride + 1, w.n};
}

/// Floating-point operations of the forward pass: two for each multiply-add, those with the padding's zeros included.
inline double conv2d_flops(shape x, shape w, const conv2d_params& params) {
  return 2.0 * static_cast<double>(conv2d_output_shape(x, w, params).size()) * static_cast<double>(w.h * w.w * w.c);
}

/// One axis of a direct convolution: output o reads the inputs o·step + first + t·spacing of its taps t in [0, count).
/// Inputs outside the image count as zeros.
struct tap_axis {
  index_t count, first, spacing, step;
};

/// Where filter element (output, row, column, input) lies, as distances between neighbours. They may be negative, so
/// that flipped, transposed and thinned filters need no copy.
struct filter_layout {
  index_t output, row, column, input;
};

/// The layout of a dense filter [O,KH,KW,I].
constexpr filter_layout dense_layout(shape w) { return {w.h * w.w * w.c, w.w * w.c, w.c, 1}; }

/// A direct convolution as the kernels see it. Forward pass, data gradient and transposed convolution all have this
/// form:
///     y[n,oy,ox,o] = b[o] + Σ over taps (r,c) and inputs i of f(o,r,c,i) · x[n, oy·step + first + r·spacing, …, i]
/// where the filter f may be scaled for each output, which kernels do while they pack it.
struct tap_convolution {
  tap_axis rows, columns;
  filter_layout filter;
  index_t filter_offset = 0;        // of tap (0,0), from the start of the group's filters
  index_t groups, inputs, outputs;  // channels of one group
  conv2d_algorithm algorithm = conv2d_algorithm::direct;
};

/// Values of channels from channel `first` on. Null, where there are none, stays null.
constexpr const float* channels_from(const float* values, index_t first) {
  return values == nullptr ? nullptr : values + first;
}

/// The forward pass as taps.
inline tap_convolution forward_taps(shape w, filter_layout layout, const conv2d_params& params) {
  return {.rows = {w.h, -params.padding.top, params.dilation, params.stride},
          .columns = {w.w, -params.padding.left, params.dilation, params.stride},
          .filter = layout,
          .groups = params.groups,
          .inputs = w.c,
          .outputs = w.n / params.groups,
          .algorithm = params.algorithm};
}

/// Those taps of one axis that reach the inputs phase, phase + stride, phase + 2·stride, … from the outputs.
struct phase_taps {
  tap_axis axis;
  index_t first_tap, tap_step;  // the filter's rows (columns) that take part: first_tap + t·tap_step
};

/// Input i = q·stride + phase gets its gradient from the outputs q + (phase + padding − k·dilation) / stride over all k
/// where that is whole. These k lie evenly spaced; from the last to the first, the outputs ascend.
inline phase_taps backward_axis(index_t kernel, index_t padding, const conv2d_params& params, index_t phase) {
  const auto offset = [&](index_t k) { return phase + padding - k * params.dilation; };
  const index_t period = params.stride / std::gcd(params.stride, params.dilation);
  index_t k = 0;
  while (k < std::min(kernel, period) && offset(k) % params.stride != 0) ++k;
  if (k == std::min(kernel, period)) return {{0, 0, 1, 1}, 0, 0};
  const index_t count = ceil_div(kernel - k, period), last = k + (count - 1) * period;
  return {{count, offset(last) / params.stride, period * params.dilation / params.stride, 1}, last, -period};
}

/// The data gradient as taps over dy, for the pixels of dx whose row is row_phase and whose column is column_phase
/// modulo the stride.
inline tap_convolution backward_taps(shape w, filter_layout layout, const conv2d_params& params, index_t row_phase,
                                     index_t column_phase) {
  const phase_taps rows = backward_axis(w.h, params.padding.top, params, row_phase);
  const phase_taps columns = backward_axis(w.w, params.padding.left, params, column_phase);
  return {.rows = rows.axis,
          .columns = columns.axis,
          .filter = {layout.input, rows.tap_step * layout.row, columns.tap_step * layout.column, layout.output},
          .filter_offset = rows.first_tap * layout.row + columns.first_tap * layout.column,
          .groups = params.groups,
          .inputs = w.n / params.groups,
          .outputs = w.c,
          .algorithm = params.algorithm};
}

/// Pixels (row_phase + r·stride, column_phase + c·stride) of x.
template <class T>
view<T> phase_of(view<T> x, index_t stride, index_t row_phase, index_t column_phase) {
  const auto [N, H, W, C] = x.extents();
  return {x.pixel(0, row_phase, column_phase),
          {N, ceil_div(H - row_phase, stride), ceil_div(W - column_phase, stride), C},
          x.image_stride(),
          x.row_stride() * stride,
          x.pixel_stride() * stride};
}

}  // namespace lamina
