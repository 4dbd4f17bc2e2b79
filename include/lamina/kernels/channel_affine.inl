// Included once per instruction set by simd/foreach_isa.hpp.

// Sums run in float over a block of `pixels` ≤ 64 pixels and are then added to double ones. Values are taken relative
// to a guess of their mean, which each block improves for the next, so that a mean far from zero costs no digits.
template <int vectors, class T>
inline void add_block_moments(index_t pixels, index_t channels, pixel_run<const T> x, float* guess, double* sum,
                              double* squares) {
  vf shift[vectors], first[vectors], second[vectors];
  for (int v = 0; v < vectors; ++v) {
    shift[v] = load_up_to(guess + v * vf::lanes, channels - v * vf::lanes);
    first[v] = second[v] = vf::zero();
  }
  for (index_t p = 0; p < pixels; ++p) {
    for (int v = 0; v < vectors; ++v) {
      const vf d = load_up_to(x[p] + v * vf::lanes, channels - v * vf::lanes) - shift[v];
      first[v] = first[v] + d;
      second[v] = fma(d, d, second[v]);
    }
  }
  const double count = static_cast<double>(pixels);
  const vf share = vf::set(1 / static_cast<float>(pixels));
  for (int v = 0; v < vectors; ++v) {
    const index_t c0 = v * vf::lanes, count_of_lanes = std::min(vf::lanes, channels - c0);
    float m[vf::lanes], a[vf::lanes], b[vf::lanes];
    shift[v].store(m), first[v].store(a), second[v].store(b);
    for (index_t i = 0; i < count_of_lanes; ++i) {
      const double s = static_cast<double>(m[i]), d = static_cast<double>(a[i]);
      sum[c0 + i] += count * s + d;  // Σ x  = n·s + Σ (x − s)
      squares[c0 + i] +=
          static_cast<double>(b[i]) + s * (2 * d + count * s);  // Σ x² = Σ (x − s)² + 2s·Σ (x − s) + n·s²
    }
    store_up_to(guess + c0, channels - c0, fma(first[v], share, shift[v]));
  }
}

template <class T>
inline void channel_moments(run_extents extents, pixel_run<const T> x, float* guess, double* sum, double* squares) {
  for (index_t p = 0; p < extents.pixels; p += pixels_per_float_sum) {
    const index_t pixels = std::min(pixels_per_float_sum, extents.pixels - p);
    index_t c = 0;
    for (; c + 3 * vf::lanes < extents.channels; c += 4 * vf::lanes)
      add_block_moments<4, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, guess + c, sum + c, squares + c);
    for (; c < extents.channels; c += vf::lanes)
      add_block_moments<1, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, guess + c, sum + c, squares + c);
  }
}

/// dy through the activation, whose input is z.
inline vf activation_gradient(vf z, vf dy, vf slope) { return dy * select(greater(z, vf::zero()), vf::set(1), slope); }

template <class T>
inline void channel_affine(run_extents extents, pixel_run<const T> x, const float* scale, const float* shift,
                           float slope, pixel_run<T> y) {
  const activation act(slope);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf z = fma(load_up_to(x[p] + c, left), load_up_to(scale + c, left), load_up_to(shift + c, left));
      store_up_to(y[p] + c, left, act(z));
    }
  }
}

/// Adds the first min(count, lanes) lanes to doubles.
inline void add_lanes(vf v, index_t count, double* sums) {
  float lanes[vf::lanes];
  v.store(lanes);
  for (index_t i = 0; i < std::min(vf::lanes, count); ++i) sums[i] += static_cast<double>(lanes[i]);
}

