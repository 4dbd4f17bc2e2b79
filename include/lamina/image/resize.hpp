// lamina::image · SPDX-License-Identifier: Apache-2.0
// Resizing, equal to OpenCV's cv::resize.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/interpolation.hpp>
#include <lamina/image/rows.hpp>
#include <lamina/image/transform.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace lamina {

namespace detail {

template <class T>
void resize_nearest(cpu_context& ctx, view<const T> x, view<T> y) {
  const auto [N, H, W, C] = x.extents();
  const auto positions = [](index_t source, index_t destination) {
    const double scale = 1 / (static_cast<double>(destination) / static_cast<double>(source));
    std::vector<index_t> p(static_cast<std::size_t>(destination));
    for (std::size_t d = 0; d < p.size(); ++d)
      p[d] = std::min(static_cast<index_t>(std::floor(static_cast<double>(d) * scale)), source - 1);
    return p;
  };
  const auto rows = positions(H, y.extents().h), columns = positions(W, y.extents().w);
  for_each_rows(ctx, y.extents(), [&, C = C](index_t n, index_t begin, index_t end) {
    with_fixed_channels(C, [&](auto channels) {
      for (index_t h = begin; h < end; ++h)
        for (std::size_t w = 0; w < columns.size(); ++w) {
          const T* from = x.pixel(n, rows[static_cast<std::size_t>(h)], columns[w]);
          T* to = y.pixel(n, h, static_cast<index_t>(w));
          for (index_t c = 0; c < channels; ++c) to[c] = from[c];
        }
    });
  });
}

/// Bytes are weighed in fixed point, 11 bits a weight, other types in float. The constants are OpenCV's.
template <class T>
struct resize_arithmetic {
  using weight = float;
  using sum = float;
  static weight weight_of(float w) { return w; }
  static T finish(sum s) { return saturate_cast<T>(s); }
};
template <>
struct resize_arithmetic<std::uint8_t> {
  using weight = std::int32_t;
  using sum = std::int32_t;
  static weight weight_of(float w) { return static_cast<weight>(std::nearbyint(w * 2048)); }
  static std::uint8_t finish(sum s) { return static_cast<std::uint8_t>(std::clamp((s + (1 << 21)) >> 22, 0, 255)); }
};

/// One row of the result: Σ weights[i] · rows[i].
template <class T, class Row>
void weigh_rows(const std::vector<const Row*>& rows, const typename resize_arithmetic<T>::weight* weights,
                index_t count, T* to) {
  using arithmetic = resize_arithmetic<T>;
  if (rows.size() == 2) {
    const Row *a = rows[0], *b = rows[1];
    const auto wa = weights[0], wb = weights[1];
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      for (index_t i = 0; i < count; ++i)  // OpenCV drops four bits here, so that its products fit in 16-bit lanes
        to[i] = static_cast<T>((((wa * (a[i] >> 4)) >> 16) + ((wb * (b[i] >> 4)) >> 16) + 2) >> 2);
    } else {
      for (index_t i = 0; i < count; ++i) to[i] = arithmetic::finish(wa * a[i] + wb * b[i]);
    }
  } else if (rows.size() == 4) {
    const Row *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    for (index_t i = 0; i < count; ++i)
      to[i] = arithmetic::finish(weights[0] * a[i] + weights[1] * b[i] + weights[2] * c[i] + weights[3] * d[i]);
  } else {
    for (index_t i = 0; i < count; ++i) {
      typename arithmetic::sum sum = 0;
      for (std::size_t r = 0; r < rows.size(); ++r) sum += weights[r] * rows[r][i];
      to[i] = arithmetic::finish(sum);
    }
  }
}

