// Included once per instruction set by simd/foreach_isa.hpp: the transforms of Winograd's convolution F(n×n,3×3), where
// n, the edge of a tile of outputs, is 4 or 6. Each lane is a channel.
//
// Along one axis, n outputs y of three taps g over n + 2 inputs d are y = Aᵀ(Gg ⊙ Bᵀd): n + 2 products in place of 3n.
// That is a product of polynomials by its values at the points 0, ±p₁, ±p₂, …, ∞, in this order. The row of p has
//     in Bᵀ   the coefficients of Π (x − q) over the other finite points q; of ∞: over all of them
//     in G    1, p, p², each divided by Π (p − q); of ∞: 0, 0, 1
//     in A    1, p, p², …; of ∞: 0, …, 0, 1
// With n = 4 and the points 3/4 and 3/2 all of Bᵀ and Aᵀ are exact in float, and the error is half that of the usual
// points 1 and 2. With n = 6 the error is least, of all points tried between 3/8 and 2, with 1/2, 1 and 2.

template <int Edge>
struct conv2d_winograd_points {
  static constexpr int pairs = Edge / 2, count = Edge + 2;
  static constexpr float p[3] = {Edge == 4 ? 0.75f : 0.5f, Edge == 4 ? 1.5f : 1.0f, 2.0f};

  /// Π (t − p²) over all pairs but `without`, by rising powers of t = x².
  struct polynomial {
    float c[pairs + 1] = {1};

    constexpr explicit polynomial(int without) {
      for (int k = 0, degree = 0; k < pairs; ++k) {
        if (k == without) continue;
        ++degree;
        c[degree] = c[degree - 1];
        for (int i = degree - 1; i > 0; --i) c[i] = c[i - 1] - p[k] * p[k] * c[i];
        c[0] *= -p[k] * p[k];
      }
    }
  };
  static constexpr polynomial all{-1};
  static constexpr polynomial others[3] = {polynomial(0), polynomial(1), polynomial(2)};

  static constexpr float power(int k, int exponent) {
    float product = 1;
    for (; exponent > 0; --exponent) product *= p[k];
    return product;
  }
  /// 1 / Π (p − q) for the point 0, and for ±p of pair k.
  static constexpr float over_0 = 1 / all.c[0];
  static constexpr float over(int k) {
    float product = 2 * p[k] * p[k];
    for (int j = 0; j < pairs; ++j)
      if (j != k) product *= p[k] * p[k] - p[j] * p[j];
    return 1 / product;
  }
};

/// Σ c[i]·d(2i) over `Terms` terms, of which the last c is 1.
template <int Terms, class Values>
[[gnu::always_inline]] inline vf conv2d_winograd_sum(const float* c, const Values& d) {
  vf sum = d(2 * (Terms - 1));
#pragma GCC unroll 4
  for (int i = Terms - 2; i >= 0; --i) sum = fma(vf::set(c[i]), d(2 * i), sum);
  return sum;
}

/// Bᵀd along a row, stored `point` floats apart.
template <int Edge>
[[gnu::always_inline]] inline void conv2d_winograd_store_inputs(const vf (&d)[Edge + 2], float* v, index_t point) {
  using points = conv2d_winograd_points<Edge>;
  constexpr int pairs = points::pairs;
  conv2d_winograd_sum<pairs + 1>(points::all.c, [&](int i) { return d[i]; }).store(v);
#pragma GCC unroll 3
  for (int k = 0; k < pairs; ++k) {
    const vf even = conv2d_winograd_sum<pairs>(points::others[k].c, [&](int i) { return d[i + 2]; });
    const vf odd = conv2d_winograd_sum<pairs>(points::others[k].c, [&](int i) { return d[i + 1]; });
    fma(vf::set(points::p[k]), odd, even).store(v + (1 + 2 * k) * point);
    fma(vf::set(-points::p[k]), odd, even).store(v + (2 + 2 * k) * point);
  }
  conv2d_winograd_sum<pairs + 1>(points::all.c, [&](int i) { return d[i + 1]; }).store(v + (Edge + 1) * point);
}

