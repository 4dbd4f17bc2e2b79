// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Transposed convolution: its forward pass is the data gradient of the convolution that maps y back to x, and its data
// gradient that convolution's forward pass. So it runs on conv2d's kernels, which take a filter with any strides.
#pragma once

#include <lamina/ops/channel_affine.hpp>
#include <lamina/ops/conv2d.hpp>
#include <lamina/ops/copy.hpp>

namespace lamina {

struct conv_transpose2d_params {
  index_t stride = 1;
  padding2d padding = {};  // rows and columns cut off the result
  index_t dilation = 1;
};

namespace detail {

/// The convolution that maps y back to x: its parameters, the extents of its filter, and how that filter lies in w.
inline conv2d_params mirrored(const conv_transpose2d_params& params) {
  return {.stride = params.stride,
          .padding = params.padding,
          .dilation = params.dilation,
          .algorithm = conv2d_algorithm::direct};
}
inline shape mirrored(shape w) { return {w.c, w.h, w.w, w.n}; }
inline filter_layout mirrored_layout(shape w) { return {1, w.w * w.c, w.c, w.h * w.w * w.c}; }

}  // namespace detail

/// Extents of y for x [N,H,W,I] and w [O,KH,KW,I]: [N,OH,OW,O] with
/// OH = (H − 1)·stride + (KH − 1)·dilation + 1 − top − bottom, and OW alike.
/// Throws `error`, in the name of `op`, when they don't fit together or nothing would be left.
inline shape conv_transpose2d_output_shape(shape x, shape w, const conv_transpose2d_params& params,
                                           std::string_view op = "conv_transpose2d") {
  require(x.c == w.c, op, ": x has ", x.c, " channels, w expects ", w.c, " (x ", x, " NHWC, w ", w, " OHWI)");
  const shape y{
      x.n, (x.h - 1) * params.stride + (w.h - 1) * params.dilation + 1 - params.padding.top - params.padding.bottom,
      (x.w - 1) * params.stride + (w.w - 1) * params.dilation + 1 - params.padding.left - params.padding.right, w.n};
  require(y.h >= 1 && y.w >= 1, op, ": nothing is left of the result by padding ", params.padding, " (x ", x,
          " NHWC, w ", w, " OHWI)");
  conv2d_output_shape(y, detail::mirrored(w), detail::mirrored(params), op);  // checks the parameters
  return y;
}

/// Floating-point operations of the forward pass: two for each multiply-add.
inline double conv_transpose2d_flops(shape x, shape w) {
  return 2.0 * static_cast<double>(x.size()) * static_cast<double>(w.n * w.h * w.w);
}

namespace reference {

/// Calls body(n, iy, ix, ky, kx, oy, ox) for each input pixel and each tap that lands inside the result.
template <class Body>
void for_each_transposed_tap(shape x, shape w, const conv_transpose2d_params& params, shape y, Body&& body) {
  for (index_t n = 0; n < x.n; ++n)
    for (index_t iy = 0; iy < x.h; ++iy)
      for (index_t ix = 0; ix < x.w; ++ix)
        for (index_t ky = 0; ky < w.h; ++ky)
          for (index_t kx = 0; kx < w.w; ++kx) {
            const index_t oy = iy * params.stride - params.padding.top + ky * params.dilation;
            const index_t ox = ix * params.stride - params.padding.left + kx * params.dilation;
            if (oy >= 0 && oy < y.h && ox >= 0 && ox < y.w) body(n, iy, ix, ky, kx, oy, ox);
          }
}

/// T: float, bfloat16 or double; W: float or double.
template <class T, class W>
void conv_transpose2d_forward(view<const T> x, view<const W> w, view<const W> b, const conv_transpose2d_params& params,
                              view<T> y) {
  const auto [N, OH, OW, O] = y.extents();
  tensor<double> sums(y.extents());
  for (index_t p = 0; p < y.extents().pixels(); ++p)
    for (index_t o = 0; o < O; ++o) sums[p * O + o] = b.empty() ? 0 : static_cast<double>(b[o]);
  for_each_transposed_tap(x.extents(), w.extents(), params, y.extents(),
                          [&](auto n, auto iy, auto ix, auto ky, auto kx, auto oy, auto ox) {
                            for (index_t o = 0; o < w.extents().n; ++o)
                              for (index_t i = 0; i < w.extents().c; ++i)
                                sums(n, oy, ox, o) +=
                                    static_cast<double>(x(n, iy, ix, i)) * static_cast<double>(w(o, ky, kx, i));
                          });
  for (index_t n = 0; n < N; ++n)
    for (index_t oy = 0; oy < OH; ++oy)
      for (index_t ox = 0; ox < OW; ++ox)
        for (index_t o = 0; o < O; ++o) y(n, oy, ox, o) = static_cast<T>(sums(n, oy, ox, o));
}

template <class T, class W>
void conv_transpose2d_backward_data(view<const T> dy, view<const W> w, const conv_transpose2d_params& params,
                                    view<T> dx) {
  const auto [N, H, WX, I] = dx.extents();
  tensor<double> sums(dx.extents());
  for_each_transposed_tap(dx.extents(), w.extents(), params, dy.extents(),
                          [&](auto n, auto iy, auto ix, auto ky, auto kx, auto oy, auto ox) {
                            for (index_t o = 0; o < w.extents().n; ++o)
                              for (index_t i = 0; i < w.extents().c; ++i)
                                sums(n, iy, ix, i) +=
                                    static_cast<double>(dy(n, oy, ox, o)) * static_cast<double>(w(o, ky, kx, i));
                          });
  for (index_t n = 0; n < N; ++n)
    for (index_t iy = 0; iy < H; ++iy)
      for (index_t ix = 0; ix < WX; ++ix)
        for (index_t i = 0; i < I; ++i) dx(n, iy, ix, i) = static_cast<T>(sums(n, iy, ix, i));
}

template <class T, class W>
void conv_transpose2d_backward_weights(view<const T> x, view<const T> dy, const conv_transpose2d_params& params,
                                       view<W> dw, view<W> db) {
  tensor<double> sums(dw.extents()), bias_sums(vector_shape(dw.extents().n));
  for_each_transposed_tap(x.extents(), dw.extents(), params, dy.extents(),
                          [&](auto n, auto iy, auto ix, auto ky, auto kx, auto oy, auto ox) {
                            for (index_t o = 0; o < dw.extents().n; ++o)
                              for (index_t i = 0; i < dw.extents().c; ++i)
                                sums(o, ky, kx, i) +=
                                    static_cast<double>(dy(n, oy, ox, o)) * static_cast<double>(x(n, iy, ix, i));
                          });
  const auto [N, OH, OW, O] = dy.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t oy = 0; oy < OH; ++oy)
      for (index_t ox = 0; ox < OW; ++ox)
        for (index_t o = 0; o < O; ++o) bias_sums[o] += static_cast<double>(dy(n, oy, ox, o));
  for (index_t i = 0; i < dw.size(); ++i) dw[i] += static_cast<W>(sums[i]);
  for (index_t o = 0; o < (db.empty() ? 0 : dw.extents().n); ++o) db[o] += static_cast<W>(bias_sums[o]);
}

}  // namespace reference