/// Separable: each source row that is needed is interpolated once across, kept in a ring, then rows are weighed.
template <class T>
void resize_separable(cpu_context& ctx, view<const T> x, interpolation method, view<T> y) {
  using arithmetic = resize_arithmetic<T>;
  using weight = typename arithmetic::weight;
  using sum = typename arithmetic::sum;
  const index_t W = y.extents().w, C = y.extents().c;
  const axis_table across = interpolation_table(method, x.extents().w, W);
  const axis_table down = interpolation_table(method, x.extents().h, y.extents().h);
  const auto in_arithmetic = [](const std::vector<float>& from) {
    std::vector<weight> to(from.size());
    std::transform(from.begin(), from.end(), to.begin(), arithmetic::weight_of);
    return to;
  };
  const std::vector<weight> across_weights = in_arithmetic(across.weights), down_weights = in_arithmetic(down.weights);

  const auto interpolate_row = [&](const T* row, sum* to) {
    const auto run = [&](auto channels, auto taps) {
      const index_t* position = across.positions.data();
      const weight* w = across_weights.data();
      for (index_t d = 0; d < W; ++d, position += taps, w += taps, to += channels)
        for (index_t c = 0; c < channels; ++c) {
          sum s = 0;
          for (index_t i = 0; i < taps; ++i) s += w[i] * static_cast<sum>(row[position[i] * x.pixel_stride() + c]);
          to[c] = s;
        }
    };
    with_fixed_channels(C, [&](auto channels) {
      if (across.taps == 2)
        run(channels, std::integral_constant<index_t, 2>{});
      else if (across.taps == 4)
        run(channels, std::integral_constant<index_t, 4>{});
      else
        run(channels, std::integral_constant<index_t, 8>{});
    });
  };

  const bool dense = y.pixel_stride() == C;
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    const index_t ring = down.taps;
    std::vector<sum> rows(static_cast<std::size_t>(ring * W * C));
    std::vector<index_t> held(static_cast<std::size_t>(ring), -1);  // the source row in each place of the ring
    std::vector<const sum*> taps(static_cast<std::size_t>(ring));
    std::vector<T> result(static_cast<std::size_t>(dense ? 0 : W * C));
    for (index_t h = begin; h < end; ++h) {
      for (index_t i = 0; i < ring; ++i) {
        const index_t source = down.positions[static_cast<std::size_t>(h * ring + i)];
        const index_t place = source % ring;  // the taps of a row are neighbours: they never meet in one place
        sum* row = rows.data() + place * W * C;
        if (std::exchange(held[static_cast<std::size_t>(place)], source) != source)
          interpolate_row(x.pixel(n, source, 0), row);
        taps[static_cast<std::size_t>(i)] = row;
      }
      T* to = dense ? y.pixel(n, h, 0) : result.data();
      weigh_rows<T, sum>(taps, down_weights.data() + h * ring, W * C, to);
      for (index_t w = 0; !dense && w < W; ++w) std::copy_n(result.data() + w * C, C, y.pixel(n, h, w));
    }
  });
}

/// The mean of blocks of `down` × `across` pixels.
template <class T>
void resize_blocks(cpu_context& ctx, view<const T> x, index_t down, index_t across, view<T> y) {
  using sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, float>;
  const index_t W = y.extents().w;
  const float scale = 1.0f / static_cast<float>(down * across);
  const bool by_two = down == 2 && across == 2;
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    with_fixed_channels(x.extents().c, [&](auto channels) {
      for (index_t h = begin; h < end; ++h)
        for (index_t w = 0; w < W; ++w) {
          T* to = y.pixel(n, h, w);
          for (index_t c = 0; c < channels; ++c) {
            sum s = 0;
            for (index_t i = 0; i < down; ++i) {
              const T* from = x.pixel(n, h * down + i, w * across) + c;
              for (index_t j = 0; j < across; ++j) s += static_cast<sum>(from[j * x.pixel_stride()]);
            }
            if constexpr (std::is_integral_v<T>)
              to[c] = by_two ? static_cast<T>((s + 2) >> 2) : saturate_cast<T>(static_cast<float>(s) * scale);
            else
              to[c] = s * scale;
          }
        }
    });
  });
}

