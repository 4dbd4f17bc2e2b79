// Included once per instruction set by simd/foreach_isa.hpp.

template <int... lane>
inline lanes32 reversed_in_fours(lanes32 v, std::integer_sequence<int, lane...>) {
  return __builtin_shufflevector(v, v, (lane ^ 3)...);
}

/// The Philox of core/random.hpp for lanes/4 counters at once, each in four neighbouring lanes: words 0 and 2 are where
/// the products of 64-bit lanes want them, and the products' halves lie where the next round wants them but for their
/// order.
inline lanes32 philox_blocks(lanes32 counters, lanes32 keys, lanes32 key_steps, lanes64 factors) {
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const lanes64 pairs = reinterpret_cast<lanes64>(counters);
    const lanes32 products = reinterpret_cast<lanes32>(multiply_low_halves(pairs, factors));
    counters = reversed_in_fours(products, std::make_integer_sequence<int, vf::lanes>()) ^
               reinterpret_cast<lanes32>(pairs >> 32) ^ keys;
    keys = keys + key_steps;
  }
  return counters;
}

/// What `uniform()` of the stream at `where` returns in draws first … first + count − 1; `first` is a multiple of 4.
inline void fill_uniforms(const random_stream::place& where, index_t first, index_t count, float* uniforms) {
  using integers = std::int32_t __attribute__((vector_size(sizeof(vf))));
  constexpr index_t lanes = vf::lanes;
  const std::array<std::uint32_t, 4> counter = where.counter(static_cast<std::uint32_t>(first / 4));
  lanes32 counters{}, counter_steps{}, keys{}, key_steps{};
  lanes64 factors{};
  for (index_t i = 0; i < lanes; ++i) counters[i] = counter[static_cast<std::size_t>(i % 4)];
  for (index_t i = 0; i < lanes; i += 4) {
    counters[i] += static_cast<std::uint32_t>(i / 4);
    counter_steps[i] = static_cast<std::uint32_t>(lanes / 4);
    keys[i] = static_cast<std::uint32_t>(where.seed);
    keys[i + 2] = static_cast<std::uint32_t>(where.seed >> 32);
    key_steps[i] = 0x9E3779B9u;
    key_steps[i + 2] = 0xBB67AE85u;
    factors[i / 2] = 0xD2511F53u;
    factors[i / 2 + 1] = 0xCD9E8D57u;
  }
  const vf unit = vf::set(0x1p-24f);
  for (index_t i = 0; i < count; i += lanes) {
    const auto bits = reinterpret_cast<integers>(philox_blocks(counters, keys, key_steps, factors) >> 8);
    store_up_to(uniforms + i, count - i, unit * vf{__builtin_convertvector(bits, vf::native)});
    counters = counters + counter_steps;
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

/// The same with a number for each element: those of the stream at `where` from `first` on.
template <class T>
inline void drop(run_extents extents, pixel_run<const T> x, const random_stream::place& where, index_t first,
                 float rate, pixel_run<T> y) {
  constexpr index_t room = 256;  // numbers at a time: they stay in the innermost cache
  alignas(64) float uniforms[room];
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels;) {
      const index_t element = first + p * extents.channels + c, skipped = element % 4;
      const index_t count = std::min(room - skipped, extents.channels - c);
      fill_uniforms(where, element - skipped, skipped + count, uniforms);
      drop<T>({1, count}, {x[p] + c, 0}, uniforms + skipped, rate, {y[p] + c, 0});
      c += count;
    }
  }
}
