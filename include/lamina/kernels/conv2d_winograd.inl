// Included once per instruction set by simd/foreach_isa.hpp: Winograd's convolution F(4×4,3×3) or F(6×6,3×3), forward
// pass and data gradient alike. y is cut into tiles of 4×4 or 6×6 pixels, those of all images in one list. With the
// transforms of conv2d_winograd_transforms.inl a tile is
//     V = BᵀdB of its inputs, U = scale·GgGᵀ of each filter, M[p] = Σ over inputs V[p]·U[p] at each point p,
//     y = AᵀMA + b
// Layouts, with the 36 or 64 points outermost:
//     V  [points][inputs / lanes][tile][lanes]
//     U  [points][outputs / block][inputs][block], block: two vectors of outputs, or the one that is left
//     M  [points][tile][outputs]

/// One call of the micro-kernel: neighbouring tiles × one or two vectors of outputs at one point.
struct conv2d_winograd_product {
  const float* v;
  index_t v_block;  // distance of blocks of inputs
  index_t inputs;
  const float* u;
  float* m;
  index_t m_tile;
  bool adds;  // to m, over earlier inputs
};

/// Tiles at a time, in registers with one or two vectors of each: 12 with AVX-512, 8 with NEON, else 6; the rest hold
/// filters and inputs.
constexpr int conv2d_winograd_tiles = vf::sums / 2;
static_assert(conv2d_winograd_tiles % conv2d_winograd_quantum == 0);

