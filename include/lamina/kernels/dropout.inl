// Included once per instruction set by simd/foreach_isa.hpp.

template <int... lane>
inline lanes32 reversed_in_fours(lanes32 v, std::integer_sequence<int, lane...>) {
  return __builtin_shufflevector(v, v, (lane ^ 3)...);
}

/// The numbers of one random stream, a vector at a time: the Philox of core/random.hpp for lanes/4 counters at once,
/// each in four neighbouring lanes. Words 0 and 2 are where the products of 64-bit lanes want them, and the halves of
/// the products lie where the next round wants them but for their order.
struct uniform_lanes {
  static constexpr int rounds = 10;

  lanes32 start{}, first_words{}, keys[rounds];  // first_words: 1 where a counter begins, else 0
  lanes64 factors{};

  explicit uniform_lanes(const random_stream::place& where) {
    lanes32 key{}, step{};
    for (index_t i = 0; i < vf::lanes; i += 4) {
      const std::array<std::uint32_t, 4> counter = where.counter(static_cast<std::uint32_t>(i / 4));
      for (index_t word = 0; word < 4; ++word) start[i + word] = counter[static_cast<std::size_t>(word)];
      first_words[i] = 1;
      key[i] = static_cast<std::uint32_t>(where.seed);
      key[i + 2] = static_cast<std::uint32_t>(where.seed >> 32);
      step[i] = 0x9E3779B9u;
      step[i + 2] = 0xBB67AE85u;
      factors[i / 2] = 0xD2511F53u;
      factors[i / 2 + 1] = 0xCD9E8D57u;
    }
    for (int r = 0; r < rounds; ++r, key = key + step) keys[r] = key;
  }

  /// What `uniform()` returns in draws first … first + count − 1; `first` is a multiple of 4.
  void fill(index_t first, index_t count, float* uniforms) const {
    using integers = std::int32_t __attribute__((vector_size(sizeof(vf))));
    lanes32 counters = start + first_words * static_cast<std::uint32_t>(first / 4);
    const lanes32 step = first_words * static_cast<std::uint32_t>(vf::lanes / 4);
    for (index_t i = 0; i < count; i += vf::lanes, counters = counters + step) {
      lanes32 words = counters;
#pragma GCC unroll 10
      for (int r = 0; r < rounds; ++r) {
        const lanes64 pairs = reinterpret_cast<lanes64>(words);
        const lanes32 products = reinterpret_cast<lanes32>(multiply_low_halves(pairs, factors));
        words = reversed_in_fours(products, std::make_integer_sequence<int, vf::lanes>()) ^
                reinterpret_cast<lanes32>(pairs >> 32) ^ keys[r];
      }
      const auto bits = reinterpret_cast<integers>(words >> 8);
      store_up_to(uniforms + i, count - i, vf::set(0x1p-24f) * vf{__builtin_convertvector(bits, vf::native)});
    }
  }
};

inline void fill_uniforms(const random_stream::place& where, index_t count, float* uniforms) {
  uniform_lanes(where).fill(0, count, uniforms);
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
  const uniform_lanes stream(where);
  for (index_t p = 0; p < extents.pixels; ++p) {
    for (index_t c = 0; c < extents.channels;) {
      const index_t element = first + p * extents.channels + c, skipped = element % 4;
      const index_t count = std::min(room - skipped, extents.channels - c);
      stream.fill(element - skipped, skipped + count, uniforms);
      drop<T>({1, count}, {x[p] + c, 0}, uniforms + skipped, rate, {y[p] + c, 0});
      c += count;
    }
  }
}
