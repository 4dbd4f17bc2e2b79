// Included once per instruction set by simd/foreach_isa.hpp: the transforms of Winograd's convolution F(4×4,3×3). Each
// lane is a channel.
//
// Along one axis, four outputs y of three taps g over six inputs d are y = Aᵀ(Gg ⊙ Bᵀd): six products in place of
// twelve. That is a product of polynomials by its values at the points 0, ±a, ±b and ∞. The row of a point p has
//     in Bᵀ   the coefficients of Π (x − q) over the other finite points q; of ∞: over all of them
//     in G    1, p, p², each divided by Π (p − q); of ∞: 0, 0, 1
//     in A    1, p, p², p³; of ∞: 0, 0, 0, 1
// With a = 3/4 and b = 3/2 all of Bᵀ and Aᵀ are exact in float, and the error is half that of the usual points 1 and 2.

/// a² + b², a²·b², and the divisors of G.
struct conv2d_winograd_points {
  static constexpr float a = 0.75f, b = 1.5f, aa = a * a, bb = b * b, sum = aa + bb, product = aa * bb;
  static constexpr float over_0 = 1 / product, over_a = 1 / (2 * aa * (aa - bb)), over_b = 1 / (2 * bb * (bb - aa));
};

/// Bᵀd along a row, stored `point` floats apart.
inline void conv2d_winograd_store_inputs(const vf (&d)[6], float* v, index_t point) {
  using p = conv2d_winograd_points;
  const vf even_a = fma(vf::set(-p::bb), d[2], d[4]), odd_a = fma(vf::set(-p::bb), d[1], d[3]);
  const vf even_b = fma(vf::set(-p::aa), d[2], d[4]), odd_b = fma(vf::set(-p::aa), d[1], d[3]);
  fma(vf::set(p::product), d[0], fma(vf::set(-p::sum), d[2], d[4])).store(v);
  fma(vf::set(p::a), odd_a, even_a).store(v + point);
  fma(vf::set(-p::a), odd_a, even_a).store(v + 2 * point);
  fma(vf::set(p::b), odd_b, even_b).store(v + 3 * point);
  fma(vf::set(-p::b), odd_b, even_b).store(v + 4 * point);
  fma(vf::set(p::product), d[1], fma(vf::set(-p::sum), d[3], d[5])).store(v + 5 * point);
}

/// v = BᵀdB of the 6×6 pixels at x. In three passes of two rows of Bᵀ each, so that a pass fits in the registers.
template <class T>
inline void conv2d_winograd_input(const T* x, index_t row, index_t pixel, float* v, index_t point) {
  using p = conv2d_winograd_points;
  vf first[6], second[6];
#pragma GCC unroll 6
  for (int c = 0; c < 6; ++c) {
    const T* d = x + c * pixel;
    const vf middle = fma(vf::set(-p::sum), vf::load(d + 2 * row), vf::load(d + 4 * row));
    first[c] = fma(vf::set(p::product), vf::load(d), middle);
  }
  conv2d_winograd_store_inputs(first, v, point);
#pragma GCC unroll 6
  for (int c = 0; c < 6; ++c) {
    const T* d = x + row + c * pixel;
    const vf middle = fma(vf::set(-p::sum), vf::load(d + 2 * row), vf::load(d + 4 * row));
    second[c] = fma(vf::set(p::product), vf::load(d), middle);
  }
  conv2d_winograd_store_inputs(second, v + 30 * point, point);
#pragma GCC unroll 2
  for (int pair = 0; pair < 2; ++pair) {
    const vf other = vf::set(pair == 0 ? -p::bb : -p::aa), here = vf::set(pair == 0 ? p::a : p::b),
             opposite = vf::set(pair == 0 ? -p::a : -p::b);
#pragma GCC unroll 6
    for (int c = 0; c < 6; ++c) {
      const T* d = x + c * pixel;
      const vf even = fma(other, vf::load(d + 2 * row), vf::load(d + 4 * row));
      const vf odd = fma(other, vf::load(d + row), vf::load(d + 3 * row));
      first[c] = fma(here, odd, even);
      second[c] = fma(opposite, odd, even);
    }
    conv2d_winograd_store_inputs(first, v + (6 + 12 * pair) * point, point);
    conv2d_winograd_store_inputs(second, v + (12 + 12 * pair) * point, point);
  }
}

