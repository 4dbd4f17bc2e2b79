// Included once per instruction set by simd/foreach_isa.hpp: direct convolution over a regular grid of taps.

/// One call of the micro-kernel: neighbouring output pixels of a row, a block of one or two vectors of output channels.
struct conv2d_tile {
  const float* x;
  index_t x_row, x_tap, x_pixel;  // distance of tap rows, taps in a row, output pixels
  index_t rows, taps, run;        // taps, and the channels (or merged taps and channels) that lie side by side at each
  const float* w;                 // [rows][taps][run][block]
  const float* start;             // what the sums begin with: biases, or the sums over earlier channels
  index_t start_pixel;            // 0: the same for each pixel
  float* y;
  index_t y_pixel;
  float slope;  // of the result where it is negative
};

/// Pixels × 2 vectors held in registers: 12×2 of 32 registers with AVX-512, 8×2 of 32 with NEON, 6×2 of 16; the rest
/// hold weights and x.
constexpr int conv2d_tile_pixels = vf::sums / 2;

template <int Pixels, int Vectors>
inline void conv2d_tile_kernel(const conv2d_tile& tile) {
  constexpr index_t V = vf::lanes;
  constexpr int bases = (Pixels + 2) / 3;  // a pointer for every third pixel: base, base + step, base + 2·step
  vf sum[Pixels][Vectors];
#pragma GCC unroll 16
  for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sum[p][v] = vf::load(tile.start + p * tile.start_pixel + v * V);
  const float* w = tile.w;
  const index_t step = tile.x_pixel;
  const index_t ahead_step = Pixels * step / std::max<index_t>(1, tile.taps * tile.run);
  for (index_t row = 0; row < tile.rows; ++row) {
    // The next tile's pixels, spread over this one's sums.
    const float* ahead = tile.x + row * tile.x_row + Pixels * step;
    for (index_t tap = 0; tap < tile.taps; ++tap) {
      const float* x[bases];
#pragma GCC unroll 4
      for (int b = 0; b < bases; ++b) x[b] = tile.x + row * tile.x_row + tap * tile.x_tap + 3 * b * step;
#pragma GCC unroll 2
      for (index_t i = 0; i < tile.run; ++i) {
        vf weights[Vectors];
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) weights[v] = vf::load(w + v * V);
        w += Vectors * V;
        __builtin_prefetch(ahead);
        ahead += ahead_step;
#pragma GCC unroll 16
        for (int p = 0; p < Pixels; ++p) {
          const vf value = vf::set(x[p / 3][p % 3 * step]);
#pragma GCC unroll 2
          for (int v = 0; v < Vectors; ++v) sum[p][v] = fma(value, weights[v], sum[p][v]);
        }
#pragma GCC unroll 4
        for (int b = 0; b < bases; ++b) ++x[b];
      }
    }
  }
  const activation act(tile.slope);
#pragma GCC unroll 16
  for (int p = 0; p < Pixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) act(sum[p][v]).store(tile.y + p * tile.y_pixel + v * V);
}

using conv2d_tile_function = void (*)(const conv2d_tile&);

/// The micro-kernel for an even number of pixels and one or two vectors.
template <int... Half>
inline conv2d_tile_function conv2d_tile_function_for(index_t pixels, index_t vectors,
                                                     std::integer_sequence<int, Half...>) {
  static constexpr conv2d_tile_function functions[][2] = {
      {conv2d_tile_kernel<2 * Half + 2, 1>, conv2d_tile_kernel<2 * Half + 2, 2>}...};
  return functions[pixels / 2 - 1][vectors - 1];
}
inline conv2d_tile_function conv2d_tile_function_for(index_t pixels, index_t vectors) {
  return conv2d_tile_function_for(pixels, vectors, std::make_integer_sequence<int, conv2d_tile_pixels / 2>());
}

/// How a direct convolution is cut into pieces and what memory that takes: a function of shapes only.
/// A task is a band of rows of one image times a group of blocks of output channels. For each block it runs over chunks
/// of input channels; a block's filters for one chunk stay in the second-level cache while the band passes by.
struct conv2d_direct_plan {
  static constexpr index_t V = vf::lanes, block = 2 * V;  // output channels at a time
  index_t inputs, outputs, taps;
  index_t blocks;
  index_t chunk, chunks;                 // input channels at a time
  index_t pixels, tiles;                 // the widest tile, tiles in a row
  index_t band_rows, bands;              // of an image
  index_t groups;                        // of blocks
  index_t tasks;
  index_t packed, staged, sums, worker;  // floats: all filters, a tile of x, a band of sums, all of a worker's

