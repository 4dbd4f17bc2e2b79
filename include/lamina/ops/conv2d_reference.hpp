// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/ops/conv2d_geometry.hpp>
#include <lamina/ops/elementwise.hpp>

namespace lamina::reference {

/// Calls body(n, oy, ox, o, ky, kx, iy, ix, first) for each output of a convolution and each tap of its filter that
/// lies inside the image; `first` is the first input channel of the output's group.
template <class Body>
void for_each_tap(shape x, shape w, const conv2d_params& params, shape y, Body&& body) {
  for (index_t n = 0; n < y.n; ++n)
    for (index_t oy = 0; oy < y.h; ++oy)
      for (index_t ox = 0; ox < y.w; ++ox)
        for (index_t o = 0; o < y.c; ++o)
          for (index_t ky = 0; ky < w.h; ++ky)
            for (index_t kx = 0; kx < w.w; ++kx) {
              const index_t iy = oy * params.stride - params.padding.top + ky * params.dilation;
              const index_t ix = ox * params.stride - params.padding.left + kx * params.dilation;
              if (iy >= 0 && iy < x.h && ix >= 0 && ix < x.w)
                body(n, oy, ox, o, ky, kx, iy, ix, o / (w.n / params.groups) * w.c);
            }
}

/// T: float, bfloat16 or double; W: float or double.
template <class T, class W>
void conv2d_forward(view<const T> x, view<const W> w, view<const W> scale, view<const W> b, const conv2d_params& params,
                    view<T> y) {
  tensor<double> sums(y.extents());
  for_each_tap(x.extents(), w.extents(), params, y.extents(),
               [&](auto n, auto oy, auto ox, auto o, auto ky, auto kx, auto iy, auto ix, auto first) {
                 for (index_t i = 0; i < w.extents().c; ++i)
                   sums(n, oy, ox, o) +=
                       static_cast<double>(x(n, iy, ix, first + i)) * static_cast<double>(w(o, ky, kx, i));
               });
  const auto [N, OH, OW, O] = y.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t oy = 0; oy < OH; ++oy)
      for (index_t ox = 0; ox < OW; ++ox)
        for (index_t o = 0; o < O; ++o) {
          const double scaled = sums(n, oy, ox, o) * (scale.empty() ? 1 : static_cast<double>(scale[o]));
          const double v = scaled + (b.empty() ? 0 : static_cast<double>(b[o]));
          y(n, oy, ox, o) = static_cast<T>(activation(v, params.activation_slope));
        }
}
template <class T, class W>
void conv2d_forward(view<const T> x, view<const W> w, view<const W> b, const conv2d_params& params, view<T> y) {
  conv2d_forward<T, W>(x, w, {}, b, params, y);
}

template <class T, class W>
void conv2d_backward_data(view<const T> dy, view<const W> w, const conv2d_params& params, view<T> dx) {
  tensor<double> sums(dx.extents());
  for_each_tap(dx.extents(), w.extents(), params, dy.extents(),
               [&](auto n, auto oy, auto ox, auto o, auto ky, auto kx, auto iy, auto ix, auto first) {
                 for (index_t i = 0; i < w.extents().c; ++i)
                   sums(n, iy, ix, first + i) +=
                       static_cast<double>(dy(n, oy, ox, o)) * static_cast<double>(w(o, ky, kx, i));
               });
  const auto [N, H, W_, C] = dx.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t x = 0; x < W_; ++x)
        for (index_t c = 0; c < C; ++c) dx(n, h, x, c) = static_cast<T>(sums(n, h, x, c));
}

template <class T, class W>
void conv2d_backward_weights(view<const T> x, view<const T> dy, const conv2d_params& params, view<W> dw, view<W> db) {
  tensor<double> sums(dw.extents()), bias_sums(vector_shape(dy.extents().c));
  for_each_tap(x.extents(), dw.extents(), params, dy.extents(),
               [&](auto n, auto oy, auto ox, auto o, auto ky, auto kx, auto iy, auto ix, auto first) {
                 for (index_t i = 0; i < dw.extents().c; ++i)
                   sums(o, ky, kx, i) +=
                       static_cast<double>(dy(n, oy, ox, o)) * static_cast<double>(x(n, iy, ix, first + i));
               });
  const auto [N, OH, OW, O] = dy.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t oy = 0; oy < OH; ++oy)
      for (index_t ox = 0; ox < OW; ++ox)
        for (index_t o = 0; o < O; ++o) bias_sums[o] += static_cast<double>(dy(n, oy, ox, o));
  const auto [WO, KH, KW, I] = dw.extents();
  for (index_t o = 0; o < WO; ++o) {
    for (index_t ky = 0; ky < KH; ++ky)
      for (index_t kx = 0; kx < KW; ++kx)
        for (index_t i = 0; i < I; ++i) dw(o, ky, kx, i) += static_cast<W>(sums(o, ky, kx, i));
    if (!db.empty()) db[o] += static_cast<W>(bias_sums[o]);
  }
}

}  // namespace lamina::reference