namespace detail {

/// dw[o,ky,kx,i] += sums[i,ky,kx,o]. By squares of a cache line's side, so that neither side is walked across its
/// lines.
inline void add_mirrored_filter(cpu_context& ctx, const float* sums, view<float> dw) {
  constexpr index_t side = static_cast<index_t>(alignment / sizeof(float));
  const auto [O, KH, KW, I] = dw.extents();
  const index_t outputs = O, taps = KH * KW, inputs = I;
  ctx.workers().run(ceil_div(outputs, side), [&](index_t task, int) {
    const index_t o_end = std::min((task + 1) * side, outputs);
    for (index_t tap = 0; tap < taps; ++tap)
      for (index_t i0 = 0; i0 < inputs; i0 += side)
        for (index_t o = task * side; o < o_end; ++o)
          for (index_t i = i0; i < std::min(i0 + side, inputs); ++i)
            dw[(o * taps + tap) * inputs + i] += sums[(i * taps + tap) * outputs + o];
  });
}

/// Floats of workspace that `conv_transpose2d_backward_weights` needs for x and w, beside the sums of y's channels.
inline index_t transposed_weights_workspace(shape x, shape w, const conv_transpose2d_params& params, isa set,
                                            int workers) {
  return round_up(w.size(), 16) + weights_workspace(mirrored(w), mirrored(params), x, set, workers);
}

}  // namespace detail

/// Bytes that `conv_transpose2d_forward` takes from its context's scratch memory at most.
template <class T>
std::size_t conv_transpose2d_forward_scratch(shape x, shape w, const conv_transpose2d_params& params, isa set,
                                             int workers) {
  const shape y = conv_transpose2d_output_shape(x, w, params);
  return detail::workspace_bytes(
      detail::backward_workspace(detail::mirrored(w), detail::mirrored(params), y, set, workers));
}
/// Bytes that `conv_transpose2d_backward_data` takes from its context's scratch memory at most.
template <class T>
std::size_t conv_transpose2d_backward_data_scratch(shape x, shape w, const conv_transpose2d_params& params, isa set,
                                                   int workers) {
  const tap_convolution conv = forward_taps(detail::mirrored(w), detail::mirrored_layout(w), detail::mirrored(params));
  return detail::workspace_bytes(detail::taps_workspace(conv, x, set, workers));
}
/// Bytes that `conv_transpose2d_backward_weights` takes from its context's scratch memory at most.
template <class T>
std::size_t conv_transpose2d_backward_weights_scratch(shape x, shape w, const conv_transpose2d_params& params, isa set,
                                                      int workers) {
  const shape y = conv_transpose2d_output_shape(x, w, params);
  return detail::workspace_bytes(detail::transposed_weights_workspace(x, w, params, set, workers)) +
         aligned_size(static_cast<std::size_t>(y.c) * sizeof(double)) + channel_sums_scratch(y);
}