  conv2d_direct_plan(const tap_convolution& conv, shape y) {
    constexpr index_t filter_bytes = 288 * 1024;  // of a block and chunk: 9 taps × 256 channels × 32 outputs
    constexpr index_t band_pixels = 512, enough_tasks = 32;
    inputs = conv.inputs;
    outputs = conv.outputs;
    taps = conv.rows.count * conv.columns.count;
    blocks = ceil_div(outputs, block);
    const index_t bytes = taps * inputs * block * static_cast<index_t>(sizeof(float));
    chunk = ceil_div(inputs, std::max<index_t>(1, ceil_div(bytes, filter_bytes)));
    chunks = ceil_div(inputs, chunk);
    tiles = ceil_div(y.w, conv2d_tile_pixels);
    pixels = round_up(ceil_div(y.w, tiles), 2);
    bands = ceil_div(y.h, std::clamp<index_t>(band_pixels / y.w, 1, y.h));
    band_rows = ceil_div(y.h, bands);
    groups = std::min(blocks, ceil_div(enough_tasks, std::max<index_t>(1, y.n * bands)));
    tasks = y.n * bands * groups;

    packed = taps * inputs * round_up(outputs, V);
    staged =
        conv.rows.count *
        ((pixels - 1) * conv.columns.step + std::max<index_t>(0, conv.columns.count - 1) * conv.columns.spacing + 1) *
        chunk;
    sums = chunks > 1 ? band_rows * tiles * pixels * block : 0;
    worker = round_up(staged, 16) + sums + pixels * block;
  }
  index_t workspace(int workers) const {
    return round_up(packed, 16) + 2 * round_up(outputs, block) + static_cast<index_t>(workers) * worker;
  }
  /// Width of the block that starts at output channel o: two vectors, or the one that is left.
  index_t width(index_t o) const { return outputs - o > V ? block : V; }
};

/// Copies a chunk of a block's filters, each output's times its `scale`, to [taps][chunk][width], zeros beyond the last
/// output.
inline void conv2d_pack_filter(const tap_convolution& conv, const float* w, const float* scale, index_t outputs,
                               index_t inputs, index_t width, float* packed) {
  constexpr index_t V = vf::lanes;
  const auto [by_output, by_row, by_column, by_input] = conv.filter;
  for (index_t row = 0; row < conv.rows.count; ++row) {
    for (index_t column = 0; column < conv.columns.count; ++column, packed += inputs * width) {
      const float* tap = w + row * by_row + column * by_column;
      if (by_output == 1) {
        for (index_t i = 0; i < inputs; ++i)
          for (index_t o = 0; o < width; o += V)
            (vf::load(scale + o) * load_up_to(tap + i * by_input + o, std::max<index_t>(0, outputs - o)))
                .store(packed + i * width + o);
        continue;
      }
      constexpr index_t line = 16;  // inputs at a time: a cache line of w is read at once
      for (index_t first = 0; first < inputs; first += line) {
        const index_t count = std::min(line, inputs - first);
        for (index_t o = 0; o < width; ++o)
          for (index_t i = first; i < first + count; ++i)
            packed[i * width + o] = o < outputs ? scale[o] * tap[o * by_output + i * by_input] : 0.0f;
      }
    }
  }
}

/// Copies `pixels` pixels of row `from`, some of which may lie outside [0, width) and become zeros.
template <class T>
inline void conv2d_stage_row(const T* from, index_t first, index_t pixels, index_t width, index_t pixel_stride,
                             index_t channels, float* to) {
  for (index_t p = first; p < first + pixels; ++p, to += channels) {
    const bool inside = p >= 0 && p < width;
    for (index_t c = 0; c < channels; c += vf::lanes)
      store_up_to(to + c, channels - c, inside ? load_up_to(from + p * pixel_stride + c, channels - c) : vf::zero());
  }
}

