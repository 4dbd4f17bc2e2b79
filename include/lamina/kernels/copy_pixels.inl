// Included once per instruction set by simd/foreach_block_isa.hpp.

/// As in image/transform.hpp, for pixels of up to 8 bytes.
template <index_t Bytes>
inline void reverse_pixels(const std::uint8_t* x, index_t pixels, std::uint8_t* y) {
  constexpr index_t together = 16 / Bytes, unused = 16 - together * Bytes;  // the block's first bytes
  std::uint8_t pattern[16] = {};
  for (index_t i = 0; i < together; ++i)
    for (index_t b = 0; b < Bytes; ++b)
      pattern[i * Bytes + b] = static_cast<std::uint8_t>(unused + (together - 1 - i) * Bytes + b);
  index_t i = 0;
  for (; i + together < pixels; i += together)  // what a block writes too far, the next one overwrites
    shuffle_block(x + (pixels - i) * Bytes - 16, pattern, y + i * Bytes);
  portable::reverse_pixels<Bytes>(x, pixels - i, y + i * Bytes);
}

inline void transpose_colours(const std::uint8_t* x, index_t x_stride, index_t rows, index_t columns, std::uint8_t* y,
                              index_t y_stride) {
  for (index_t h = 0; h < rows; h += 4)
    for (index_t w = 0; w < columns; w += 4)
      transpose_four_by_four(x + w * x_stride + 3 * h, x_stride, y + h * y_stride + 3 * w, y_stride);
}
