// lamina::image · SPDX-License-Identifier: Apache-2.0
// How a warp makes its rows: places are found for a few hundred pixels at a time, then sorted into runs whose taps lie
// inside the picture, which the kernels read, and what is near or beyond the edges, which goes pixel by pixel.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/sample.hpp>
#include <lamina/image/transform.hpp>
#include <lamina/image/warp_bytes.hpp>
#include <lamina/simd/doubles.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace lamina::detail {

/// What tells whether all taps of a place may be read.
struct warp_taps {
  std::int32_t taps, before, bits;  // along each axis; of them before the place; bits of fraction in a place
  std::int32_t right, bottom;       // the last first tap that may be read
  std::int32_t width, height, row_stride, pixel_stride;
};

/// A projective map along a row: what its numerators and its denominator are at the first pixel, and what each pixel
/// adds to them.
struct perspective_row {
  double start[3], step[3];
};

}  // namespace lamina::detail

#define LAMINA_KERNEL <lamina/kernels/warp_places.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::detail {

/// Pixels of a row that are made at once.
inline constexpr index_t warp_chunk = 256;

/// The places of a chunk and what follows from them. The kernels write whole vectors, from any pixel on up to seven
/// places too many, and read up to three pixels more than a run has.
struct chunk_places {
  static constexpr index_t room = warp_chunk + 8;
  alignas(alignment) std::int32_t x[room], y[room], offset[room], fraction[room], across[room], down[room];
  std::uint64_t inside[warp_chunk / 64], near[warp_chunk / 64];
};

inline bool bit(const std::uint64_t* bits, index_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }

/// The end of the run of equal bits that begins at `begin` < `count`.
inline index_t run_end(const std::uint64_t* bits, index_t begin, index_t count) {
  const bool set = bit(bits, begin);
  index_t end = begin;
  do {
    const std::uint64_t rest = (set ? ~bits[end / 64] : bits[end / 64]) >> (end % 64);
    if (rest != 0) return std::min(end + std::countr_zero(rest), count);
    end = (end / 64 + 1) * 64;
  } while (end < count);
  return count;
}

/// Pixels [begin, end) of a chunk: where their taps are, and where they go.
template <class T>
struct warp_run {
  const T* pixels;
  index_t row_stride;
  const std::int32_t* offset;  // of the first taps; three more may be read
  const chunk_places* places;
  index_t begin, end;
  T* to;  // of pixel 0
};

/// A picture whose rows are dense, and how it is sampled.
template <class T>
class warp_source {
 public:
  /// What a thread needs besides.
  struct workspace {
    chunk_places places{};
    std::int32_t patch_offset[chunk_places::room] = {};
    std::vector<T> patches;
  };

  warp_source(view<const T> x, const sampling& how)
      : x_(x), edges_(how.border), border_value_(saturate_cast<T>(how.border_value)), taps_(taps_of(how.method)) {
    const auto [N, H, W, C] = x.extents();
    if (in_integers && taps_ > 2) table_ = place_weights_15_bits(how.method);
    if (!in_integers && taps_ > 1) weights_ = place_weights(how.method);
    const auto as_int = [](index_t v) { return static_cast<std::int32_t>(v); };
    geometry_ = {.taps = as_int(taps_),
                 .before = as_int(taps_ > 1 ? taps_ / 2 - 1 : 0),
                 .bits = taps_ > 1 ? place_bits : 0,
                 .right = as_int(W - ceil_div(elements_read(), C)),
                 .bottom = as_int(H - taps_),
                 .width = as_int(W),
                 .height = as_int(H),
                 .row_stride = as_int(x.row_stride()),
                 .pixel_stride = as_int(C)};
    const bool offsets_fit = std::abs(x.row_stride()) * H < std::numeric_limits<std::int32_t>::max();
    readable_ = offsets_fit && geometry_.right >= 0 && geometry_.bottom >= 0;
  }

  /// The `count` pixels at the workspace's places, written to `to`, which has room for 16 elements more.
  void sample(isa set, index_t n, workspace& space, index_t count, T* to) const {
    chunk_places& p = space.places;
    find_taps(set, p, count);
    const T* pixels = x_.pixel(n, 0, 0);
    for (index_t i = 0; i < count;) {
      index_t end = run_end(p.inside, i, count);
      if (bit(p.inside, i)) {
        sample_run(set, {pixels, x_.row_stride(), p.offset, &p, i, end, to});
      } else {
        if (edges_ == border::constant) end = run_end(p.near, i, end);
        if (edges_ == border::constant && !bit(p.near, i))
          std::fill_n(to + i * x_.extents().c, (end - i) * x_.extents().c, border_value_);
        else
          sample_edge(set, pixels, space, i, end, to);
      }
      i = end;
    }
  }

