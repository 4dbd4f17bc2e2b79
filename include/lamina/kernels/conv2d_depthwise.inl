// Included once per instruction set by simd/foreach_isa.hpp: convolution of each channel with a filter of its own,
// vectors of channels. Memory-bound, so without blocking in registers.

/// Assigns y. Channel c's filter starts `by_channel` elements behind that of c − 1. scale, b: a value a channel, or
/// null. `packed` has room for taps × channels floats.
template <class T>
inline void conv2d_depthwise(executor& workers, const tap_convolution& conv, view<const T> x, const float* filter,
                             index_t by_channel, const float* scale, const float* b, float slope, view<T> y,
                             float* packed) {
  const auto [N, H, W, C] = x.extents();
  const auto& [rows, columns] = std::pair(conv.rows, conv.columns);
  const index_t height = H, width = W, channels = C, output_rows = y.extents().h;
  for (index_t row = 0; row < rows.count; ++row)
    for (index_t column = 0; column < columns.count; ++column)
      for (index_t c = 0; c < C; ++c)
        packed[(row * columns.count + column) * C + c] =
            (scale != nullptr ? scale[c] : 1.0f) *
            filter[conv.filter_offset + row * conv.filter.row + column * conv.filter.column + c * by_channel];
  const activation act(slope);
  workers.run(N * output_rows, [&, rows = rows, columns = columns](index_t task, int) {
    const index_t n = task / output_rows, oy = task % output_rows;
    for (index_t ox = 0; ox < y.extents().w; ++ox) {
      for (index_t c = 0; c < channels; c += vf::lanes) {
        const index_t left = channels - c;
        vf sum = b != nullptr ? load_up_to(b + c, left) : vf::zero();
        for (index_t row = 0; row < rows.count; ++row) {
          const index_t iy = oy * rows.step + rows.first + row * rows.spacing;
          if (iy < 0 || iy >= height) continue;
          for (index_t column = 0; column < columns.count; ++column) {
            const index_t ix = ox * columns.step + columns.first + column * columns.spacing;
            if (ix < 0 || ix >= width) continue;
            const float* weights = packed + (row * columns.count + column) * channels + c;
            sum = fma(load_up_to(x.pixel(n, iy, ix) + c, left), load_up_to(weights, left), sum);
          }
        }
        store_up_to(y.pixel(n, oy, ox) + c, left, act(sum));
      }
    }
  });
}

/// Adds to dw [C,KH,KW,1], dense, and to db unless that is null. A task is one vector of channels.
template <class T>
inline void conv2d_depthwise_weights(executor& workers, const conv2d_params& params, view<const T> x, view<const T> dy,
                                     shape w, float* dw, float* db) {
  const auto [N, H, W, C] = x.extents();
  const index_t images = N, height = H, width = W, channels = C, taps = w.h * w.w;
  const auto add = [](vf sum, float* place, index_t stride, index_t count) {
    float lanes[vf::lanes];
    sum.store(lanes);
    for (index_t i = 0; i < std::min(count, vf::lanes); ++i) place[i * stride] += lanes[i];
  };
  workers.run(ceil_div(C, vf::lanes), [&](index_t task, int) {
    const index_t c = task * vf::lanes, left = channels - c;
    for (index_t n = 0; n < images; ++n) {
      for (index_t oy = 0; oy < dy.extents().h; ++oy) {
        for (index_t tap = 0; tap <= taps; ++tap) {  // the last one stands for the bias
          const bool bias = tap == taps;
          const index_t iy = oy * params.stride - params.padding.top + tap / w.w * params.dilation;
          if (bias ? db == nullptr : iy < 0 || iy >= height) continue;
          vf sum = vf::zero();
          for (index_t ox = 0; ox < dy.extents().w; ++ox) {
            const index_t ix = ox * params.stride - params.padding.left + tap % w.w * params.dilation;
            const vf gradient = load_up_to(dy.pixel(n, oy, ox) + c, left);
            if (bias)
              sum = sum + gradient;
            else if (ix >= 0 && ix < width)
              sum = fma(gradient, load_up_to(x.pixel(n, iy, ix) + c, left), sum);
          }
          if (bias)
            add(sum, db + c, 1, left);
          else
            add(sum, dw + c * taps + tap, taps, left);
        }
      }
    }
  });
}
