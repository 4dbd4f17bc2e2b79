// Included once per instruction set by simd/foreach_isa.hpp: the tiles of 4×4 or 6×6 pixels that Winograd's convolution
// works on, from pixels to their transforms.

constexpr index_t conv2d_winograd_most_points = 64;  // of a tile
constexpr index_t conv2d_winograd_line = 16;   // floats between one point and the next, against aliasing
constexpr int conv2d_winograd_quantum = vf::registers == 32 ? 4 : 2;  // products take so many tiles, or multiples

/// The tiles of all images in one list.
struct conv2d_winograd_grid {
  index_t edge, points;         // rows and columns of a tile's outputs, 4 or 6; values of a tile's transform
  index_t down, across, tiles;  // of an image, of all images

  conv2d_winograd_grid(shape y, index_t tile_edge)
      : edge(tile_edge),
        points((edge + 2) * (edge + 2)),
        down(ceil_div(y.h, edge)),
        across(ceil_div(y.w, edge)),
        tiles(y.n * down * across) {}
  struct place {
    index_t n, y, x;  // image; row and column of the tile's first pixel
  };
  /// Tiles at a time, in equal batches of at most `most`.
  index_t batch_of(index_t most) const {
    const index_t some = std::max<index_t>(1, tiles);
    return round_up(ceil_div(some, ceil_div(some, most)), conv2d_winograd_quantum);
  }
  place place_of(index_t tile) const {
    return {tile / (down * across), tile / across % down * edge, tile % across * edge};
  }
};

/// Where transformed pixels lie: [point][channels / (vectors·lanes)][tile][vectors·lanes].
struct conv2d_winograd_layout {
  index_t points, tiles, vectors, point;

  conv2d_winograd_layout(index_t some_points, index_t channels, index_t some_tiles, index_t some_vectors = 1)
      : points(some_points),
        tiles(some_tiles),
        vectors(some_vectors),
        point(round_up(channels, vectors * vf::lanes) * tiles + conv2d_winograd_line) {}
  index_t size() const { return points * point; }
  index_t offset(index_t channel, index_t tile) const {
    const index_t block = vectors * vf::lanes, inside = channel % block;
    return (channel - inside) * tiles + tile * block + inside;
  }
};

/// Whether pixels are fetched ahead: with fewer inputs, products are too short to hide it.
constexpr bool conv2d_winograd_fetches(index_t inputs) { return inputs >= 64; }

/// What calls of a micro-kernel fetch into the second-level cache beside their work: the pixels of the tiles
/// [first, first + tiles), `rows` rows of a tile's width each, the first of them `row` and `column` pixels from it.
template <class T>
struct conv2d_winograd_pixels_ahead {
  conv2d_winograd_grid grid;
  view<const T> pixels;
  index_t row, column, rows, first, tiles;

  /// The share of one of `parts` calls. All is done in the second half of them, when half of what they work on may go.
  void operator()(index_t part, index_t parts) const {
    const auto [N, H, W, C] = pixels.extents();
    const index_t late = std::max<index_t>(0, 2 * part - parts), next = std::max<index_t>(0, 2 * part + 2 - parts);
    for (index_t k = late * tiles * rows / parts; k < next * tiles * rows / parts; ++k) {
      const auto [n, top, left] = grid.place_of(first + k / rows);
      const T* pixel = pixels.pixel(n, std::clamp<index_t>(top + row + k % rows, 0, H - 1), left + column);
      for (index_t c = 0; c < grid.edge; ++c, pixel += pixels.pixel_stride())
        for (index_t i = 0; i < C; i += 64 / static_cast<index_t>(sizeof(T))) fetch_ahead(pixel + i);
    }
  }
};