 private:
  static constexpr bool in_integers = std::is_same_v<T, std::uint8_t>;

  /// From the first tap on in one row, by `sample_run`.
  index_t elements_read() const {
    const index_t C = x_.extents().c;
    if (taps_ == 1) return C == 3 ? 4 : C;
    if (in_integers && (C == 3 || C == 4)) return taps_ == 2 ? 8 : taps_ == 4 ? 16 : 4 * C + 16;
    return C == 3 ? (taps_ - 1) * C + 4 : taps_ * C;
  }

  void find_taps(isa set, chunk_places& p, index_t count) const {
    [&] { LAMINA_DISPATCH(set, tap_places(p.x, p.y, count, geometry_, p.offset, p.fraction, p.inside, p.near)); }();
    std::fill_n(p.offset + count, 4, 0);
    if (!readable_) std::fill_n(p.inside, warp_chunk / 64, 0);
    if (in_integers && taps_ == 2)
      [&] { LAMINA_DISPATCH(set, linear_weights(p.fraction, count, p.across, p.down)); }();
  }

  /// Taps beyond the edge are found pixel by pixel: all of a place's are brought together in a patch, and the patches
  /// are read as if they were the picture.
  void sample_edge(isa set, const T* pixels, workspace& space, index_t begin, index_t end, T* to) const {
    const chunk_places& p = space.places;
    if (taps_ == 1) {
      for (index_t i = begin; i < end; ++i) fill_patch(pixels, p.x[i], p.y[i], to + i * x_.extents().c);
      return;
    }
    constexpr index_t patches = 32;
    const index_t row = elements_read(), patch = taps_ * row;
    space.patches.resize(static_cast<std::size_t>(patches * patch));
    for (index_t first = begin; first < end; first += patches) {
      const index_t last = std::min(first + patches, end);
      for (index_t i = first; i < last; ++i) {
        space.patch_offset[i] = static_cast<std::int32_t>((i - first) * patch);
        fill_patch(pixels, (p.x[i] >> place_bits) - geometry_.before, (p.y[i] >> place_bits) - geometry_.before,
                   space.patches.data() + (i - first) * patch);
      }
      sample_run(set, {space.patches.data(), row, space.patch_offset, &p, first, last, to});
    }
  }

  /// The taps whose first one is at (left, top), row by row. So far away, no border counts: NaN was brought there.
  void fill_patch(const T* pixels, index_t left, index_t top, T* patch) const {
    constexpr index_t nowhere = -(index_t{1} << (30 - place_bits));
    const border edges = std::min(left, top) <= nowhere ? border::constant : edges_;
    const index_t row_length = elements_read();
    index_t columns[8];
    for (index_t k = 0; k < taps_; ++k) columns[k] = border_position(edges, left + k, x_.extents().w);
    with_fixed_channels(x_.extents().c, [&](auto channels) {
      for (index_t r = 0; r < taps_; ++r, patch += row_length) {
        const index_t row = border_position(edges, top + r, x_.extents().h);
        for (index_t k = 0; k < taps_; ++k) {
          if (row < 0 || columns[k] < 0)
            std::fill_n(patch + k * channels, channels, border_value_);
          else
            std::copy_n(pixels + row * x_.row_stride() + columns[k] * channels, channels, patch + k * channels);
        }
      }
    });
  }

  void sample_run(isa set, const warp_run<T>& run) const {
    const index_t C = x_.extents().c;
    if (taps_ == 1) return with_fixed_channels(C, [&](auto channels) { copy(channels, run); });
    if constexpr (in_integers) {
      if (C == 3) return sample_in_blocks(set, fixed<3>{}, run);
      if (C == 4) return sample_in_blocks(set, fixed<4>{}, run);
      const auto& [pixels, row_stride, offset, places, begin, end, to] = run;
      if (taps_ > 2)
        portable::sample_table(C, taps_, pixels, row_stride, offset, places->fraction, table_.data(), begin, end, to);
      else if (C == 1)
        portable::sample_linear(fixed<1>{}, pixels, row_stride, offset, places->across, places->down, begin, end, to);
      else
        portable::sample_linear(C, pixels, row_stride, offset, places->across, places->down, begin, end, to);
    } else {
      switch (taps_) {
        case 2: return sample_in_float<2>(run);
        case 4: return sample_in_float<4>(run);
        default: return sample_in_float<8>(run);
      }
    }
  }

