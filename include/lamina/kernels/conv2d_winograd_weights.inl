// Included once per instruction set by simd/foreach_isa.hpp: the weight gradient of Winograd's convolution.
// With V of the inputs and Z of the gradients, as in conv2d_winograd_tiles.inl,
//     dU[p] = Σ over tiles Z[p]·V[p] at each point p, dw += GᵀdU·G
// Layouts, with the 36 or 64 points outermost:
//     V   [points][inputs / block][tile][block], block: one or two vectors
//     Z   [points][outputs / gradients][tile][gradients], as many side by side as in the dense dy of conv2d_weights.inl
//     dU  [points][output][inputs]

/// How the work is cut into pieces and what memory that takes: a function of shapes only.
struct conv2d_winograd_weights_plan : conv2d_winograd_grid {
  static constexpr index_t V = vf::lanes;
  index_t inputs, outputs;
  /// Either a task is a part of the tiles, with dU of all filters, and V and Z of a batch of tiles, of its worker: the
  /// first part adds to dw itself, the others to sums of their own, added in order. Or, where dU is large or tiles are
  /// few, V and Z of a batch are shared, and a task is a block of filters, whose dU it adds to dw batch by batch.
  bool by_tiles;
  index_t batch, batches;               // tiles at a time
  index_t parts;                        // of the batches
  index_t output_group, output_groups;  // of a block of filters
  index_t input_group, input_groups;
  conv2d_winograd_layout v, z;
  index_t du_point;                 // floats from point to point of dU
  index_t partial, shared, worker;  // floats: of a part, for all, for each worker

  conv2d_winograd_weights_plan(shape w, shape dy, conv2d_algorithm algorithm)
      : conv2d_winograd_grid(dy, tile_edge(algorithm)),
        inputs(w.c),
        outputs(w.n),
        by_tiles(tiles * edge * edge >= 8192 && inputs * outputs <= 16 * 1024 && inputs <= 256 && outputs <= 256),
        batch(batch_of(by_tiles ? 64 : 128)),
        batches(ceil_div(tiles, batch)),
        parts(by_tiles ? std::min<index_t>(batches, 8) : 1),
        output_group(by_tiles ? outputs : std::min<index_t>(outputs, inputs * outputs <= 64 * 1024 ? 32 : 64)),
        output_groups(ceil_div(outputs, output_group)),
        input_group(std::min(round_up(inputs, V), by_tiles ? inputs + V : 64)),
        input_groups(ceil_div(inputs, input_group)),
        v(points, inputs, batch, inputs > V ? 2 : 1),
        z(points, outputs, batch, conv2d_weights_gradients / V),
        du_point(output_group * input_group + conv2d_winograd_line),
        partial(round_up(w.size() + w.n, 16)),
        shared(by_tiles ? (parts - 1) * partial : v.size() + z.size()),
        worker(points * du_point + (by_tiles ? v.size() + z.size() : 0)) {}
  index_t workspace(int workers) const { return shared + static_cast<index_t>(workers) * worker; }
  index_t batch_tiles(index_t b) const { return std::min(batch, tiles - b * batch); }
};

/// A block of filters: `outputs` from `output` on, `inputs` from `input` on.
struct conv2d_winograd_block {
  index_t output, outputs, input, inputs;
};

/// dU of a block from `tiles` tiles, added to what was there or assigned. Calls ahead(part, parts) between products.
template <class Ahead>
inline void conv2d_winograd_filter_products(const conv2d_winograd_weights_plan& plan, const float* v, const float* z,
                                            index_t tiles, const conv2d_winograd_block& block, bool adds, float* du,
                                            const Ahead& ahead) {
  constexpr index_t V = vf::lanes, outputs = conv2d_weights_outputs;
  const index_t step = plan.v.vectors * V;
  const index_t parts = plan.points * ceil_div(block.inputs, step) * ceil_div(block.outputs, outputs);
  index_t part = 0;
  for (index_t p = 0; p < plan.points; ++p) {
    for (index_t i = 0; i < block.inputs; i += step) {
      const auto kernel =
          block.inputs - i > V ? conv2d_weights_kernel<outputs, 2, true> : conv2d_weights_kernel<outputs, 1, true>;
      for (index_t o = 0; o < block.outputs; o += outputs) {
        kernel({.x = v + p * plan.v.point + plan.v.offset(block.input + i, 0),
                .x_row = 0,
                .x_pixel = step,
                .dy = z + p * plan.z.point + plan.z.offset(block.output + o, 0),
                .rows = 1,
                .columns = tiles,
                .dw = du + p * plan.du_point + o * plan.input_group + i,
                .dw_output = plan.input_group,
                .outputs = block.outputs - o,
                .inputs = round_up(block.inputs - i, V),
                .adds = adds,
                .x_ahead = o == 0 ? plan.v.point : 0,
                .dy_ahead = i == 0 ? plan.z.point : 0,
                .dw_ahead = plan.du_point});
        ahead(part++, parts);
      }
    }
  }
}

