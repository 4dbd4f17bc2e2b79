// Included once per instruction set by simd/foreach_isa.hpp.

/// What `uniform()` would return in the draws of `from`, from its first on.
inline void fill_uniforms(const random_stream::blocks& from, index_t count, float* uniforms) {
  constexpr index_t room = 256;  // words at a time: they stay in the innermost cache
  alignas(64) std::uint32_t words[room];
  random_stream::blocks here = from;
  for (index_t i = 0; i < count; i += room, here.counter[0] += room / 4) {
    const index_t piece = std::min(room, count - i);
    philox_blocks(here, (piece + 3) / 4, words);
    for (index_t k = 0; k < piece; k += vf::lanes) store_up_to(uniforms + i + k, piece - k, to_uniforms(words + k));
  }
}

/// y = x/(1 − rate) where the channel's uniform number is not below the rate, else 0.
template <class T>
inline void drop(run_extents extents, pixel_run<const T> x, const float* uniforms, float rate, pixel_run<T> y) {
  const vf zero = vf::zero(), rates = vf::set(rate), scale = vf::set(1 / (1 - rate));
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels; c += vf::lanes) {
      const index_t left = extents.channels - c;
      const vf kept = scale * load_up_to(x[p] + c, left);
      store_up_to(y[p] + c, left, select(greater(rates, load_up_to(uniforms + c, left)), zero, kept));
    }
  }
}

/// The same with a number for each element: the draws of `from`, from number `first` on.
template <class T>
inline void drop(run_extents extents, pixel_run<const T> x, const random_stream::blocks& from, index_t first,
                 float rate, pixel_run<T> y) {
  constexpr index_t room = 256;
  alignas(64) float uniforms[room];
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels;) {
      const index_t element = first + p * extents.channels + c, skipped = element % 4;  // a block makes four
      const index_t count = std::min(room - skipped, extents.channels - c);
      random_stream::blocks here = from;
      here.counter[0] += static_cast<std::uint32_t>(element / 4);
      fill_uniforms(here, skipped + count, uniforms);
      drop<T>({1, count}, {x[p] + c, 0}, uniforms + skipped, rate, {y[p] + c, 0});
      c += count;
    }
  }
}