/// Gg along one axis.
inline void conv2d_winograd_filter_axis(vf g0, vf g1, vf g2, vf (&u)[6]) {
  using p = conv2d_winograd_points;
  const vf even_a = fma(vf::set(p::over_a * p::aa), g2, vf::set(p::over_a) * g0);
  const vf even_b = fma(vf::set(p::over_b * p::bb), g2, vf::set(p::over_b) * g0);
  u[0] = vf::set(p::over_0) * g0;
  u[1] = fma(vf::set(p::over_a * p::a), g1, even_a);
  u[2] = fma(vf::set(-p::over_a * p::a), g1, even_a);
  u[3] = fma(vf::set(p::over_b * p::b), g1, even_b);
  u[4] = fma(vf::set(-p::over_b * p::b), g1, even_b);
  u[5] = g2;
}

/// u = scale·GgGᵀ of the 3×3 taps at g.
inline void conv2d_winograd_filter(const float* g, index_t row, index_t column, vf scale, float* u, index_t point) {
  vf rows[3][6];
#pragma GCC unroll 3
  for (int c = 0; c < 3; ++c) {
    const float* tap = g + c * column;
    conv2d_winograd_filter_axis(scale * vf::load(tap), scale * vf::load(tap + row), scale * vf::load(tap + 2 * row),
                                rows[c]);
  }
#pragma GCC unroll 6
  for (int r = 0; r < 6; ++r) {
    vf u_row[6];
    conv2d_winograd_filter_axis(rows[0][r], rows[1][r], rows[2][r], u_row);
#pragma GCC unroll 6
    for (int c = 0; c < 6; ++c) u_row[c].store(u + (6 * r + c) * point);
  }
}

/// y = AᵀmA + bias for one 4×4 tile and one vector of outputs; put(row, column, y) takes each. First the even rows of
/// Aᵀ, made of the sums of the values at p and −p, then the odd ones, of their differences: a pass fits in registers.
template <class Put>
inline void conv2d_winograd_output(const float* m, index_t point, vf bias, Put&& put) {
  using p = conv2d_winograd_points;
#pragma GCC unroll 2
  for (int odd = 0; odd < 2; ++odd) {
    vf z[2][6];
#pragma GCC unroll 6
    for (int c = 0; c < 6; ++c) {
      const float* const column = m + c * point;
      const vf a = vf::load(column + 6 * point), minus_a = vf::load(column + 12 * point),
               b = vf::load(column + 18 * point), minus_b = vf::load(column + 24 * point);
      if (odd == 0) {
        const vf near = a + minus_a, far = b + minus_b;
        z[0][c] = vf::load(column) + (near + far);
        z[1][c] = fma(vf::set(p::bb), far, vf::set(p::aa) * near);
      } else {
        const vf near = a - minus_a, far = b - minus_b, last = vf::load(column + 30 * point);
        z[0][c] = fma(vf::set(p::b), far, vf::set(p::a) * near);
        z[1][c] = fma(vf::set(p::bb * p::b), far, fma(vf::set(p::aa * p::a), near, last));
      }
    }
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const vf(&r)[6] = z[half];
      const int row = odd + 2 * half;
      const vf near = r[1] + r[2], far = r[3] + r[4], near_odd = r[1] - r[2], far_odd = r[3] - r[4];
      put(row, 0, r[0] + bias + (near + far));
      put(row, 1, fma(vf::set(p::b), far_odd, fma(vf::set(p::a), near_odd, bias)));
      put(row, 2, fma(vf::set(p::bb), far, fma(vf::set(p::aa), near, bias)));
      put(row, 3, fma(vf::set(p::bb * p::b), far_odd, fma(vf::set(p::aa * p::a), near_odd, r[5] + bias)));
    }
  }
}