template <int vectors, class T>
inline void add_block_gradients(index_t pixels, index_t channels, pixel_run<const T> x, pixel_run<const T> dy,
                                const float* scale, const float* shift, const float* mean, float slope, double* sum_g,
                                double* sum_gx) {
  vf scales[vectors], shifts[vectors], means[vectors], first[vectors], second[vectors];
  const vf slopes = vf::set(slope);
  for (int v = 0; v < vectors; ++v) {
    const index_t c = v * vf::lanes;
    scales[v] = load_up_to(scale + c, channels - c);
    shifts[v] = load_up_to(shift + c, channels - c);
    means[v] = load_up_to(mean + c, channels - c);
    first[v] = second[v] = vf::zero();
  }
  for (index_t p = 0; p < pixels; ++p) {
    for (int v = 0; v < vectors; ++v) {
      const index_t c = v * vf::lanes;
      const vf value = load_up_to(x[p] + c, channels - c), d = load_up_to(dy[p] + c, channels - c);
      const vf g = activation_gradient(fma(value, scales[v], shifts[v]), d, slopes);
      first[v] = first[v] + g;
      second[v] = fma(value - means[v], g, second[v]);
    }
  }
  for (int v = 0; v < vectors; ++v) {
    add_lanes(first[v], channels - v * vf::lanes, sum_g + v * vf::lanes);
    add_lanes(second[v], channels - v * vf::lanes, sum_gx + v * vf::lanes);
  }
}

template <int vectors, class T>
inline void add_block_sums(index_t pixels, index_t channels, pixel_run<const T> x, double* sum) {
  vf block[vectors];
  for (int v = 0; v < vectors; ++v) block[v] = vf::zero();
  for (index_t p = 0; p < pixels; ++p)
    for (int v = 0; v < vectors; ++v)
      block[v] = block[v] + load_up_to(x[p] + v * vf::lanes, channels - v * vf::lanes);
  for (int v = 0; v < vectors; ++v) add_lanes(block[v], channels - v * vf::lanes, sum + v * vf::lanes);
}

/// Adds Σ x of each channel to `sum`.
template <class T>
inline void channel_sums(run_extents extents, pixel_run<const T> x, double* sum) {
  for (index_t p = 0; p < extents.pixels; p += pixels_per_float_sum) {
    const index_t pixels = std::min(pixels_per_float_sum, extents.pixels - p);
    index_t c = 0;
    for (; c + 3 * vf::lanes < extents.channels; c += 4 * vf::lanes)
      add_block_sums<4, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, sum + c);
    for (; c < extents.channels; c += vf::lanes)
      add_block_sums<1, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, sum + c);
  }
}

template <class T>
inline void channel_gradient_sums(run_extents extents, pixel_run<const T> x, pixel_run<const T> dy, const float* scale,
                                  const float* shift, const float* mean, float slope, double* sum_g, double* sum_gx) {
  for (index_t p = 0; p < extents.pixels; p += pixels_per_float_sum) {
    const index_t pixels = std::min(pixels_per_float_sum, extents.pixels - p);
    index_t c = 0;
    for (; c + 3 * vf::lanes < extents.channels; c += 4 * vf::lanes)
      add_block_gradients<4, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, {dy[p] + c, dy.stride}, scale + c,
                                shift + c, mean + c, slope, sum_g + c, sum_gx + c);
    for (; c < extents.channels; c += vf::lanes)
      add_block_gradients<1, T>(pixels, extents.channels - c, {x[p] + c, x.stride}, {dy[p] + c, dy.stride}, scale + c,
                                shift + c, mean + c, slope, sum_g + c, sum_gx + c);
  }
}

template <class T>
inline void channel_gradient(run_extents extents, pixel_run<const T> x, pixel_run<const T> dy, const float* scale,
                             const float* shift, const float* mean, float slope, const float* along_x,
                             const float* offset, pixel_run<T> dx) {
  const vf slopes = vf::set(slope);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf value = load_up_to(x[p] + c, left), scales = load_up_to(scale + c, left);
      const vf g =
          activation_gradient(fma(value, scales, load_up_to(shift + c, left)), load_up_to(dy[p] + c, left), slopes);
      const vf rest =
          fma(load_up_to(along_x + c, left), value - load_up_to(mean + c, left), load_up_to(offset + c, left));
      store_up_to(dx[p] + c, left, fma(scales, g, rest));
    }
  }
}