/// y[n, iy·stride − top + ky·dilation, ix·stride − left + kx·dilation, o] = b[o] + Σ w[o,ky,kx,i] · x[n,iy,ix,i] over
/// all pixels of x and taps that land there.
///   x  [N,H,W,I]; may be a channel slice
///   w  [O,KH,KW,I] OHWI, contiguous, O the channels of y
///   b  [1,1,1,O], or an empty view for none
///   y  conv_transpose2d_output_shape(x, w, params); may be a channel slice; not x
/// Writes y. Throws `error` when the shapes don't fit together, before anything is written.
template <class T>
void conv_transpose2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> w,
                              view<const float> b, const conv_transpose2d_params& params, view<T> y) {
  constexpr std::string_view op = "conv_transpose2d_forward";
  const shape filter = w.extents(), mirrored = detail::mirrored(filter);
  detail::require_output(op, "y", y.extents(), conv_transpose2d_output_shape(x.extents(), filter, params, op),
                         x.extents(), filter);
  detail::require_filter(op, "w", w, "b", b);
  auto frame = ctx.scratch().open();
  float* workspace = frame.take<float>(
      detail::backward_workspace(mirrored, detail::mirrored(params), y.extents(), ctx.isa(), ctx.workers().workers()));
  detail::convolve_backward(ctx, x, w.data(), mirrored, detail::mirrored_layout(filter), detail::mirrored(params),
                            b.data(), y, workspace);
}

/// dx[n,iy,ix,i] = Σ w[o,ky,kx,i] · dy[n, iy·stride − top + ky·dilation, ix·stride − left + kx·dilation, o].
///   dy  [N,OH,OW,O]; w  [O,KH,KW,I], contiguous; dx  [N,H,W,I]; dy and dx may be channel slices
/// Assigns dx. Throws `error` when the shapes don't fit together.
template <class T>
void conv_transpose2d_backward_data(cpu_context& ctx, std::type_identity_t<view<const T>> dy, view<const float> w,
                                    const conv_transpose2d_params& params, view<T> dx) {
  constexpr std::string_view op = "conv_transpose2d_backward_data";
  const shape filter = w.extents();
  detail::require_output(op, "dy", dy.extents(), conv_transpose2d_output_shape(dx.extents(), filter, params, op),
                         dx.extents(), filter);
  detail::require_filter(op, "w", w, "b", view<const float>());
  const tap_convolution conv =
      forward_taps(detail::mirrored(filter), detail::mirrored_layout(filter), detail::mirrored(params));
  auto frame = ctx.scratch().open();
  float* workspace =
      frame.take<float>(detail::taps_workspace(conv, dx.extents(), ctx.isa(), ctx.workers().workers()));
  detail::convolve_taps(ctx, conv, dy, w.data(), 0, nullptr, nullptr, 1.0f, dx, workspace);
}

/// dw[o,ky,kx,i] += Σ x[n,iy,ix,i] · dy[n, iy·stride − top + ky·dilation, ix·stride − left + kx·dilation, o] and
/// db[o] += Σ dy[n,oy,ox,o].
///   x  [N,H,W,I]; dy  [N,OH,OW,O]; dw  [O,KH,KW,I], contiguous; db  [1,1,1,O], or an empty view
/// Adds to dw and db. Throws `error` when the shapes don't fit together.
template <class T>
void conv_transpose2d_backward_weights(cpu_context& ctx, view<const T> x, std::type_identity_t<view<const T>> dy,
                                       const conv_transpose2d_params& params, view<float> dw, view<float> db) {
  constexpr std::string_view op = "conv_transpose2d_backward_weights";
  const shape filter = dw.extents(), mirrored = detail::mirrored(filter);
  detail::require_output(op, "dy", dy.extents(), conv_transpose2d_output_shape(x.extents(), filter, params, op),
                         x.extents(), filter);
  detail::require_filter(op, "dw", dw, "db", db);
  auto frame = ctx.scratch().open();
  const view<float> sums(frame.take<float>(detail::transposed_weights_workspace(x.extents(), filter, params, ctx.isa(),
                                                                                ctx.workers().workers())),
                         mirrored);
  float* workspace = sums.data() + round_up(filter.size(), 16);
  fill(ctx, 0.0f, sums);
  detail::convolve_weights(ctx, as_const(dy), x, detail::mirrored(params), mirrored, sums.data(),
                           static_cast<float*>(nullptr), workspace);
  detail::add_mirrored_filter(ctx, sums.data(), dw);
  if (db.empty()) return;
  double* bias_sums = frame.take<double>(filter.n);
  channel_sums<T>(ctx, 1, dy, bias_sums);
  for (index_t o = 0; o < filter.n; ++o) db[o] += static_cast<float>(bias_sums[o]);
}
template <class T>
  requires(!std::is_const_v<T>)
void conv_transpose2d_backward_weights(cpu_context& ctx, view<T> x, std::type_identity_t<view<const T>> dy,
                                       const conv_transpose2d_params& params, view<float> dw, view<float> db) {
  conv_transpose2d_backward_weights<T>(ctx, as_const(x), dy, params, dw, db);
}

}  // namespace lamina
