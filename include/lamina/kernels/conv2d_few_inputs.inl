// Included once per instruction set by simd/foreach_isa.hpp: the weight gradient of a network's first layer, 3×3 taps
// over one or three inputs. Lanes are outputs; the sums of all taps stay in registers while a row of pixels passes by.

/// Rows of the filter at a time: all three where there are registers for it.
constexpr int conv2d_few_inputs_rows = vf::registers == 32 ? 3 : 1;

/// sums[row][tap·input][lanes] += Σ over `columns` pixels dy · x, for up to `outputs` lanes. x: what the first pixel's
/// first tap reads; taps' rows are `x_row` apart, neighbouring pixels `x_pixel`. Terms: a filter row's taps × inputs.
template <int Terms, class T>
inline void conv2d_few_inputs_row(const float* x, index_t x_row, index_t x_pixel, const T* dy, index_t dy_pixel,
                                  index_t columns, index_t outputs, float* sums) {
  constexpr int rows = conv2d_few_inputs_rows;
  constexpr index_t V = vf::lanes;
  vf sum[rows][Terms];
#pragma GCC unroll 3
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 9
    for (int t = 0; t < Terms; ++t) sum[r][t] = vf::load(sums + (r * Terms + t) * V);
  for (index_t column = 0; column < columns; ++column, x += x_pixel, dy += dy_pixel) {
    const vf gradient = load_up_to(dy, outputs);
#pragma GCC unroll 3
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 9
      for (int t = 0; t < Terms; ++t) sum[r][t] = fma(vf::set(x[r * x_row + t]), gradient, sum[r][t]);
  }
#pragma GCC unroll 3
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 9
    for (int t = 0; t < Terms; ++t) sum[r][t].store(sums + (r * Terms + t) * V);
}

/// How the work is cut into pieces and what memory that takes: a function of shapes only. A task is a part of the rows
/// of dy, with sums of its own, which are added in order.
struct conv2d_few_inputs_plan {
  static constexpr index_t V = vf::lanes;
  index_t terms, vectors, rows, parts;
  index_t x_row;         // floats of a padded row of x
  index_t part, worker;  // floats of each

  conv2d_few_inputs_plan(shape w, const conv2d_params& params, shape dy)
      : terms(w.w * w.c),
        vectors(ceil_div(w.n, V)),
        rows(dy.n * dy.h),
        parts(std::min<index_t>(rows, 32)),
        x_row(((dy.w - 1) * params.stride + w.w) * w.c),
        part(vectors * (w.h * terms + 1) * V),
        worker(round_up(w.h * x_row, 16)) {}
  index_t workspace(int workers) const { return parts * part + static_cast<index_t>(workers) * worker; }
};

inline index_t conv2d_few_inputs_workspace(shape w, const conv2d_params& params, shape dy, int workers) {
  return conv2d_few_inputs_plan(w, params, dy).workspace(workers);
}

/// The rows of x that output row `oy` reads, with zeros for the padding.
template <class T>
inline void conv2d_few_inputs_copy(const conv2d_few_inputs_plan& plan, const conv2d_params& params, view<const T> x,
                                   index_t n, index_t oy, float* dense) {
  const auto [N, H, W, C] = x.extents();
  for (index_t ky = 0; ky < 3; ++ky) {
    const index_t row = oy * params.stride - params.padding.top + ky;
    float* const to = dense + ky * plan.x_row;
    for (index_t i = 0; i < plan.x_row; i += C) {
      const index_t column = i / C - params.padding.left;
      const bool exists = row >= 0 && row < H && column >= 0 && column < W;
      const T* const pixel = exists ? x.pixel(n, row, column) : nullptr;
      for (index_t c = 0; c < C; ++c) to[i + c] = exists ? static_cast<float>(pixel[c]) : 0.0f;
    }
  }
}

/// The work of one part: sums [vector][3·terms + 1][lanes], the last of them of the bias.
template <int Terms, class T>
inline void conv2d_few_inputs_part(const conv2d_few_inputs_plan& plan, const conv2d_params& params, view<const T> x,
                                   view<const T> dy, index_t part, float* sums, float* dense) {
  constexpr index_t V = vf::lanes;
  const auto [N, H, W, O] = dy.extents();
  std::fill_n(sums, plan.part, 0.0f);
  for (index_t row = part * plan.rows / plan.parts; row < (part + 1) * plan.rows / plan.parts; ++row) {
    conv2d_few_inputs_copy(plan, params, x, row / H, row % H, dense);
    for (index_t o = 0; o < O; o += V) {
      const T* const gradients = dy.pixel(row / H, row % H, 0) + o;
      float* const own = sums + o * (3 * plan.terms + 1);
      for (index_t ky = 0; ky < 3; ky += conv2d_few_inputs_rows)
        conv2d_few_inputs_row<Terms>(dense + ky * plan.x_row, plan.x_row, params.stride * x.extents().c, gradients,
                                     dy.pixel_stride(), W, O - o, own + ky * Terms * V);
      vf bias = vf::zero();
      for (index_t column = 0; column < W; ++column)
        bias = bias + load_up_to(gradients + column * dy.pixel_stride(), O - o);
      float* const bias_sum = own + 3 * plan.terms * V;
      (vf::load(bias_sum) + bias).store(bias_sum);
    }
  }
}

/// Adds to dw [O,3,3,C], dense, and to db unless that is null. C is 1 or 3.
template <class T>
inline void conv2d_few_inputs_weights(executor& workers, const conv2d_params& params, view<const T> x,
                                      view<const T> dy, shape w, float* dw, float* db, float* workspace) {
  constexpr index_t V = vf::lanes;
  const conv2d_few_inputs_plan plan(w, params, dy.extents());
  const auto one_part = w.c == 3 ? conv2d_few_inputs_part<9, T> : conv2d_few_inputs_part<3, T>;
  workers.run(plan.parts, [&](index_t part, int worker) {
    one_part(plan, params, x, dy, part, workspace + part * plan.part,
             workspace + plan.parts * plan.part + worker * plan.worker);
  });
  const index_t terms = 3 * plan.terms;
  for (index_t part = 0; part < plan.parts; ++part)
    for (index_t o = 0; o < w.n; ++o) {
      const float* const sums = workspace + part * plan.part + o / V * V * (terms + 1) + o % V;
      for (index_t t = 0; t < terms; ++t) dw[o * terms + t] += sums[t * V];
      if (db != nullptr) db[o] += sums[terms * V];
    }
}