/// The mean of what each destination pixel covers, parts of pixels counted in part.
template <class T>
void resize_area(cpu_context& ctx, view<const T> x, view<T> y) {
  const index_t H = y.extents().h, W = y.extents().w, C = y.extents().c;
  const auto scale = [](index_t source, index_t destination) {
    return 1 / (static_cast<double>(destination) / static_cast<double>(source));
  };
  const auto across = area_shares(x.extents().w, W, scale(x.extents().w, W));
  const auto down = area_shares(x.extents().h, H, scale(x.extents().h, H));
  for_each_rows(ctx, y.extents(), [&](index_t n, index_t begin, index_t end) {
    std::vector<float> row(static_cast<std::size_t>(W * C)), total(row.size());
    const auto before = [](const area_share& share, index_t destination) { return share.destination < destination; };
    auto i = static_cast<std::size_t>(std::lower_bound(down.begin(), down.end(), begin, before) - down.begin());
    for (; i < down.size() && down[i].destination < end; ++i) {
      const T* from = x.pixel(n, down[i].source, 0);
      std::fill(row.begin(), row.end(), 0.0f);
      with_fixed_channels(C, [&](auto channels) {
        for (const area_share& share : across)
          for (index_t c = 0; c < channels; ++c)
            row[static_cast<std::size_t>(share.destination * channels + c)] +=
                share.weight * static_cast<float>(from[share.source * x.pixel_stride() + c]);
      });
      const bool first = i == 0 || down[i - 1].destination != down[i].destination;
      const bool last = i + 1 == down.size() || down[i + 1].destination != down[i].destination;
      for (std::size_t j = 0; j < row.size(); ++j) total[j] = (first ? 0.0f : total[j]) + down[i].weight * row[j];
      for (index_t w = 0; last && w < W; ++w)
        for (index_t c = 0; c < C; ++c)
          y(n, down[i].destination, w, c) = saturate_cast<T>(total[static_cast<std::size_t>(w * C + c)]);
    }
  });
}

}  // namespace detail

/// Resamples x to the height and width of y; the aspect is not kept. Pixel centres map onto each other, source =
/// (destination + 0.5) · scale − 0.5, edges are repeated; nearest reads floor(destination · scale). linear, cubic and
/// lanczos4 look at 2, 4 and 8 source pixels along each axis even where the picture shrinks, so only area keeps what
/// lies between. Linear by exactly one half is area, as in OpenCV.
///   x  [N,H,W,C] of std::uint8_t, std::uint16_t or float, not empty
///   y  [N,H',W',C]
/// Writes y, the same bits with any number of workers. Equal to OpenCV 4.6's cv::resize: nearest and, with 1, 3 or
/// 4 channels, bytes by linear exactly, other integers within 1, float within 1e-5 of the value range. Throws `error`
/// when N or C differ or an extent is 0.
template <class T>
void resize(cpu_context& ctx, std::type_identity_t<view<const T>> x, interpolation method, view<T> y) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float>);
  const shape &from = x.extents(), &to = y.extents();
  require(from.n == to.n && from.c == to.c && from.size() > 0 && to.size() > 0, "resize: x ", from, " and y ", to,
          " must agree in N and C and not be empty (NHWC)");
  const bool shrinks = from.h >= to.h && from.w >= to.w;
  const bool by_whole_numbers = shrinks && from.h % to.h == 0 && from.w % to.w == 0;
  const index_t down = from.h / to.h, across = from.w / to.w;
  if (from == to) return copy_pixels(x, y);
  if (method == interpolation::nearest) return detail::resize_nearest<T>(ctx, x, y);
  if (by_whole_numbers &&
      (method == interpolation::area || (method == interpolation::linear && down == 2 && across == 2)))
    return detail::resize_blocks<T>(ctx, x, down, across, y);
  if (method == interpolation::area && shrinks) return detail::resize_area<T>(ctx, x, y);
  detail::resize_separable<T>(ctx, x, method, y);
}
/// The same on the calling thread, with a context of its own.
template <class T>
void resize(std::type_identity_t<view<const T>> x, interpolation method, view<T> y) {
  cpu_context here;
  resize(here, x, method, y);
}

/// x resampled to height × width.
///
///     const auto small = resized(photo.view(), interpolation::area, 256, 256);
template <class T>
tensor<std::remove_const_t<T>> resized(cpu_context& ctx, view<T> x, interpolation method, index_t height,
                                       index_t width) {
  require(height > 0 && width > 0, "resized: ", height, "×", width, " pixels wanted of ", x.extents());
  tensor<std::remove_const_t<T>> y({x.extents().n, height, width, x.extents().c}, uninitialized);
  resize(ctx, x, method, y.view());
  return y;
}
template <class T>
tensor<std::remove_const_t<T>> resized(view<T> x, interpolation method, index_t height, index_t width) {
  cpu_context here;
  return resized(here, x, method, height, width);
}

}  // namespace lamina
