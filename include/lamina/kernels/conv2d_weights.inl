// Included once per instruction set by simd/foreach_isa.hpp: the weight gradient of a convolution.

/// One call of the micro-kernel: dw of one tap for a block of outputs × one or two vectors of inputs, over a rectangle
/// of output pixels.
struct conv2d_weights_tile {
  const float* x;  // [rows][columns][vectors·lanes], from the first pixel that the tap reads
  index_t x_row, x_pixel;
  const float* dy;  // [rows][columns][gradients], from the block's first output
  index_t rows, columns;
  float* dw;
  index_t dw_output;
  index_t outputs, inputs;  // how many of the block exist
  bool adds = true;         // to dw; otherwise it is assigned
  index_t x_ahead = 0, dy_ahead = 0, dw_ahead = 0;  // where what is fetched ahead lies from here
};

/// Outputs × 2 vectors held in registers: 16 of 32, or 8 of 16, so that two multiply-adds a cycle hide their latency.
constexpr int conv2d_weights_outputs = vf::registers == 32 ? 8 : 4;
/// Outputs that lie side by side in the dense form of dy: whole vectors, and enough for a block.
constexpr index_t conv2d_weights_gradients = std::max<index_t>(vf::lanes, conv2d_weights_outputs);

template <int Outputs, int Vectors, bool Ahead = false>
inline void conv2d_weights_kernel(const conv2d_weights_tile& tile) {
  constexpr index_t V = vf::lanes;
  vf sum[Outputs][Vectors];
#pragma GCC unroll 8
  for (int o = 0; o < Outputs; ++o)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sum[o][v] = vf::zero();
#pragma GCC unroll 8
  for (int o = 0; o < Outputs; ++o)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      __builtin_prefetch(tile.dw + o * tile.dw_output + v * V);
      if constexpr (Ahead) __builtin_prefetch(tile.dw + tile.dw_ahead + o * tile.dw_output + v * V, 0, 2);
    }
  const float* dy = tile.dy;
  for (index_t row = 0; row < tile.rows; ++row) {
    const float* x = tile.x + row * tile.x_row;
    for (index_t column = 0; column < tile.columns; ++column, x += tile.x_pixel, dy += conv2d_weights_gradients) {
      if constexpr (Ahead) {
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) __builtin_prefetch(x + tile.x_ahead + v * V, 0, 2);
        __builtin_prefetch(dy + tile.dy_ahead, 0, 2);
      }
      vf inputs[Vectors];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) inputs[v] = vf::load(x + v * V);
#pragma GCC unroll 8
      for (int o = 0; o < Outputs; ++o) {
        const vf gradient = vf::set(dy[o]);
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) sum[o][v] = fma(gradient, inputs[v], sum[o][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < Outputs; ++o) {
    if (o >= tile.outputs) continue;
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* const place = tile.dw + o * tile.dw_output + v * V;
      const vf before = tile.adds ? load_up_to(place, tile.inputs - v * V) : vf::zero();
      store_up_to(place, tile.inputs - v * V, before + sum[o][v]);
    }
  }
}

/// How a weight gradient is cut into pieces and what memory that takes: a function of shapes only.
/// A task is a group of output channels × a group of input channels × a part of the rectangles that tile dy. For each
/// rectangle it copies dy and, a block of inputs at a time, x with its padding to a dense form that stays in the first-
/// and second-level cache while all taps and outputs pass by. The first part adds to dw itself, the others to sums of
/// their own, added in order.
struct conv2d_weights_plan {
  static constexpr index_t V = vf::lanes;
  shape w;                // of the group, as the kernel sees it
  bool gathered;  // with few inputs, all taps' inputs are gathered at each pixel, like a 1×1 filter of more inputs
  index_t tap_rows, tap_columns, inputs;  // as seen by the micro-kernel
  index_t block;                          // input channels at a time: one or two vectors
  index_t input_group, input_groups, output_group, output_groups;  // channels of a task
  index_t rows, columns, down, across, rectangles, parts, tasks;
  index_t x_rows, x_columns, x_step;     // the dense form of x
  index_t dense_x, dense_dy, partial_w;  // floats

  conv2d_weights_plan(shape filter, const conv2d_params& params, shape dy) : w(filter) {
    constexpr index_t rectangle_pixels = 192;  // with its margin and two vectors of inputs: 34 KB on AVX-512
    constexpr index_t enough_tasks = 32;
    gathered = w.c <= 4 && w.h * w.w > 1;
    tap_rows = gathered ? 1 : w.h;
    tap_columns = gathered ? 1 : w.w;
    inputs = gathered ? w.h * w.w * w.c : w.c;
    block = inputs > V ? 2 * V : V;
    input_group = 2 * block;
    input_groups = ceil_div(inputs, input_group);
    output_group = std::min<index_t>(round_up(w.n, conv2d_weights_gradients), 64);
    output_groups = ceil_div(w.n, output_group);
    across = ceil_div(dy.w, 24);
    columns = ceil_div(dy.w, across);
    down = ceil_div(dy.h, std::clamp<index_t>(rectangle_pixels / columns, 1, dy.h));
    rows = ceil_div(dy.h, down);
    rectangles = dy.n * down * across;
    parts =
        std::clamp<index_t>(ceil_div(enough_tasks, output_groups * input_groups), 1, std::max<index_t>(1, rectangles));
    tasks = output_groups * input_groups * parts;

    x_step = gathered ? 1 : params.stride;
    x_rows = gathered ? rows : (rows - 1) * params.stride + (w.h - 1) * params.dilation + 1;
    x_columns = gathered ? columns : (columns - 1) * params.stride + (w.w - 1) * params.dilation + 1;
    dense_x = x_rows * x_columns * block;
    dense_dy = output_group * rows * columns;
    partial_w = round_up(w.size() + w.n, 16);
  }
  index_t workspace(int workers) const {
    return (parts - 1) * partial_w + static_cast<index_t>(workers) * (round_up(dense_x, 16) + round_up(dense_dy, 16));
  }
};

