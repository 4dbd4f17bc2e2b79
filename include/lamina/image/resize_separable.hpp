// lamina::image · SPDX-License-Identifier: Apache-2.0
// Resizing by linear, cubic and lanczos4: each source row that is needed is interpolated across once and kept while rows
// of the result are made of it.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/filter_rows.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/image/weighted_sum.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#define LAMINA_KERNEL <lamina/kernels/resize.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::detail {

/// OpenCV's weights of bytes: 11 bits.
inline std::int16_t weight_of_11_bits(float w) { return static_cast<std::int16_t>(std::nearbyint(w * 2048)); }

/// The taps across: where each pixel's begin in a row that is extended by taps/2 pixels to either side, and their
/// weights. Numbers of pixels are rounded up to whole vectors, with offset and weights 0.
struct taps_across {
  index_t pixels, taps, channels;
  std::vector<index_t> offset;

  taps_across(const axis_table& table, index_t C)
      : pixels(static_cast<index_t>(table.first.size())), taps(table.taps), channels(C) {
    for (const index_t first : table.first) offset.push_back((first + taps / 2) * C);
    offset.resize(static_cast<std::size_t>(padded()));
  }
  index_t padded() const { return round_up(pixels, 16); }
  /// Places that a pixel takes in a row of sums of bytes.
  index_t places() const { return channels == 3 ? 4 : channels; }
};

/// A row of sums of bytes without the fourth places.
inline void drop_fourth(isa set, const std::uint8_t* from, index_t pixels, std::uint8_t* to) {
  LAMINA_DISPATCH(set, three_of_four(from, pixels, to));
}

/// Bytes by linear interpolation: sums of 16 bits, in 1/128.
class resize_bytes_linearly {
 public:
  using element = std::uint8_t;
  using sum = std::int16_t;

  resize_bytes_linearly(const axis_table& across, const axis_table& down, index_t C) : across_(across, C) {
    offset_.assign(across_.offset.begin(), across_.offset.end());
    even_.resize(static_cast<std::size_t>(across_.padded() / 2));
    odd_ = even_;
    for (std::size_t i = 0; i < across.first.size(); ++i) {
      const int w0 = weight_of_11_bits(across.weights[2 * i]), w1 = weight_of_11_bits(across.weights[2 * i + 1]);
      (i % 2 == 0 ? even_ : odd_)[i / 2] = w0 | w1 << 16;
    }
    for (const float w : down.weights) down_.push_back(weight_of_11_bits(w));
  }

  index_t row_length() const { return across_.padded() * across_.places(); }
  void interpolate_across(isa set, const std::uint8_t* x, std::int16_t* sums) const {
    const index_t C = across_.channels;
    if (C == 3)
      LAMINA_DISPATCH(set, linear_across<3>(x, offset_.data(), even_.data(), odd_.data(), across_.pixels, sums));
    if (C == 4)
      LAMINA_DISPATCH(set, linear_across<4>(x, offset_.data(), even_.data(), odd_.data(), across_.pixels, sums));
    with_fixed_channels(C, [&](auto channels) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(across_.pixels); ++i, sums += channels) {
        const std::int32_t weights = (i % 2 == 0 ? even_ : odd_)[i / 2];
        const std::uint8_t* from = x + offset_[i];
        for (index_t c = 0; c < channels; ++c)
          sums[c] = static_cast<std::int16_t>(((weights & 0xffff) * from[c] + (weights >> 16) * from[c + channels]) >> 4);
      }
    });
  }
  void interpolate_down(isa set, const std::int16_t* const* rows, index_t h, std::uint8_t* y) const {
    const std::int16_t* w = down_.data() + 2 * h;
    LAMINA_DISPATCH(set, linear_down(rows[0], rows[1], w[0], w[1], across_.pixels * across_.places(), y));
  }

 private:
  taps_across across_;
  std::vector<std::int32_t> offset_, even_, odd_;
  std::vector<std::int16_t> down_;
};

/// Bytes by cubic and lanczos4: sums of 32 bits, with the 11 bits of the weights.
class resize_bytes_widely {
 public:
  using element = std::uint8_t;
  using sum = std::int32_t;

  resize_bytes_widely(const axis_table& across, const axis_table& down, index_t C) : across_(across, C) {
    const auto taps = static_cast<std::size_t>(across.taps), plane = static_cast<std::size_t>(4 * across_.padded());
    weights_.resize(taps / 4 * plane);
    for (std::size_t i = 0; i < across.weights.size(); ++i) {
      const std::size_t pixel = i / taps, tap = i % taps;
      weights_[tap / 4 * plane + 4 * pixel + tap % 4] = weight_of_11_bits(across.weights[i]);
    }
    for (const float w : down.weights) down_.push_back(weight_of_11_bits(w));
  }

  index_t row_length() const { return across_.padded() * across_.places(); }
  void interpolate_across(isa set, const std::uint8_t* x, std::int32_t* sums) const {
    switch (across_.channels) {
      case 3: return across_.taps == 4 ? vectors<3, 4>(set, x, sums) : vectors<3, 8>(set, x, sums);
      case 4: return across_.taps == 4 ? vectors<4, 4>(set, x, sums) : vectors<4, 8>(set, x, sums);
      default: break;
    }
    const index_t plane = 4 * across_.padded();
    with_fixed_channels(across_.channels, [&](auto channels) {
      for (index_t i = 0; i < across_.pixels; ++i, sums += channels) {
        const std::uint8_t* from = x + across_.offset[static_cast<std::size_t>(i)];
        for (index_t c = 0; c < channels; ++c) {
          std::int32_t s = 0;
          for (index_t tap = 0; tap < across_.taps; ++tap)
            s += weights_[static_cast<std::size_t>(tap / 4 * plane + 4 * i + tap % 4)] * from[tap * channels + c];
          sums[c] = s;
        }
      }
    });
  }
  void interpolate_down(isa set, const std::int32_t* const* rows, index_t h, std::uint8_t* y) const {
    const std::int32_t* w = down_.data() + across_.taps * h;
    LAMINA_DISPATCH(set, wide_down(rows, w, across_.taps, across_.pixels * across_.places(), y));
  }