/// The work of one task. `scratch` is the worker's own.
template <class T>
inline void conv2d_direct_task(const conv2d_direct_plan& plan, const tap_convolution& conv, view<const T> x,
                               const float* packed, const float* biases, float slope, view<T> y, index_t task,
                               float* scratch) {
  float* const staged = scratch;
  float* const sums = staged + round_up(plan.staged, 16);
  float* const finished = sums + plan.sums;
  const auto& [rows, columns] = std::pair(conv.rows, conv.columns);
  const index_t band = task % plan.bands, n = task / plan.bands % y.extents().n,
                group = task / plan.bands / y.extents().n;
  const index_t first_row = band * plan.band_rows, last_row = std::min(first_row + plan.band_rows, y.extents().h);

  for (index_t block = group * plan.blocks / plan.groups; block < (group + 1) * plan.blocks / plan.groups; ++block) {
    const index_t o = block * plan.block, width = plan.width(o), valid_outputs = std::min(width, plan.outputs - o);
    for (index_t c = 0; c < plan.inputs; c += plan.chunk) {
      const index_t channels = std::min(plan.chunk, plan.inputs - c);
      const bool first_chunk = c == 0, last_chunk = c + channels == plan.inputs;
      const float* const filters = packed + plan.taps * (o * plan.inputs + c * width);
      for (index_t oy = first_row; oy < last_row; ++oy) {
        const index_t top = oy * rows.step + rows.first;  // image row of the first tap
        const index_t tap_begin = top < 0 ? ceil_div(-top, rows.spacing) : 0;
        const index_t below = std::max<index_t>(0, x.extents().h - top);
        const index_t tap_end = std::max(tap_begin, std::min(rows.count, ceil_div(below, rows.spacing)));
        for (index_t tile = 0, ox = 0, count; tile < plan.tiles; ++tile, ox += count) {
          const index_t pixels = round_up(ceil_div(y.extents().w - ox, plan.tiles - tile), 2);
          count = std::min(pixels, y.extents().w - ox);
          float* const partial = sums + ((oy - first_row) * plan.tiles + tile) * plan.pixels * plan.block;

          conv2d_tile t;
          t.rows = tap_end - tap_begin;
          t.taps = columns.count;
          t.run = channels;
          t.w = filters + tap_begin * columns.count * channels * width;
          const index_t left = ox * columns.step + columns.first;
          const index_t span = (pixels - 1) * columns.step + (columns.count - 1) * columns.spacing + 1;
          bool in_place = false;
          if constexpr (std::is_same_v<T, float>) in_place = left >= 0 && left + span <= x.extents().w;
          if (in_place) {
            if constexpr (std::is_same_v<T, float>) t.x = x.pixel(n, top + tap_begin * rows.spacing, left) + c;
            t.x_row = rows.spacing * x.row_stride();
            t.x_pixel = x.pixel_stride();
          } else {
            t.x = staged;
            t.x_row = span * channels;
            t.x_pixel = channels;
            for (index_t r = tap_begin; r < tap_end; ++r)
              conv2d_stage_row(x.pixel(n, top + r * rows.spacing, 0) + c, left, span, x.extents().w, x.pixel_stride(),
                               channels, staged + (r - tap_begin) * t.x_row);
          }
          t.x_tap = columns.spacing * t.x_pixel;
          t.x_pixel *= columns.step;
          if (t.x_tap == t.run) {  // taps of a row follow each other like channels
            t.run *= t.taps;
            t.taps = 1;
          }

          t.start = first_chunk ? biases + o : partial;
          t.start_pixel = first_chunk ? 0 : width;
          t.slope = last_chunk ? slope : 1;
          bool to_y = false;
          if constexpr (std::is_same_v<T, float>) to_y = last_chunk && count == pixels && valid_outputs == width;
          t.y = last_chunk ? finished : partial;
          t.y_pixel = width;
          if (to_y) {
            if constexpr (std::is_same_v<T, float>) t.y = y.pixel(n, oy, ox) + o;
            t.y_pixel = y.pixel_stride();
          }
          conv2d_tile_function_for(pixels, width / vf::lanes)(t);
          if (last_chunk && !to_y) {
            for (index_t p = 0; p < count; ++p)
              for (index_t v = 0; v < valid_outputs; v += vf::lanes)
                store_up_to(y.pixel(n, oy, ox + p) + o + v, valid_outputs - v, vf::load(finished + p * width + v));
          }
        }
      }
    }
  }
}

inline index_t conv2d_direct_workspace(const tap_convolution& conv, shape y, int workers) {
  return conv2d_direct_plan(conv, y).workspace(workers);
}

/// Assigns y. `filter` is the group's; scale, b: one value for each output of the group, or null.
template <class T>
inline void conv2d_direct(executor& workers, const tap_convolution& conv, view<const T> x, const float* filter,
                          const float* scale, const float* b, float slope, view<T> y, float* workspace) {
  const conv2d_direct_plan plan(conv, y.extents());
  float* const packed = workspace;
  const index_t outputs = round_up(plan.outputs, plan.block);
  float *const scales = packed + round_up(plan.packed, 16), *const biases = scales + outputs;
  float* const scratch = biases + outputs;
  for (index_t o = 0; o < outputs; ++o) {
    scales[o] = scale != nullptr && o < plan.outputs ? scale[o] : 1.0f;
    biases[o] = b != nullptr && o < plan.outputs ? b[o] : 0.0f;
  }
  workers.run(plan.blocks * plan.chunks, [&](index_t piece, int) {
    const index_t o = piece / plan.chunks * plan.block, c = piece % plan.chunks * plan.chunk, width = plan.width(o);
    conv2d_pack_filter(conv, filter + conv.filter_offset + o * conv.filter.output + c * conv.filter.input, scales + o,
                       plan.outputs - o, std::min(plan.chunk, plan.inputs - c), width,
                       packed + plan.taps * (o * plan.inputs + c * width));
  });
  workers.run(plan.tasks, [&](index_t task, int worker) {
    conv2d_direct_task(plan, conv, x, packed, biases, slope, y, task, scratch + worker * plan.worker);
  });
}