/// Inputs [first, first + block) of x for a rectangle of outputs, with zeros for the padding:
/// [x_rows][x_columns][block].
template <class T>
inline void conv2d_weights_copy_x(const conv2d_weights_plan& plan, const conv2d_params& params, view<const T> x,
                                  index_t n, index_t oy, index_t ox, index_t first, float* dense) {
  const auto [N, H, W, C] = x.extents();
  const index_t top = oy * params.stride - params.padding.top, left = ox * params.stride - params.padding.left;
  const index_t channels = std::min(plan.block, C - first);
  for (index_t row = top; row < top + plan.x_rows; ++row) {
    for (index_t column = left; column < left + plan.x_columns; ++column, dense += plan.block) {
      const bool inside = row >= 0 && row < H && column >= 0 && column < W;
      for (index_t c = 0; c < channels; c += plan.V)
        (inside ? load_up_to(x.pixel(n, row, column) + first + c, channels - c) : vf::zero()).store(dense + c);
    }
  }
}

/// The same where few inputs are gathered: at each output pixel the inputs of all taps in the order of a filter's
/// elements, of which the block [first, first + block) is written.
template <class T>
inline void conv2d_weights_gather_x(const conv2d_weights_plan& plan, const conv2d_params& params, view<const T> x,
                                    index_t n, index_t oy, index_t ox, index_t first, float* dense) {
  const auto [N, H, W, C] = x.extents();
  for (index_t row = oy; row < oy + plan.rows; ++row) {
    for (index_t column = ox; column < ox + plan.columns; ++column, dense += plan.block) {
      index_t element = -first;
      for (index_t ky = 0; ky < plan.w.h; ++ky) {
        const index_t y = row * params.stride - params.padding.top + ky * params.dilation;
        for (index_t kx = 0; kx < plan.w.w; ++kx) {
          const index_t xx = column * params.stride - params.padding.left + kx * params.dilation;
          const bool inside = y >= 0 && y < H && xx >= 0 && xx < W;
          const T* pixel = inside ? x.pixel(n, y, xx) : nullptr;
          for (index_t c = 0; c < C; ++c, ++element)
            if (element >= 0 && element < plan.block) dense[element] = inside ? static_cast<float>(pixel[c]) : 0.0f;
        }
      }
      for (element = std::max<index_t>(0, element); element < plan.block; ++element) dense[element] = 0;
    }
  }
}

/// Outputs [first, first + outputs) of dy for a rectangle: [outputs / gradients][rows][columns][gradients].
template <class T>
inline void conv2d_weights_copy_dy(view<const T> dy, index_t n, index_t oy, index_t ox, index_t rows, index_t columns,
                                   index_t first, index_t outputs, float* dense) {
  constexpr index_t G = conv2d_weights_gradients;
  for (index_t row = oy; row < oy + rows; ++row) {
    for (index_t column = ox; column < ox + columns; ++column, dense += G) {
      const T* pixel = dy.pixel(n, row, column) + first;
      for (index_t o = 0; o < outputs; o += vf::lanes)
        load_up_to(pixel + o, outputs - o).store(dense + o / G * G * rows * columns + o % G);
    }
  }
}

/// Adds the sums of dense dy over its pixels to db.
inline void conv2d_weights_add_bias(const float* dense, index_t pixels, index_t outputs, float* db) {
  constexpr index_t G = conv2d_weights_gradients;
  for (index_t o = 0; o < outputs; o += vf::lanes) {
    const float* const gradients = dense + o / G * G * pixels + o % G;
    vf sum = vf::zero();
    for (index_t p = 0; p < pixels; ++p) sum = sum + vf::load(gradients + p * G);
    store_up_to(db + o, outputs - o, load_up_to(db + o, outputs - o) + sum);
  }
}

