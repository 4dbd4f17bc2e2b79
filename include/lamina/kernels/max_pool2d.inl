// Included once per instruction set by simd/foreach_isa.hpp.

/// Lanes that hold NaN: neither above −∞ nor below zero.
inline unsigned nan_lanes(vf v) {
  constexpr unsigned all = (1u << vf::lanes) - 1u;
  return all &
         ~(to_bits(greater(v, vf::set(-std::numeric_limits<float>::infinity()))) | to_bits(greater(vf::zero(), v)));
}

/// Writes positions of min(count, lanes) channels, whose bits 0 and 1 are given apart, at two bits each.
inline void store_crumbs(std::uint8_t* to, index_t count, unsigned low, unsigned high) {
  const std::uint32_t crumbs = spread_bits(low) | spread_bits(high) << 1;
  if (count >= vf::lanes) {
    for (index_t i = 0; i < vf::lanes / 4; ++i) to[i] = static_cast<std::uint8_t>(crumbs >> (8 * i));
  } else {
    for (index_t i = 0; 4 * i < count; ++i) to[i] = static_cast<std::uint8_t>(crumbs >> (8 * i));
  }
}
inline std::uint32_t load_crumbs(const std::uint8_t* from, index_t count) {
  std::uint32_t crumbs = 0;
  if (count >= vf::lanes) {
    for (index_t i = 0; i < vf::lanes / 4; ++i) crumbs |= static_cast<std::uint32_t>(from[i]) << (8 * i);
  } else {
    for (index_t i = 0; 4 * i < count; ++i) crumbs |= static_cast<std::uint32_t>(from[i]) << (8 * i);
  }
  return crumbs;
}

/// The channels from c on whose stored index is `position`.
inline unsigned chosen_lanes(const std::uint8_t* indices, index_t c, index_t count, bool two_bits, index_t position) {
  if (two_bits) {
    const std::uint32_t crumbs = load_crumbs(indices + c / 4, count);
    const unsigned low = gather_bits(crumbs), high = gather_bits(crumbs >> 1);
    return (position & 1 ? low : ~low) & (position & 2 ? high : ~high);
  }
  unsigned bits = 0;
  for (index_t i = 0; i < std::min(vf::lanes, count); ++i)
    bits |= static_cast<unsigned>(indices[c + i] == position) << i;
  return bits;
}

/// The maximum of a window of any size, channels c to c + lanes. Walks the window in order: the first maximum wins, and
/// a NaN wins over all before it.
template <class T>
inline void max_of_window(const T* corner, index_t row_stride, index_t pixel_stride, index_t kernel, index_t c,
                          index_t count, T* y, std::uint8_t* indices) {
  vf best = load_up_to(corner + c, count), position = vf::zero();
  for (index_t i = 1; i < kernel * kernel; ++i) {
    const vf v = load_up_to(corner + i / kernel * row_stride + i % kernel * pixel_stride + c, count);
    const vf::mask wins = from_bits(to_bits(greater(v, best)) | nan_lanes(v));
    best = select(wins, v, best);
    position = select(wins, vf::set(static_cast<float>(i)), position);
  }
  store_up_to(y + c, count, best);
  if (indices == nullptr) return;
  if (kernel <= 2) {
    const unsigned high = to_bits(greater(position, vf::set(1)));
    const vf in_row = position - select(from_bits(high), vf::set(2), vf::zero());
    store_crumbs(indices + c / 4, count, to_bits(greater(in_row, vf::zero())), high);
  } else {
    float positions[vf::lanes];
    position.store(positions);
    for (index_t i = 0; i < std::min(vf::lanes, count); ++i) indices[c + i] = static_cast<std::uint8_t>(positions[i]);
  }
}

