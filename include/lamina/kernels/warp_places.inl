// Included once per instruction set by simd/foreach_isa.hpp. Arrays are written in whole vectors, and read so where
// nothing else is said.

/// Places of `count` pixels of a row: (across + down) / 2^shift, rounded down.
inline void affine_places(const std::int32_t* across_x, const std::int32_t* across_y, std::int32_t down_x,
                          std::int32_t down_y, int shift, index_t count, std::int32_t* x, std::int32_t* y) {
  for (index_t i = 0; i < count; i += vi::lanes) {
    shift_right(vi::load(across_x + i) + vi::set(down_x), shift).store(x + i);
    shift_right(vi::load(across_y + i) + vi::set(down_y), shift).store(y + i);
  }
}

/// Places of `count` pixels from as many pairs x, y: scaled, kept within ±2³⁰, rounded to nearest. NaN becomes −2³⁰.
inline void remap_places(const float* map, index_t count, float scale, std::int32_t* x, std::int32_t* y) {
  const vf scales = vf::set(scale), limit = vf::set(1 << 30), low = vf::set(-(1 << 30));
  const auto place = [&](vf v) { return round_to_int(min(max(scales * v, low), limit)); };
  for (index_t i = 0; i < count; i += vi::lanes) {
    float last[2 * vi::lanes] = {};
    const bool whole = count - i >= vi::lanes;
    for (index_t j = 0; !whole && j < 2 * (count - i); ++j) last[j] = map[2 * i + j];
    vf at_x, at_y;
    load_pairs(whole ? map + 2 * i : last, at_x, at_y);
    place(at_x).store(x + i);
    place(at_y).store(y + i);
  }
}

/// Places of `count` pixels of a row from column `from` on: the map's three sums, of which each column adds `step`.
/// Where the third is 0, so is the place; kept within ±2³⁰, rounded to nearest.
inline void perspective_places(const detail::perspective_row& row, double from, index_t count, double scale,
                               std::int32_t* x, std::int32_t* y) {
  const vd limit = vd::set(1 << 30), low = vd::set(-(1 << 30)), scales = vd::set(scale);
  for (index_t i = 0; i < count; i += vd::lanes) {
    const vd column = vd::set(from + static_cast<double>(i)) + vd::numbers();
    const auto sum = [&](index_t k) { return vd::set(row.start[k]) + rounded_product(vd::set(row.step[k]), column); };
    const vd over = quotient_or_zero(scales, sum(2));
    const auto place = [&](vd v) { return min(limit, max(rounded_product(v, over), low)); };
    store_rounded(place(sum(0)), x + i);
    store_rounded(place(sum(1)), y + i);
  }
}

/// Where the taps of places lie. A place counts in 2^-bits of a pixel; its first tap is `before` pixels left of and
/// above it.
///   offset    of the first tap, in elements, kept within the picture
///   fraction  32 · y's + x's, of 5 bits each; not written where places have none
///   inside    bit i of word i/64: all taps lie where they may be read at once
///   near      the same: at least one tap lies in the picture
inline void tap_places(const std::int32_t* x, const std::int32_t* y, index_t count, const detail::warp_taps& taps,
                       std::int32_t* offset, std::int32_t* fraction, std::uint64_t* inside, std::uint64_t* near) {
  const auto first = [&](const std::int32_t* p) { return shift_right(vi::load(p), taps.bits) - vi::set(taps.before); };
  const auto kept = [](vi v, vi least, vi most) { return min(max(v, least), most); };
  const vi zero = vi::set(0), places = vi::set((1 << taps.bits) - 1);
  const vi right = vi::set(taps.right), bottom = vi::set(taps.bottom);
  const vi row = vi::set(taps.row_stride), pixel = vi::set(taps.pixel_stride);
  const vi out = vi::set(1 - taps.taps), far_right = vi::set(taps.width - 1), far_bottom = vi::set(taps.height - 1);
  for (index_t word = 0; word * 64 < count; ++word) {
    const index_t begin = word * 64, end = begin + 64 < count ? begin + 64 : count;
    std::uint64_t inside_bits = 0, near_bits = 0;
    for (index_t i = begin; i < end; i += vi::lanes) {
      const vi left = first(x + i), top = first(y + i);
      const vi kept_x = kept(left, zero, right), kept_y = kept(top, zero, bottom);
      (kept_y * row + kept_x * pixel).store(offset + i);
      const vi moved = (left - kept_x) | (top - kept_y);
      inside_bits |= std::uint64_t{to_bits(equal(moved, zero))} << (i - begin);
      if (taps.bits != 0)
        (shift_left(vi::load(y + i) & places, 5) + (vi::load(x + i) & places)).store(fraction + i);
    }
    if (~inside_bits != 0)
      for (index_t i = begin; i < end; i += vi::lanes) {
        const vi left = first(x + i), top = first(y + i);
        const vi moved = (left - kept(left, out, far_right)) | (top - kept(top, out, far_bottom));
        near_bits |= std::uint64_t{to_bits(equal(moved, zero))} << (i - begin);
      }
    inside[word] = inside_bits;
    near[word] = near_bits | inside_bits;
  }
}

/// The weights of linear interpolation for fractions: 32 − fx and fx in two bytes, twice; 32 − fy and fy in two words.
inline void linear_weights(const std::int32_t* fraction, index_t count, std::int32_t* across, std::int32_t* down) {
  const vi low = vi::set(31);
  for (index_t i = 0; i < count; i += vi::lanes) {
    const vi fractions = vi::load(fraction + i);
    ((fractions & low) * vi::set(0x00ff00ff) + vi::set(0x00200020)).store(across + i);
    (shift_right(fractions, 5) * vi::set(0xffff) + vi::set(32)).store(down + i);
  }
}