/// The work of one task. `scratch` is the worker's own; dw, db are the part's.
template <class T>
inline void conv2d_weights_task(const conv2d_weights_plan& plan, const conv2d_params& params, view<const T> x,
                                view<const T> dy, float* dw, float* db, index_t part, index_t output_group,
                                index_t input_group, float* scratch) {
  constexpr index_t V = vf::lanes, G = conv2d_weights_gradients;
  constexpr int block_outputs = conv2d_weights_outputs;
  float* const dense_x = scratch;
  float* const dense_dy = scratch + round_up(plan.dense_x, 16);
  const index_t first_output = output_group * plan.output_group;
  const index_t outputs = std::min(plan.output_group, plan.w.n - first_output);
  const index_t first_input = input_group * plan.input_group;
  const index_t last_input = std::min(first_input + plan.input_group, plan.inputs);
  for (index_t r = part * plan.rectangles / plan.parts; r < (part + 1) * plan.rectangles / plan.parts; ++r) {
    const index_t n = r / plan.across / plan.down, oy = r / plan.across % plan.down * plan.rows;
    const index_t ox = r % plan.across * plan.columns;
    const index_t rows = std::min(plan.rows, dy.extents().h - oy),
                  columns = std::min(plan.columns, dy.extents().w - ox);
    if (rows <= 0 || columns <= 0) continue;
    conv2d_weights_copy_dy(dy, n, oy, ox, rows, columns, first_output, outputs, dense_dy);
    if (input_group == 0 && db != nullptr)
      conv2d_weights_add_bias(dense_dy, rows * columns, outputs, db + first_output);
    for (index_t i = first_input; i < last_input; i += plan.block) {
      if (plan.gathered)
        conv2d_weights_gather_x(plan, params, x, n, oy, ox, i, dense_x);
      else
        conv2d_weights_copy_x(plan, params, x, n, oy, ox, i, dense_x);
      const auto kernel =
          plan.inputs - i > V ? conv2d_weights_kernel<block_outputs, 2> : conv2d_weights_kernel<block_outputs, 1>;
      for (index_t o = 0; o < outputs; o += block_outputs) {
        for (index_t tap = 0; tap < plan.tap_rows * plan.tap_columns; ++tap) {
          const index_t ky = tap / plan.tap_columns, kx = tap % plan.tap_columns;
          kernel({.x = dense_x + (ky * plan.x_columns + kx) * params.dilation * plan.block,
                  .x_row = plan.x_columns * plan.x_step * plan.block,
                  .x_pixel = plan.x_step * plan.block,
                  .dy = dense_dy + o / G * G * rows * columns + o % G,
                  .rows = rows,
                  .columns = columns,
                  .dw = dw + ((first_output + o) * plan.tap_rows * plan.tap_columns + tap) * plan.inputs + i,
                  .dw_output = plan.tap_rows * plan.tap_columns * plan.inputs,
                  .outputs = outputs - o,
                  .inputs = plan.inputs - i});
        }
      }
    }
  }
}

/// Adds the sums of the parts but the first, `distance` floats apart and each of dw [O,KH,KW,I] and db, in order.
inline void conv2d_weights_add_parts(executor& workers, index_t parts, const float* sums, index_t distance, shape w,
                                     float* dw, float* db) {
  if (parts == 1) return;
  const auto add = [&](float* to, index_t offset, index_t begin, index_t end) {
    for (index_t part = 1; part < parts; ++part) {
      const float* const from = sums + (part - 1) * distance + offset;
      for (index_t i = begin; i < end; i += vf::lanes)
        store_up_to(to + i, end - i, load_up_to(to + i, end - i) + load_up_to(from + i, end - i));
    }
  };
  parallel_for(workers, w.size(), 4 * 1024, [&](index_t begin, index_t end) { add(dw, 0, begin, end); });
  if (db != nullptr) add(db, w.size(), 0, w.n);
}

inline index_t conv2d_weights_workspace(shape w, const conv2d_params& params, shape dy, int workers) {
  return conv2d_weights_plan(w, params, dy).workspace(workers);
}

/// Adds to dw [O,KH,KW,I], dense, and to db unless that is null.
template <class T>
inline void conv2d_weights(executor& workers, const conv2d_params& params, view<const T> x, view<const T> dy, shape w,
                           float* dw, float* db, float* workspace) {
  const conv2d_weights_plan plan(w, params, dy.extents());
  float* const scratch = workspace + (plan.parts - 1) * plan.partial_w;
  const index_t worker_floats = round_up(plan.dense_x, 16) + round_up(plan.dense_dy, 16);
  const auto partial = [&](index_t part) { return workspace + (part - 1) * plan.partial_w; };
  if (plan.parts > 1)
    parallel_for(workers, (plan.parts - 1) * plan.partial_w, 64 * 1024,
                 [&](index_t begin, index_t end) { std::fill(workspace + begin, workspace + end, 0.0f); });
  workers.run(plan.tasks, [&](index_t task, int worker) {
    const index_t part = task / (plan.output_groups * plan.input_groups);
    const index_t group = task / plan.input_groups % plan.output_groups, input_group = task % plan.input_groups;
    conv2d_weights_task(plan, params, x, dy, part == 0 ? dw : partial(part),
                        db == nullptr ? nullptr : part == 0 ? db : partial(part) + w.size(), part, group, input_group,
                        scratch + worker * worker_floats);
  });
  conv2d_weights_add_parts(workers, plan.parts, workspace, plan.partial_w, w, dw, db);
}