template <int Tiles, int Vectors>
inline void conv2d_winograd_product_kernel(const conv2d_winograd_product& product) {
  constexpr index_t V = vf::lanes;
  vf sum[Tiles][Vectors];
  float* const m = product.m;
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 2
    for (int o = 0; o < Vectors; ++o)
      sum[t][o] = product.adds ? vf::load(m + t * product.m_tile + o * V) : vf::zero();
  const float* u = product.u;
  const float* block = product.v;
  for (index_t left = product.inputs; left > 0; left -= V, block += product.v_block) {
    const float* const end = block + std::min(left, V);
    const float* ahead = block + Tiles * V;  // the next call's tiles
#pragma GCC unroll 2
    for (const float* v = block; v < end; ++v, u += Vectors * V, ahead += V) {
      __builtin_prefetch(ahead);
      vf filters[Vectors];
#pragma GCC unroll 2
      for (int o = 0; o < Vectors; ++o) filters[o] = vf::load(u + o * V);
#pragma GCC unroll 12
      for (int t = 0; t < Tiles; ++t) {
        const vf value = vf::set(v[t * V]);
#pragma GCC unroll 2
        for (int o = 0; o < Vectors; ++o) sum[t][o] = fma(value, filters[o], sum[t][o]);
      }
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 2
    for (int o = 0; o < Vectors; ++o) sum[t][o].store(m + t * product.m_tile + o * V);
}

using conv2d_winograd_product_function = void (*)(const conv2d_winograd_product&);

/// The micro-kernel for whole quanta of tiles and one or two vectors.
template <int... Quanta>
inline conv2d_winograd_product_function conv2d_winograd_product_for(index_t tiles, index_t vectors,
                                                                    std::integer_sequence<int, Quanta...>) {
  static constexpr conv2d_winograd_product_function functions[][2] = {
      {conv2d_winograd_product_kernel<(Quanta + 1) * conv2d_winograd_quantum, 1>,
       conv2d_winograd_product_kernel<(Quanta + 1) * conv2d_winograd_quantum, 2>}...};
  return functions[tiles / conv2d_winograd_quantum - 1][vectors - 1];
}
inline conv2d_winograd_product_function conv2d_winograd_product_for(index_t tiles, index_t vectors) {
  constexpr int quanta = conv2d_winograd_tiles / conv2d_winograd_quantum;
  return conv2d_winograd_product_for(tiles, vectors, std::make_integer_sequence<int, quanta>());
}

/// How the work is cut into pieces and what memory that takes: a function of shapes only.
struct conv2d_winograd_plan : conv2d_winograd_grid {
  static constexpr index_t V = vf::lanes;
  index_t inputs, outputs;
  /// Either a task is a batch of tiles: V and M are the worker's own, and all of U is made beforehand. Or, where U is
  /// large or tiles are few, a task is a group of outputs: V of a batch of tiles is shared, and U is made a chunk of
  /// inputs at a time and used at once, which adds up in M.
  bool by_tiles;
  index_t batch, batches;  // tiles at a time
  index_t group, groups;   // outputs at a time
  index_t chunk;           // inputs at a time
  conv2d_winograd_layout v;
  index_t u_point, m_point;  // floats from point to point
  index_t shared, worker;    // floats: for all, for each worker

  conv2d_winograd_plan(const tap_convolution& conv, shape y)
      : conv2d_winograd_grid(y, tile_edge(conv.algorithm)),
        inputs(conv.inputs),
        outputs(conv.outputs),
        by_tiles(tiles >= 96 && inputs * outputs <= 64 * 1024 && inputs <= 256),
        batch(batch_of(!by_tiles ? 128 : edge == 6 && inputs >= 64 ? 12 : 24)),
        batches(ceil_div(tiles, batch)),
        group(std::min<index_t>(round_up(outputs, V), by_tiles ? 64 : 32)),
        groups(ceil_div(outputs, group)),
        chunk(by_tiles ? inputs : std::min<index_t>(inputs, 256)),
        v(points, inputs, batch),
        u_point(chunk * group + conv2d_winograd_line),
        m_point(batch * group + conv2d_winograd_line),
        shared(by_tiles ? groups * points * u_point : v.size()),
        worker(points * m_point + (by_tiles ? v.size() : points * u_point)) {}
  index_t workspace(int workers) const { return shared + static_cast<index_t>(workers) * worker; }
  index_t batch_tiles(index_t b) const { return std::min(batch, tiles - b * batch); }
  index_t group_outputs(index_t g) const { return std::min(group, outputs - g * group); }
};

/// U of one vector of outputs, of which `outputs` exist, and of `inputs` inputs from w on, which are `width` apart in
/// u. scale: one value for each output, or null.
inline void conv2d_winograd_filters(const tap_convolution& conv, const float* w, const float* scale, index_t outputs,
                                    index_t inputs, float* u, index_t width, index_t point) {
  constexpr index_t V = vf::lanes;
  const auto transform = tile_edge(conv.algorithm) == 6 ? conv2d_winograd_filter<6> : conv2d_winograd_filter<4>;
  const vf factor = scale != nullptr ? load_up_to(scale, outputs) : vf::set(1.0f);
  const auto [by_output, by_row, by_column, by_input] = conv.filter;
  if (by_output == 1 && outputs >= V) {
    for (index_t i = 0; i < inputs; ++i) {
      const float* const taps = w + i * by_input;
      for (index_t tap = 0; tap < 9; ++tap)
        __builtin_prefetch(taps + 4 * by_input + tap / 3 * by_row + tap % 3 * by_column);
      transform(taps, by_row, by_column, factor, u + i * width, point);
    }
    return;
  }
  float taps[9 * V * V];  // [tap][input][output]
  for (index_t first = 0; first < inputs; first += V) {
    const index_t count = std::min(V, inputs - first);
    for (index_t tap = 0; tap < 9; ++tap) {
      const float* from = w + first * by_input + tap / 3 * by_row + tap % 3 * by_column;
      float* const to = taps + tap * V * V;
      if (by_input == 1 && outputs >= V && count == V) {
        vf rows[V];
        for (index_t o = 0; o < V; ++o) {
          __builtin_prefetch(from + o * by_output + 2 * V);
          rows[o] = vf::load(from + o * by_output);
        }
        transpose(rows);
        for (index_t i = 0; i < V; ++i) rows[i].store(to + i * V);
        continue;
      }
      for (index_t i = 0; i < count; ++i)
        for (index_t o = 0; o < V; ++o) to[i * V + o] = o < outputs ? from[o * by_output + i * by_input] : 0.0f;
    }
    for (index_t i = 0; i < count; ++i)
      transform(taps + i * V, 3 * V * V, V * V, factor, u + (first + i) * width, point);
  }
}

/// U of a group's `outputs` outputs, of `inputs` inputs from w on, which are those from `first` on of `chunk`.
inline void conv2d_winograd_group_filters(const conv2d_winograd_plan& plan, const tap_convolution& conv,
                                          const float* w, const float* scale, index_t outputs, index_t first,
                                          index_t inputs, index_t chunk, float* u) {
  constexpr index_t V = vf::lanes;
  for (index_t o = 0; o < outputs; o += V) {
    const index_t block = o - o % (2 * V), width = outputs - block > V ? 2 * V : V;
    conv2d_winograd_filters(conv, w + o * conv.filter.output, channels_from(scale, o), outputs - o, inputs,
                            u + block * chunk + first * width + o - block, width, plan.u_point);
  }
}

/// 3×3 taps that are needed next, fetched into the second-level cache beside the products: for each of `count`
/// channels, `stride` apart, `length` neighbouring channels at each tap.
struct conv2d_winograd_taps_ahead {
  const float* w;
  index_t row, column, length, count, stride;

  void operator()(index_t part, index_t parts) const {
    const index_t lines = ceil_div(length, 16), all = count * 9 * lines;
    for (index_t k = part * all / parts; k < (part + 1) * all / parts; ++k) {
      const index_t tap = k / lines % 9;
      fetch_ahead(w + k / lines / 9 * stride + tap / 3 * row + tap % 3 * column + k % lines * 16);
    }
  }
};

/// M of a group of outputs, from `inputs` inputs of `tiles` tiles. Calls ahead(part, parts) between the products.
template <class Ahead>
inline void conv2d_winograd_products(const conv2d_winograd_plan& plan, const float* v, index_t tiles, const float* u,
                                     index_t inputs, index_t outputs, bool adds, float* m, const Ahead& ahead) {
  constexpr index_t V = vf::lanes;
  tiles = round_up(tiles, conv2d_winograd_quantum);
  const index_t parts = plan.points * ceil_div(outputs, 2 * V) * ceil_div(tiles, conv2d_winograd_tiles);
  index_t part = 0;
  for (index_t p = 0; p < plan.points; ++p) {
    for (index_t o = 0; o < outputs; o += 2 * V) {
      const index_t vectors = outputs - o > V ? 2 : 1;
      for (index_t t = 0, count; t < tiles; t += count) {
        count = std::min<index_t>(tiles - t, conv2d_winograd_tiles);
        conv2d_winograd_product_for(count, vectors)({.v = v + p * plan.v.point + t * V,
                                                     .v_block = plan.batch * V,
                                                     .inputs = inputs,
                                                     .u = u + p * plan.u_point + o * inputs,
                                                     .m = m + p * plan.m_point + t * plan.group + o,
                                                     .m_tile = plan.group,
                                                     .adds = adds});
        ahead(part++, parts);
      }
    }
  }
}

/// The channels of y, all of one group, in the tiles [first, first + tiles).
template <int Edge, class T>
inline void conv2d_winograd_outputs(const conv2d_winograd_plan& plan, const float* m, index_t first, index_t tiles,
                                    const float* b, float slope, view<T> y) {
  constexpr index_t V = vf::lanes;
  const auto [N, H, W, O] = y.extents();
  const activation act(slope);
  T staged[Edge * Edge * V];
  for (index_t t = 0; t < tiles; ++t) {
    const auto [n, top, left] = plan.place_of(first + t);
    const index_t rows = std::min<index_t>(Edge, H - top), columns = std::min<index_t>(Edge, W - left);
    for (index_t o = 0; o < O; o += V) {
      const bool whole = rows == Edge && columns == Edge && o + V <= O;
      T* const place = y.pixel(n, top, left) + o;
      T* const to = whole ? place : staged;
      const index_t row_stride = whole ? y.row_stride() : Edge * V, pixel_stride = whole ? y.pixel_stride() : V;
      const vf bias = b != nullptr ? load_up_to(b + o, O - o) : vf::zero();
      conv2d_winograd_output<Edge>(m + t * plan.group + o, plan.m_point, bias, [&](index_t r, index_t c, vf value) {
        (slope != 1 ? act(value) : value).store(to + r * row_stride + c * pixel_stride);
      });
      if (whole) continue;
      for (index_t r = 0; r < rows; ++r)
        for (index_t c = 0; c < columns; ++c)
          store_up_to(place + r * y.row_stride() + c * y.pixel_stride(), O - o,
                      vf::load(staged + (Edge * r + c) * V));
    }
  }
}

inline index_t conv2d_winograd_workspace(const tap_convolution& conv, shape y, int workers) {
  return conv2d_winograd_plan(conv, y).workspace(workers);
}

/// What one convolution is made of, beside its plan.
template <class T>
struct conv2d_winograd_task {
  const tap_convolution& conv;
  view<const T> x;
  const float* filter;     // of the group
  const float *scale, *b;  // one value for each output of the group, or null
  float slope;
  view<T> y;

  const float* filters_at(index_t output, index_t input) const {
    return filter + conv.filter_offset + output * conv.filter.output + input * conv.filter.input;
  }
  void inputs(const conv2d_winograd_plan& plan, index_t first_tile, index_t tiles, index_t first, index_t last,
              float* v) const {
    conv2d_winograd_inputs(plan, plan.v, x, conv.rows.first, conv.columns.first, first_tile, tiles, first, last, v);
  }
  /// U of group g, of `inputs` inputs from `input` on, which are those from `first` on of `chunk`.
  void filters(const conv2d_winograd_plan& plan, index_t g, index_t input, index_t inputs, index_t first, index_t chunk,
               float* u) const {
    conv2d_winograd_group_filters(plan, conv, filters_at(g * plan.group, input), channels_from(scale, g * plan.group),
                                  plan.group_outputs(g), first, inputs, chunk, u);
  }
  void outputs(const conv2d_winograd_plan& plan, const float* m, index_t batch, index_t g) const {
    const index_t o = g * plan.group;
    const auto transform = plan.edge == 6 ? conv2d_winograd_outputs<6, T> : conv2d_winograd_outputs<4, T>;
    transform(plan, m, batch * plan.batch, plan.batch_tiles(batch), channels_from(b, o), slope,
              y.channels(o, plan.group_outputs(g)));
  }
};

/// A task is a batch of tiles.
template <class T>
inline void conv2d_winograd_by_tiles(executor& workers, const conv2d_winograd_plan& plan,
                                     const conv2d_winograd_task<T>& task, float* workspace) {
  constexpr index_t piece = 64;  // inputs
  const index_t pieces = ceil_div(plan.inputs, piece);
  const auto group_u = [&](index_t g) { return workspace + g * plan.points * plan.u_point; };
  workers.run(plan.groups * pieces, [&](index_t k, int) {
    const index_t g = k / pieces, i = k % pieces * piece;
    task.filters(plan, g, i, std::min(piece, plan.inputs - i), i, plan.inputs, group_u(g));
  });
  workers.run(plan.batches, [&](index_t batch, int worker) {
    float *const v = workspace + plan.shared + worker * plan.worker, *const m = v + plan.v.size();
    const index_t first = batch * plan.batch, tiles = plan.batch_tiles(batch);
    const index_t next = std::min(batch + 1, plan.batches - 1);
    const index_t top = task.conv.rows.first, left = task.conv.columns.first;
    const conv2d_winograd_pixels_ahead<T> next_inputs{
        plan, task.x, top, left + 2, plan.edge + 2, next * plan.batch, plan.batch_tiles(next)};
    task.inputs(plan, first, tiles, 0, plan.inputs, v);
    for (index_t g = 0; g < plan.groups; ++g) {
      const conv2d_winograd_pixels_ahead<T> places{  // of the results
          plan, as_const(task.y.channels(g * plan.group, plan.group_outputs(g))), 0, 0, plan.edge, first, tiles};
      const auto ahead = [&](index_t part, index_t parts) {
        if (!conv2d_winograd_fetches(plan.inputs)) return;
        places(part, parts);
        if (g + 1 == plan.groups) next_inputs(part, parts);
      };
      conv2d_winograd_products(plan, v, tiles, group_u(g), plan.inputs, plan.group_outputs(g), false, m, ahead);
      task.outputs(plan, m, batch, g);
    }
  });
}

/// A task is a group of outputs, batch by batch.
template <class T>
inline void conv2d_winograd_by_outputs(executor& workers, const conv2d_winograd_plan& plan,
                                       const conv2d_winograd_task<T>& task, float* workspace) {
  constexpr index_t piece_inputs = 128, piece_tiles = 8;
  static_assert(piece_tiles % conv2d_winograd_quantum == 0 && piece_inputs % vf::lanes == 0);
  const index_t input_pieces = ceil_div(plan.inputs, piece_inputs);
  const auto filters_ahead = [&](index_t g, index_t i) {
    const auto [by_output, by_row, by_column, by_input] = task.conv.filter;
    const index_t outputs = plan.group_outputs(g), inputs = std::min(plan.chunk, plan.inputs - i);
    const float* const w = task.filters_at(g * plan.group, i);
    return by_input == 1 ? conv2d_winograd_taps_ahead{w, by_row, by_column, inputs, outputs, by_output}
                         : conv2d_winograd_taps_ahead{w, by_row, by_column, outputs, inputs, by_input};
  };
  for (index_t batch = 0; batch < plan.batches; ++batch) {
    const index_t tiles = plan.batch_tiles(batch);
    workers.run(ceil_div(tiles, piece_tiles) * input_pieces, [&](index_t k, int) {
      const index_t first = k / input_pieces * piece_tiles, i = k % input_pieces * piece_inputs;
      task.inputs(plan, batch * plan.batch + first, std::min(piece_tiles, tiles - first), i,
                  std::min(i + piece_inputs, plan.inputs), workspace + plan.v.offset(0, first));
    });
    workers.run(plan.groups, [&](index_t g, int worker) {
      float *const u = workspace + plan.shared + worker * plan.worker, *const m = u + plan.points * plan.u_point;
      for (index_t i = 0; i < plan.inputs; i += plan.chunk) {
        const index_t inputs = std::min(plan.chunk, plan.inputs - i);
        task.filters(plan, g, i, inputs, 0, inputs, u);
        const bool last = i + inputs == plan.inputs;
        const index_t next_g = std::min(g + (last ? workers.workers() : 0), plan.groups - 1);
        const index_t next_i = last ? 0 : i + inputs;
        conv2d_winograd_products(plan, workspace + i * plan.batch, tiles, u, inputs, plan.group_outputs(g), i > 0, m,
                                 filters_ahead(next_g, next_i));
      }
      task.outputs(plan, m, batch, g);
    });
  }
}

/// Assigns y. `filter` is the group's; scale, b: one value for each output of the group, or null.
template <class T>
inline void conv2d_winograd(executor& workers, const tap_convolution& conv, view<const T> x, const float* filter,
                            const float* scale, const float* b, float slope, view<T> y, float* workspace) {
  const conv2d_winograd_plan plan(conv, y.extents());
  const conv2d_winograd_task<T> task{conv, x, filter, scale, b, slope, y};
  if (plan.by_tiles)
    conv2d_winograd_by_tiles(workers, plan, task, workspace);
  else
    conv2d_winograd_by_outputs(workers, plan, task, workspace);
}