 private:
  template <index_t C, index_t Taps>
  void vectors(isa set, const std::uint8_t* x, std::int32_t* sums) const {
    LAMINA_DISPATCH(set, wide_across<C, Taps>(x, across_.offset.data(), weights_.data(), 4 * across_.padded(),
                                              across_.pixels, sums));
  }

  taps_across across_;
  std::vector<std::int16_t> weights_;  // [taps / 4, pixels, 4]
  std::vector<std::int32_t> down_;     // [row, taps]
};

/// Other types, in float; each product is rounded before it is added.
template <class T>
class resize_in_float {
 public:
  using element = T;
  using sum = float;

  resize_in_float(const axis_table& across, const axis_table& down, index_t C)
      : across_(across, C), weights_(across.weights), down_(down.weights) {}

  index_t row_length() const { return across_.padded() * across_.channels; }
  void interpolate_across(isa, const T* x, float* sums) const {
    switch (across_.taps) {
      case 2: return run<2>(x, sums);
      case 4: return run<4>(x, sums);
      default: return run<8>(x, sums);
    }
  }
  void interpolate_down(isa set, const float* const* rows, index_t h, T* y) const {
    const auto taps = static_cast<std::size_t>(across_.taps);
    LAMINA_DISPATCH(set, weighted_sum(rows, down_.data() + static_cast<std::size_t>(h) * taps, across_.taps,
                                      across_.pixels * across_.channels, y));
  }

 private:
  /// Four channels at a time, three as if they were four; what is left one by one.
  template <index_t Taps>
  void run(const T* x, float* sums) const {
    using portable::rounded_product;
    const index_t C = across_.channels, quads = C == 3 ? 4 : C / 4 * 4;
    const float* w = weights_.data();
    for (const index_t* offset = across_.offset.data(); offset != across_.offset.data() + across_.pixels;
         ++offset, w += Taps, sums += C) {
      index_t c = 0;
      for (; c < quads; c += 4) {
        const T* from = x + *offset + c;
        auto s = rounded_product(portable::vf::set(w[0]), portable::load_floats(from));
        for (index_t i = 1; i < Taps; ++i)
          s = s + rounded_product(portable::vf::set(w[i]), portable::load_floats(from + i * C));
        s.store(sums + c);
      }
      for (; c < C; ++c) {
        const T* from = x + *offset + c;
        float s = rounded_product(w[0], static_cast<float>(from[0]));
        for (index_t i = 1; i < Taps; ++i) s += rounded_product(w[i], static_cast<float>(from[i * C]));
        sums[c] = s;
      }
    }
  }

  taps_across across_;
  std::vector<float> weights_, down_;
};

/// y = x resized by one of the above.
template <class Arithmetic, class T = typename Arithmetic::element>
void resize_separable(cpu_context& ctx, view<const T> x, interpolation method, view<T> y) {
  using sum = typename Arithmetic::sum;
  const index_t W = y.extents().w, C = y.extents().c, H = x.extents().h;
  const axis_table across = interpolation_table(method, x.extents().w, W);
  const axis_table down = interpolation_table(method, H, y.extents().h);
  const Arithmetic arithmetic(across, down, C);
  const index_t taps = down.taps, stride = round_up(arithmetic.row_length(), alignment) + alignment;
  const bool four_places = std::is_same_v<T, std::uint8_t> && C == 3;
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const extended_rows<T> extended(x.images(n), border::replicate, taps / 2, taps / 2);
    tensor<T> source = row_buffer<T>(extended.length()), result = row_buffer<T>(stride), three = row_buffer<T>(stride);
    tensor<sum> ring(vector_shape(taps * stride));
    std::vector<index_t> held(static_cast<std::size_t>(taps), -1);  // the source row in each place of the ring
    std::vector<const sum*> rows(static_cast<std::size_t>(taps));
    for (index_t h = begin; h < end; ++h) {
      for (index_t i = 0; i < taps; ++i) {
        const index_t row = std::clamp<index_t>(down.first[static_cast<std::size_t>(h)] + i, 0, H - 1);
        const index_t place = row % taps;  // the taps of a row are neighbours: they never meet in one place
        sum* to = ring.data() + place * stride;
        if (std::exchange(held[static_cast<std::size_t>(place)], row) != row) {
          extended.write(row, source.data());
          arithmetic.interpolate_across(ctx.isa(), source.data(), to);
        }
        rows[static_cast<std::size_t>(i)] = to;
      }
      arithmetic.interpolate_down(ctx.isa(), rows.data(), h, result.data());
      if constexpr (std::is_same_v<T, std::uint8_t>) {
        if (four_places) drop_fourth(ctx.isa(), result.data(), W, three.data());
      }
      write_row(four_places ? three.data() : result.data(), n, h, y);
    }
  });
}

}  // namespace lamina::detail