/// dw [O,3,3,I] += GᵀdU·G of a block.
inline void conv2d_winograd_add_filters(const conv2d_winograd_weights_plan& plan, const float* du,
                                        const conv2d_winograd_block& block, float* dw) {
  const auto transform = plan.edge == 6 ? conv2d_winograd_filter_gradient<6> : conv2d_winograd_filter_gradient<4>;
  for (index_t o = 0; o < block.outputs; ++o)
    for (index_t i = 0; i < block.inputs; i += vf::lanes)
      transform(du + o * plan.input_group + i, plan.du_point,
                dw + (block.output + o) * 9 * plan.inputs + block.input + i, 3 * plan.inputs, plan.inputs,
                block.inputs - i);
}

inline index_t conv2d_winograd_weights_workspace(shape w, shape dy, conv2d_algorithm algorithm, int workers) {
  return conv2d_winograd_weights_plan(w, dy, algorithm).workspace(workers);
}

/// A task is a part of the tiles.
template <class T>
inline void conv2d_winograd_weights_by_tiles(executor& workers, const conv2d_winograd_weights_plan& plan,
                                             const padding2d& padding, view<const T> x, view<const T> dy, shape w,
                                             float* dw, float* db, float* workspace) {
  const conv2d_winograd_block all{0, plan.outputs, 0, plan.inputs};
  workers.run(plan.parts, [&](index_t part, int worker) {
    float* const v = workspace + plan.shared + worker * plan.worker;
    float *const z = v + plan.v.size(), *const du = z + plan.z.size();
    float* const sums = part == 0 ? dw : workspace + (part - 1) * plan.partial;
    float* const bias = db == nullptr ? nullptr : part == 0 ? db : sums + w.size();
    if (part > 0) std::fill(sums, sums + plan.partial, 0.0f);
    const index_t first_batch = part * plan.batches / plan.parts;
    for (index_t b = first_batch; b < (part + 1) * plan.batches / plan.parts; ++b) {
      const index_t first = b * plan.batch, tiles = plan.batch_tiles(b);
      conv2d_winograd_inputs(plan, plan.v, x, -padding.top, -padding.left, first, tiles, 0, plan.inputs, v);
      conv2d_winograd_gradients(plan, plan.z, dy, first, tiles, 0, plan.outputs, z, bias);
      const index_t next = std::min(b + 1, plan.batches - 1), next_first = next * plan.batch;
      const index_t next_tiles = plan.batch_tiles(next);
      const conv2d_winograd_pixels_ahead<T> next_x{
          plan, x, -padding.top, 2 - padding.left, plan.edge + 2, next_first, next_tiles};
      const conv2d_winograd_pixels_ahead<T> next_dy{plan, dy, 0, 0, plan.edge, next_first, next_tiles};
      conv2d_winograd_filter_products(plan, v, z, tiles, all, b > first_batch, du, [&](index_t call, index_t calls) {
        if (!conv2d_winograd_fetches(plan.inputs)) return;
        next_x(call, calls);
        next_dy(call, calls);
      });
    }
    conv2d_winograd_add_filters(plan, du, all, sums);
  });
  conv2d_weights_add_parts(workers, plan.parts, workspace, plan.partial, w, dw, db);
}

/// A task is a block of filters, batch by batch.
template <class T>
inline void conv2d_winograd_weights_by_blocks(executor& workers, const conv2d_winograd_weights_plan& plan,
                                              const padding2d& padding, view<const T> x, view<const T> dy, float* dw,
                                              float* db, float* workspace) {
  constexpr index_t piece = 4 * vf::lanes;  // channels
  const index_t input_pieces = ceil_div(plan.inputs, piece), output_pieces = ceil_div(plan.outputs, piece);
  float *const v = workspace, *const z = v + plan.v.size();
  for (index_t b = 0; b < plan.batches; ++b) {
    const index_t first = b * plan.batch, tiles = plan.batch_tiles(b);
    workers.run(input_pieces + output_pieces, [&](index_t task, int) {
      const index_t c = (task < input_pieces ? task : task - input_pieces) * piece;
      if (task < input_pieces)
        conv2d_winograd_inputs(plan, plan.v, x, -padding.top, -padding.left, first, tiles, c,
                               std::min(c + piece, plan.inputs), v);
      else
        conv2d_winograd_gradients(plan, plan.z, dy, first, tiles, c, std::min(c + piece, plan.outputs), z, db);
    });
    workers.run(plan.output_groups * plan.input_groups, [&](index_t task, int worker) {
      const index_t o = task / plan.input_groups * plan.output_group, i = task % plan.input_groups * plan.input_group;
      const conv2d_winograd_block block{o, std::min(plan.output_group, plan.outputs - o), i,
                                        std::min(plan.input_group, plan.inputs - i)};
      float* const du = workspace + plan.shared + worker * plan.worker;
      conv2d_winograd_filter_products(plan, v, z, tiles, block, false, du, [](index_t, index_t) {});
      conv2d_winograd_add_filters(plan, du, block, dw);
    });
  }
}

/// Adds to dw [O,3,3,I], dense, and to db unless that is null.
template <class T>
inline void conv2d_winograd_weights(executor& workers, const conv2d_params& params, view<const T> x, view<const T> dy,
                                    shape w, float* dw, float* db, float* workspace) {
  const conv2d_winograd_weights_plan plan(w, dy.extents(), params.algorithm);
  if (plan.by_tiles)
    conv2d_winograd_weights_by_tiles(workers, plan, params.padding, x, dy, w, dw, db, workspace);
  else
    conv2d_winograd_weights_by_blocks(workers, plan, params.padding, x, dy, dw, db, workspace);
}