  template <class Channels>
  static void copy(Channels channels, const warp_run<T>& run) {
    const auto [pixels, row_stride, offset, places, begin, end, to] = run;  // copies: bytes written may alias the run
    constexpr index_t one_move = 4;  // for three channels, instead of two; what it writes too far is overwritten
    for (index_t i = begin; i < end; ++i)
      std::memcpy(to + i * channels, pixels + offset[i],
                  static_cast<std::size_t>(channels == 3 ? one_move : channels) * sizeof(T));
  }

  /// Bytes of three or four channels.
  template <class Channels>
  void sample_in_blocks(isa set, Channels channels, const warp_run<T>& run) const {
    const auto& [pixels, row_stride, offset, places, begin, end, to] = run;
    if (taps_ == 2)
      LAMINA_DISPATCH(set, sample_linear(channels, pixels, row_stride, offset, places->across, places->down, begin,
                                         end, to));
    if (taps_ == 4)
      LAMINA_DISPATCH(set, sample_table(channels, fixed<4>{}, pixels, row_stride, offset, places->fraction,
                                        table_.data(), begin, end, to));
    LAMINA_DISPATCH(set, sample_table(channels, fixed<8>{}, pixels, row_stride, offset, places->fraction,
                                      table_.data(), begin, end, to));
  }

  /// Other types, in float: four channels at a time, three as if they were four; what is left one by one.
  template <index_t Taps>
  void sample_in_float(const warp_run<T>& run) const {
    const index_t C = x_.extents().c, quads = C == 3 ? 4 : C / 4 * 4;
    for (index_t i = run.begin; i < run.end; ++i) {
      const float* across = weights_.data() + run.places->fraction[i] % places_per_pixel * Taps;
      const float* down = weights_.data() + run.places->fraction[i] / places_per_pixel * Taps;
      const T* from = run.pixels + run.offset[i];
      T* to = run.to + i * C;
      index_t c = 0;
      const auto at = [&](index_t r, index_t k) { return from + r * run.row_stride + k * C + c; };
      const auto four_at = [&](index_t r, index_t k) { return portable::load_floats(at(r, k)); };
      const auto one_at = [&](index_t r, index_t k) { return static_cast<float>(*at(r, k)); };
      for (; c < quads; c += 4)
        portable::store_floats(weighted<Taps>(across, down, four_at), to + c);
      for (; c < C; ++c) to[c] = saturate_cast<T>(weighted<Taps>(across, down, one_at));
    }
  }

  /// Σ down[r] · Σ across[k] · value(r, k), one or four at a time; each product is rounded before it is added.
  template <index_t Taps, class Value>
  static auto weighted(const float* across, const float* down, Value&& value) {
    using portable::rounded_product;
    const auto row = [&](index_t r) {
      auto sum = rounded_product(across[0], value(r, 0));
      for (index_t k = 1; k < Taps; ++k) sum = sum + rounded_product(across[k], value(r, k));
      return sum;
    };
    auto sum = rounded_product(down[0], row(0));
    for (index_t r = 1; r < Taps; ++r) sum = sum + rounded_product(down[r], row(r));
    return sum;
  }

  view<const T> x_;
  border edges_;
  T border_value_;
  index_t taps_;
  warp_taps geometry_;
  bool readable_;
  std::vector<std::int16_t> table_;  // of bytes by cubic and lanczos4: [32 · 32, taps, taps]
  std::vector<float> weights_;       // of other types: [32, taps]
};

/// y = x at the places that locate(n, h, w, count, places) finds for `count` ≤ warp_chunk pixels from (h, w) on: in
/// pixels for nearest, else in 1/32 of a pixel.
template <class T, class Locate>
void warp_rows(cpu_context& ctx, view<const T> x, const sampling& how, view<T> y, Locate&& locate) {
  auto frame = ctx.scratch().open();
  if (x.pixel_stride() != x.extents().c) {
    const view<T> dense = frame.template take<T>(x.extents());
    copy_pixels(ctx, x, dense);
    x = dense;
  }
  const warp_source<T> source(x, how);
  const auto [N, H, W, C] = y.extents();
  for_each_rows(ctx, y.extents(), [&, W = W, C = C](index_t n, index_t begin, index_t end) {
    constexpr std::size_t written_beyond = 16;
    std::vector<T> row(static_cast<std::size_t>(W * C) + written_beyond);
    typename warp_source<T>::workspace space;
    for (index_t h = begin; h < end; ++h) {
      for (index_t w = 0; w < W; w += warp_chunk) {
        const index_t count = std::min(warp_chunk, W - w);
        locate(n, h, w, count, space.places);
        source.sample(ctx.isa(), n, space, count, row.data() + w * C);
      }
      write_row(row.data(), n, h, y);
    }
  });
}

}  // namespace lamina::detail