/// z = A·dy·Aᵀ of a 4×4 tile of gradients at dy: what the gradient of U sees of it. Returns the sum of the tile.
template <class T>
inline vf conv2d_winograd_gradient(const T* dy, index_t row, index_t pixel, float* z, index_t point) {
  using p = conv2d_winograd_points;
  vf columns[6][4], sum = vf::zero();
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    const T* d = dy + c * pixel;
    const vf y0 = vf::load(d), y1 = vf::load(d + row), y2 = vf::load(d + 2 * row), y3 = vf::load(d + 3 * row);
    const vf even_a = fma(vf::set(p::aa), y2, y0), odd_a = fma(vf::set(p::aa), y3, y1);
    const vf even_b = fma(vf::set(p::bb), y2, y0), odd_b = fma(vf::set(p::bb), y3, y1);
    columns[0][c] = y0;
    columns[1][c] = fma(vf::set(p::a), odd_a, even_a);
    columns[2][c] = fma(vf::set(-p::a), odd_a, even_a);
    columns[3][c] = fma(vf::set(p::b), odd_b, even_b);
    columns[4][c] = fma(vf::set(-p::b), odd_b, even_b);
    columns[5][c] = y3;
    sum = sum + ((y0 + y1) + (y2 + y3));
  }
#pragma GCC unroll 6
  for (int r = 0; r < 6; ++r) {
    const vf(&y)[4] = columns[r];
    float* const to = z + 6 * r * point;
    const vf even_a = fma(vf::set(p::aa), y[2], y[0]), odd_a = fma(vf::set(p::aa), y[3], y[1]);
    const vf even_b = fma(vf::set(p::bb), y[2], y[0]), odd_b = fma(vf::set(p::bb), y[3], y[1]);
    y[0].store(to);
    fma(vf::set(p::a), odd_a, even_a).store(to + point);
    fma(vf::set(-p::a), odd_a, even_a).store(to + 2 * point);
    fma(vf::set(p::b), odd_b, even_b).store(to + 3 * point);
    fma(vf::set(-p::b), odd_b, even_b).store(to + 4 * point);
    y[3].store(to + 5 * point);
  }
  return sum;
}

/// Gᵀu along one axis.
inline void conv2d_winograd_filter_gradient_axis(const vf (&u)[6], vf (&g)[3]) {
  using p = conv2d_winograd_points;
  const vf sum_a = u[1] + u[2], sum_b = u[3] + u[4], difference_a = u[1] - u[2], difference_b = u[3] - u[4];
  g[0] = fma(vf::set(p::over_0), u[0], fma(vf::set(p::over_a), sum_a, vf::set(p::over_b) * sum_b));
  g[1] = fma(vf::set(p::over_a * p::a), difference_a, vf::set(p::over_b * p::b) * difference_b);
  g[2] = fma(vf::set(p::over_a * p::aa), sum_a, fma(vf::set(p::over_b * p::bb), sum_b, u[5]));
}

/// Adds GᵀdU·G to the first `count` lanes of the 3×3 taps at dw.
inline void conv2d_winograd_filter_gradient(const float* du, index_t point, float* dw, index_t row, index_t column,
                                            index_t count) {
  vf rows[3][6];
#pragma GCC unroll 6
  for (int c = 0; c < 6; ++c) {
    vf u[6], g[3];
#pragma GCC unroll 6
    for (int r = 0; r < 6; ++r) u[r] = vf::load(du + (6 * r + c) * point);
    conv2d_winograd_filter_gradient_axis(u, g);
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r) rows[r][c] = g[r];
  }
#pragma GCC unroll 3
  for (int r = 0; r < 3; ++r) {
    vf g[3];
    conv2d_winograd_filter_gradient_axis(rows[r], g);
#pragma GCC unroll 3
    for (int c = 0; c < 3; ++c) {
      float* const tap = dw + r * row + c * column;
      store_up_to(tap, count, load_up_to(tap, count) + g[c]);
    }
  }
}