/// v = BᵀdB of the pixels at x. In passes of one or two rows of Bᵀ each, so that a pass fits in the registers.
template <int Edge, class T>
inline void conv2d_winograd_input(const T* x, index_t row, index_t pixel, float* v, index_t point) {
  using points = conv2d_winograd_points<Edge>;
  constexpr int pairs = points::pairs, count = points::count;
  vf first[count], second[count];
#pragma GCC unroll 2
  for (int end = 0; end < 2; ++end) {  // the points 0 and ∞
#pragma GCC unroll 8
    for (int c = 0; c < count; ++c)
      first[c] = conv2d_winograd_sum<pairs + 1>(
          points::all.c, [&](int i) { return vf::load(x + (i + end) * row + c * pixel); });
    conv2d_winograd_store_inputs<Edge>(first, v + end * (count - 1) * count * point, point);
  }
#pragma GCC unroll 3
  for (int k = 0; k < pairs; ++k) {
    const auto inputs = [&](int c, int from) {
      return conv2d_winograd_sum<pairs>(points::others[k].c,
                                        [&](int i) { return vf::load(x + (i + from) * row + c * pixel); });
    };
#pragma GCC unroll 8
    for (int c = 0; c < count; ++c) {
      const vf even = inputs(c, 2), odd = inputs(c, 1);
      first[c] = fma(vf::set(points::p[k]), odd, even);
      second[c] = fma(vf::set(-points::p[k]), odd, even);
    }
    conv2d_winograd_store_inputs<Edge>(first, v + (1 + 2 * k) * count * point, point);
    conv2d_winograd_store_inputs<Edge>(second, v + (2 + 2 * k) * count * point, point);
  }
}

/// Gg along one axis.
template <int Edge>
[[gnu::always_inline]] inline void conv2d_winograd_filter_axis(vf g0, vf g1, vf g2, vf (&u)[Edge + 2]) {
  using points = conv2d_winograd_points<Edge>;
  u[0] = vf::set(points::over_0) * g0;
#pragma GCC unroll 3
  for (int k = 0; k < points::pairs; ++k) {
    const float over = points::over(k), p = points::p[k];
    const vf even = fma(vf::set(over * p * p), g2, vf::set(over) * g0);
    u[1 + 2 * k] = fma(vf::set(over * p), g1, even);
    u[2 + 2 * k] = fma(vf::set(-over * p), g1, even);
  }
  u[Edge + 1] = g2;
}