/// One row of output. `x` begins at the corner of its first window.
template <class T>
inline void max_pool2d_forward(run_extents extents, pixel_run<const T> x, index_t row_stride, pool2d_params params,
                               pixel_run<T> y, pixel_run<std::uint8_t> indices) {
  constexpr unsigned all = (1u << vf::lanes) - 1u;
  const vf lowest = vf::set(-std::numeric_limits<float>::infinity());
  for (index_t p = 0; p < extents.pixels; ++p) {
    const T* const corner = x[p * params.stride];
    std::uint8_t* const to = indices.data == nullptr ? nullptr : indices[p];
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t count = extents.channels - c;
      if (params.kernel == 2) {
        const vf v0 = load_up_to(corner + c, count), v1 = load_up_to(corner + x.stride + c, count);
        const vf v2 = load_up_to(corner + row_stride + c, count);
        const vf v3 = load_up_to(corner + row_stride + x.stride + c, count);
        // a sum that is not above −∞ may hide a NaN, which needs the careful walk below
        if (to_bits(greater((v0 + v1) + (v2 + v3), lowest)) == all) [[likely]] {
          const vf::mask right_above = greater(v1, v0), right_below = greater(v3, v2);
          const vf above = select(right_above, v1, v0), below = select(right_below, v3, v2);
          const vf::mask is_below = greater(below, above);
          store_up_to(y[p] + c, count, select(is_below, below, above));
          if (to != nullptr) {
            const unsigned high = to_bits(is_below);
            store_crumbs(to + c / 4, count, (to_bits(right_below) & high) | (to_bits(right_above) & ~high), high);
          }
          continue;
        }
      }
      max_of_window(corner, row_stride, x.stride, params.kernel, c, count, y[p], to);
    }
  }
}

/// Windows of 2×2 that touch but don't overlap: two rows of dx from one of dy.
template <class T>
inline void max_pool2d_backward_2x2(run_extents extents, pixel_run<const T> dy, pixel_run<const std::uint8_t> indices,
                                    bool accumulate, pixel_run<T> dx, index_t row_stride) {
  const vf zero = vf::zero();
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t count = extents.channels - c;
      const vf d = load_up_to(dy[p] + c, count);
      const std::uint32_t crumbs = load_crumbs(indices[p] + c / 4, count);
      const unsigned low = gather_bits(crumbs), high = gather_bits(crumbs >> 1);
      T* const above = dx[2 * p] + c;
      T* const below = above + row_stride;
      const vf v0 = select(from_bits(~low & ~high), d, zero), v1 = select(from_bits(low & ~high), d, zero);
      const vf v2 = select(from_bits(~low & high), d, zero), v3 = select(from_bits(low & high), d, zero);
      if (accumulate) {
        store_up_to(above, count, load_up_to(above, count) + v0);
        store_up_to(above + dx.stride, count, load_up_to(above + dx.stride, count) + v1);
        store_up_to(below, count, load_up_to(below, count) + v2);
        store_up_to(below + dx.stride, count, load_up_to(below + dx.stride, count) + v3);
      } else {
        store_up_to(above, count, v0);
        store_up_to(above + dx.stride, count, v1);
        store_up_to(below, count, v2);
        store_up_to(below + dx.stride, count, v3);
      }
    }
  }
}

/// Row h of image n of dx: each pixel is the sum over the windows that hold it and chose it. In that form
/// overlapping windows need no order, and pixels of no window become zero.
template <class T>
inline void max_pool2d_backward(view<const T> dy, view<const std::uint8_t> indices, pool2d_params params,
                                bool accumulate, index_t n, index_t h, view<T> dx) {
  const index_t kernel = params.kernel, stride = params.stride;
  const bool two_bits = kernel <= 2;
  const index_t C = dx.extents().c;
  // windows o with o·stride ≤ position < o·stride + kernel
  const index_t h_begin = h < kernel ? 0 : (h - kernel) / stride + 1, h_end = std::min(h / stride + 1, dy.extents().h);
  for (index_t w = 0; w < dx.extents().w; ++w) {
    const index_t w_begin = w < kernel ? 0 : (w - kernel) / stride + 1,
                  w_end = std::min(w / stride + 1, dy.extents().w);
    T* const to = dx.pixel(n, h, w);
    for (index_t c = 0; c < C; c += vf::lanes) {
      const index_t count = C - c;
      vf sum = accumulate ? load_up_to(to + c, count) : vf::zero();
      bool begun = accumulate;  // the first isn't added to zero: −0 stays −0, as where windows only touch
      for (index_t oh = h_begin; oh < h_end; ++oh) {
        for (index_t ow = w_begin; ow < w_end; ++ow) {
          const index_t position = (h - oh * stride) * kernel + w - ow * stride;
          const unsigned chosen = chosen_lanes(indices.pixel(n, oh, ow), c, count, two_bits, position);
          const vf share = select(from_bits(chosen), load_up_to(dy.pixel(n, oh, ow) + c, count), vf::zero());
          sum = begun ? sum + share : share;
          begun = true;
        }
      }
      store_up_to(to + c, count, sum);
    }
  }
}
