// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Convolution of an image that is upsampled on its way, at inference: the image of scale² times as many pixels, which a
// UNet would hold at its largest, never exists as a whole.
#pragma once

#include <lamina/ops/conv2d.hpp>
#include <lamina/ops/upsample_nearest2d.hpp>

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace lamina {

/// Whether `upsampled_conv2d_forward` can compute a convolution: stride 1, and no row of y lies in the padding alone.
constexpr bool fits_upsampled_conv2d(shape w, const conv2d_params& params) {
  const index_t taps = (w.h - 1) * params.dilation;
  return params.stride == 1 && params.padding.top <= taps && params.padding.bottom <= taps;
}

namespace detail {

/// How the rows of y are cut into bands. Kernels give a band the bits of the whole as long as it begins where one of
/// their tiles does.
class upsampled_conv2d_bands {
 public:
  /// Rows of y and all that they depend on.
  struct band {
    index_t first, rows;                // of y
    index_t large_first, large_rows;    // of the upsampled image
    index_t source_first, source_rows;  // of x
    conv2d_params params;               // padded where the upsampled image ends, not where the band does
  };

  upsampled_conv2d_bands(shape x, shape w, upsample_nearest2d_params upsampling, const conv2d_params& params,
                         std::size_t element_bytes, int workers, std::string_view op)
      : scale_(upsampling.scale),
        taps_((w.h - 1) * params.dilation),
        large_{x.n, x.h * scale_, x.w * scale_, x.c},
        params_(decided(params, large_, w, op)),
        y_(conv2d_output_shape(large_, w, params, op)) {
    // Of the upsampled image so much at a time as second-level caches hold, and enough work for all.
    const index_t band_bytes = 4 * 1024 * 1024 * static_cast<index_t>(workers);
    const index_t row_bytes = large_.n * large_.w * large_.c * static_cast<index_t>(element_bytes);
    const index_t tile = std::max<index_t>(tile_edge(params_.algorithm), 4);
    const index_t most = std::max(tile, band_bytes / std::max<index_t>(1, row_bytes) / tile * tile);
    rows_ = round_up(ceil_div(y_.h, ceil_div(y_.h, most)), tile);
  }

  const shape& large() const { return large_; }
  const shape& y() const { return y_; }
  index_t count() const { return ceil_div(y_.h, rows_); }
  band operator[](index_t i) const {
    const index_t first = i * rows_, rows = std::min(rows_, y_.h - first);
    const index_t begin = first - params_.padding.top, end = begin + rows + taps_;
    const index_t large_first = std::max<index_t>(begin, 0), large_end = std::min(end, large_.h);
    const index_t source_first = large_first / scale_, source_end = ceil_div(large_end, scale_);
    conv2d_params params = params_;
    params.padding.top = large_first - begin;
    params.padding.bottom = end - large_end;
    return {first, rows, large_first, large_end - large_first, source_first, source_end - source_first, params};
  }
  /// Elements of the upsampled image that a band needs at most.
  index_t buffer_size() const {
    index_t rows = 0;
    for (index_t i = 0; i < count(); ++i) rows = std::max(rows, (*this)[i].source_rows * scale_);
    return large_.n * rows * large_.w * large_.c;
  }

 private:
  index_t scale_, taps_;
  shape large_;
  conv2d_params params_;
  shape y_;
  index_t rows_;
};

}  // namespace detail

/// Bytes that `upsampled_conv2d_forward` takes from its context's scratch memory at most.
template <class T>
std::size_t upsampled_conv2d_forward_scratch(shape x, shape w, upsample_nearest2d_params upsampling,
                                             const conv2d_params& params, isa set, int workers) {
  const detail::upsampled_conv2d_bands bands(x, w, upsampling, params, sizeof(T), workers, "upsampled_conv2d_forward");
  std::size_t most = 0;
  for (index_t i = 0; i < bands.count(); ++i) {
    shape large = bands.large();
    large.h = bands[i].large_rows;
    most = std::max(most, conv2d_forward_scratch<T>(large, w, bands[i].params, set, workers));
  }
  return aligned_size(static_cast<std::size_t>(bands.buffer_size()) * sizeof(T)) + most;
}

/// What conv2d_forward gives for upsample_nearest2d_forward(x), bit for bit, upsampled a band of rows at a time.
///   x            [N,H,W,I]; may be a channel slice
///   w, scale, b  as conv2d_forward takes them; params, too, where fits_upsampled_conv2d says so
///   y            conv2d_output_shape([N,H·s,W·s,I], w, params), s the upsampling's; may be a channel slice; not x
/// Writes y. Throws `error` when the shapes don't fit together, before anything is written.
template <class T>
void upsampled_conv2d_forward(cpu_context& ctx, std::type_identity_t<view<const T>> x, view<const float> w,
                              view<const float> scale, view<const float> b, upsample_nearest2d_params upsampling,
                              const conv2d_params& params, view<T> y) {
  constexpr std::string_view op = "upsampled_conv2d_forward";
  const shape filter = w.extents();
  require(upsampling.scale >= 1, op, ": scale ", upsampling.scale, " is not positive");
  const detail::upsampled_conv2d_bands bands(x.extents(), filter, upsampling, params, sizeof(T),
                                             ctx.workers().workers(), op);
  require(fits_upsampled_conv2d(filter, params), op, ": stride ", params.stride, " is not 1, or padding ",
          params.padding, " is more than w ", filter, " OHWI reaches with dilation ", params.dilation);
  detail::require_output(op, "y", y.extents(), bands.y(), x.extents(), filter);
  detail::require_filter(op, "w", w, "scale", scale);
  detail::require_filter(op, "w", w, "b", b);

  auto frame = ctx.scratch().open();
  T* const buffer = frame.take<T>(bands.buffer_size());
  const auto [N, H, W, I] = bands.large();
  for (index_t i = 0; i < bands.count(); ++i) {
    const auto part = bands[i];
    const view<T> large(buffer, {N, part.source_rows * upsampling.scale, W, I});
    upsample_nearest2d_forward(ctx, x.rectangle(part.source_first, 0, part.source_rows, x.extents().w), upsampling,
                               large);
    const index_t skipped = part.large_first - part.source_first * upsampling.scale;
    conv2d_forward(ctx, large.rectangle(skipped, 0, part.large_rows, W), w, scale, b, part.params,
                   y.rectangle(part.first, 0, part.rows, y.extents().w));
  }
}

}  // namespace lamina