/// u = scale·GgGᵀ of the 3×3 taps at g.
template <int Edge>
inline void conv2d_winograd_filter(const float* g, index_t row, index_t column, vf scale, float* u, index_t point) {
  constexpr int count = Edge + 2;
  vf rows[3][count];
#pragma GCC unroll 3
  for (int c = 0; c < 3; ++c) {
    const float* tap = g + c * column;
    conv2d_winograd_filter_axis<Edge>(scale * vf::load(tap), scale * vf::load(tap + row),
                                      scale * vf::load(tap + 2 * row), rows[c]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < count; ++r) {
    vf u_row[count];
    conv2d_winograd_filter_axis<Edge>(rows[0][r], rows[1][r], rows[2][r], u_row);
#pragma GCC unroll 8
    for (int c = 0; c < count; ++c) u_row[c].store(u + (count * r + c) * point);
  }
}

/// The even outputs of Aᵀm along one axis, made of the sums of the values at p and −p, or the odd ones, of their
/// differences. Adds to start, unless that is null.
template <int Edge, class Values>
[[gnu::always_inline]] inline void conv2d_winograd_output_axis(const Values& m, int odd, const vf* start,
                                                               vf (&y)[Edge / 2]) {
  using points = conv2d_winograd_points<Edge>;
  vf paired[points::pairs];
#pragma GCC unroll 3
  for (int k = 0; k < points::pairs; ++k) {
    const vf plus = m(1 + 2 * k), minus = m(2 + 2 * k);
    paired[k] = odd == 0 ? plus + minus : plus - minus;
  }
#pragma GCC unroll 3
  for (int half = 0; half < Edge / 2; ++half) {
    const int power = odd + 2 * half;
    const vf factor = vf::set(points::power(0, power));
    vf sum = power == 0 ? paired[0] : factor * paired[0];
    if (start != nullptr) sum = power == 0 ? *start + paired[0] : fma(factor, paired[0], *start);
#pragma GCC unroll 3
    for (int k = 1; k < points::pairs; ++k)
      sum = power == 0 ? sum + paired[k] : fma(vf::set(points::power(k, power)), paired[k], sum);
    if (power == 0) sum = m(0) + sum;
    if (power == Edge - 1) sum = m(Edge + 1) + sum;
    y[half] = sum;
  }
}

/// y = AᵀmA + bias for one tile and one vector of outputs; put(row, column, y) takes each. First the even rows of Aᵀ,
/// then the odd ones: a pass fits in registers.
template <int Edge, class Put>
inline void conv2d_winograd_output(const float* m, index_t point, vf bias, Put&& put) {
  constexpr int count = Edge + 2, halves = Edge / 2;
#pragma GCC unroll 2
  for (int odd_row = 0; odd_row < 2; ++odd_row) {
    vf rows[count][halves];
#pragma GCC unroll 8
    for (int c = 0; c < count; ++c)
      conv2d_winograd_output_axis<Edge>([&](int r) { return vf::load(m + (r * count + c) * point); }, odd_row, nullptr,
                                        rows[c]);
#pragma GCC unroll 3
    for (int r = 0; r < halves; ++r)
#pragma GCC unroll 2
      for (int odd = 0; odd < 2; ++odd) {
        vf y[halves];
        conv2d_winograd_output_axis<Edge>([&](int c) { return rows[c][r]; }, odd, &bias, y);
#pragma GCC unroll 3
        for (int c = 0; c < halves; ++c) put(odd_row + 2 * r, odd + 2 * c, y[c]);
      }
  }
}

/// Ay along one axis.
template <int Edge>
[[gnu::always_inline]] inline void conv2d_winograd_gradient_axis(const vf (&y)[Edge], vf (&z)[Edge + 2]) {
  using points = conv2d_winograd_points<Edge>;
  z[0] = y[0];
#pragma GCC unroll 3
  for (int k = 0; k < points::pairs; ++k) {
    vf even = y[0], odd = y[1];
#pragma GCC unroll 2
    for (int i = 2; i < Edge; i += 2) {
      even = fma(vf::set(points::power(k, i)), y[i], even);
      odd = fma(vf::set(points::power(k, i)), y[i + 1], odd);
    }
    z[1 + 2 * k] = fma(vf::set(points::p[k]), odd, even);
    z[2 + 2 * k] = fma(vf::set(-points::p[k]), odd, even);
  }
  z[Edge + 1] = y[Edge - 1];
}

/// z = A·dy·Aᵀ of a tile of gradients at dy: what the gradient of U sees of it. Returns the sum of the tile.
template <int Edge, class T>
inline vf conv2d_winograd_gradient(const T* dy, index_t row, index_t pixel, float* z, index_t point) {
  constexpr int count = Edge + 2;
  vf columns[Edge][count], sum = vf::zero();
  for (int c = 0; c < Edge; ++c) {
    vf y[Edge];
#pragma GCC unroll 6
    for (int r = 0; r < Edge; ++r) y[r] = vf::load(dy + r * row + c * pixel);
    conv2d_winograd_gradient_axis<Edge>(y, columns[c]);
#pragma GCC unroll 6
    for (int r = 0; r < Edge; r += 2) sum = sum + (y[r] + y[r + 1]);
  }
  for (int r = 0; r < count; ++r) {
    vf y[Edge], z_row[count];
#pragma GCC unroll 6
    for (int c = 0; c < Edge; ++c) y[c] = columns[c][r];
    conv2d_winograd_gradient_axis<Edge>(y, z_row);
#pragma GCC unroll 8
    for (int c = 0; c < count; ++c) z_row[c].store(z + (count * r + c) * point);
  }
  return sum;
}

/// Gᵀu along one axis.
template <int Edge>
[[gnu::always_inline]] inline void conv2d_winograd_filter_gradient_axis(const vf (&u)[Edge + 2], vf (&g)[3]) {
  using points = conv2d_winograd_points<Edge>;
  g[0] = vf::set(points::over_0) * u[0];
  g[1] = vf::zero();
  g[2] = u[Edge + 1];
#pragma GCC unroll 3
  for (int k = 0; k < points::pairs; ++k) {
    const float over = points::over(k), p = points::p[k];
    const vf sum = u[1 + 2 * k] + u[2 + 2 * k], difference = u[1 + 2 * k] - u[2 + 2 * k];
    g[0] = fma(vf::set(over), sum, g[0]);
    g[1] = fma(vf::set(over * p), difference, g[1]);
    g[2] = fma(vf::set(over * p * p), sum, g[2]);
  }
}

/// Adds GᵀdU·G to the first `lanes` lanes of the 3×3 taps at dw.
template <int Edge>
inline void conv2d_winograd_filter_gradient(const float* du, index_t point, float* dw, index_t row, index_t column,
                                            index_t lanes) {
  constexpr int count = Edge + 2;
  vf rows[3][count];
  for (int c = 0; c < count; ++c) {
    vf u[count], g[3];
#pragma GCC unroll 8
    for (int r = 0; r < count; ++r) u[r] = vf::load(du + (count * r + c) * point);
    conv2d_winograd_filter_gradient_axis<Edge>(u, g);
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r) rows[r][c] = g[r];
  }
  for (int r = 0; r < 3; ++r) {
    vf g[3];
    conv2d_winograd_filter_gradient_axis<Edge>(rows[r], g);
#pragma GCC unroll 3
    for (int c = 0; c < 3; ++c) {
      float* const tap = dw + r * row + c * column;
      store_up_to(tap, lanes, load_up_to(tap, lanes) + g[c]);
    }
  }
}