/// V = BᵀdB of the tiles [first, first + tiles) and the inputs [first_input, last_input) of x, whose row `row` and
/// column `column` are the first that the first output reads. What is missing to whole vectors and quanta is zero.
template <class T>
inline void conv2d_winograd_inputs(const conv2d_winograd_grid& grid, const conv2d_winograd_layout& layout,
                                   view<const T> x, index_t row, index_t column, index_t first, index_t tiles,
                                   index_t first_input, index_t last_input, float* v) {
  constexpr index_t V = vf::lanes;
  const auto [N, H, W, C] = x.extents();
  const index_t side = grid.edge + 2;
  const auto transform = grid.edge == 6 ? conv2d_winograd_input<6, T> : conv2d_winograd_input<4, T>;
  T staged[conv2d_winograd_most_points * V];
  for (index_t t = 0; t < tiles; ++t) {
    const auto [n, y_row, y_column] = grid.place_of(first + t);
    const index_t top = y_row + row, left = y_column + column;
    const bool inside = top >= 0 && top + side <= H && left >= 0 && left + side <= W;
    for (index_t i = first_input; i < last_input; i += V) {
      float* const to = v + layout.offset(i, t);
      const T* const from = x.pixel(n, top, left) + i;
      if (inside && i + V <= C) {
        for (index_t r = 0; r < side; ++r)  // the next tile's
          for (index_t c = side; c < side + grid.edge; ++c)
            __builtin_prefetch(from + r * x.row_stride() + c * x.pixel_stride());
        transform(from, x.row_stride(), x.pixel_stride(), to, layout.point);
        continue;
      }
      for (index_t r = 0; r < side; ++r)
        for (index_t c = 0; c < side; ++c) {
          const bool exists = top + r >= 0 && top + r < H && left + c >= 0 && left + c < W;
          const vf pixel = exists ? load_up_to(x.pixel(n, top + r, left + c) + i, C - i) : vf::zero();
          pixel.store(staged + (side * r + c) * V);
        }
      transform(staged, side * V, V, to, layout.point);
    }
  }
  for (index_t t = tiles; t < round_up(tiles, conv2d_winograd_quantum); ++t)
    for (index_t i = first_input; i < last_input; i += V)
      for (index_t p = 0; p < grid.points; ++p) vf::zero().store(v + p * layout.point + layout.offset(i, t));
}

/// Z = A·dy·Aᵀ of the tiles [first, first + tiles) and the outputs [first_output, last_output) of dy, zero beyond dy.
/// Adds their sums to db, one for each output of dy, unless that is null.
template <class T>
inline void conv2d_winograd_gradients(const conv2d_winograd_grid& grid, const conv2d_winograd_layout& layout,
                                      view<const T> dy, index_t first, index_t tiles, index_t first_output,
                                      index_t last_output, float* z, float* db) {
  constexpr index_t V = vf::lanes;
  const auto [N, H, W, C] = dy.extents();
  const index_t edge = grid.edge;
  const auto transform = edge == 6 ? conv2d_winograd_gradient<6, T> : conv2d_winograd_gradient<4, T>;
  T staged[conv2d_winograd_most_points * V];
  for (index_t t = 0; t < tiles; ++t) {
    const auto [n, top, left] = grid.place_of(first + t);
    for (index_t o = first_output; o < last_output; o += V) {
      const T* const from = dy.pixel(n, top, left) + o;
      float* const to = z + layout.offset(o, t);
      vf sum;
      if (top + edge <= H && left + edge <= W && o + V <= C) {
        for (index_t r = 0; r < edge; ++r)  // the next tile's
          for (index_t c = edge; c < 2 * edge; ++c)
            __builtin_prefetch(from + r * dy.row_stride() + c * dy.pixel_stride());
        sum = transform(from, dy.row_stride(), dy.pixel_stride(), to, layout.point);
      } else {
        for (index_t r = 0; r < edge; ++r)
          for (index_t c = 0; c < edge; ++c) {
            const bool exists = top + r < H && left + c < W;
            const vf pixel = exists ? load_up_to(dy.pixel(n, top + r, left + c) + o, C - o) : vf::zero();
            pixel.store(staged + (edge * r + c) * V);
          }
        sum = transform(staged, edge * V, V, to, layout.point);
      }
      if (db != nullptr) store_up_to(db + o, C - o, load_up_to(db + o, C - o) + sum);
    }
  }
}
