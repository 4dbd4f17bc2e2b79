// Included once per instruction set by simd/foreach_isa.hpp. Rows are read and written in whole vectors, up to four at
// a time.

/// y[e] = Σ weights[i] · at[i][e], in this order, each product rounded before it is added. Four vectors at a time: one
/// sum alone would wait for each addition.
template <class From, class To>
inline void weighted_sum(const From* const* at, const float* weights, index_t terms, index_t count, To* y) {
  constexpr index_t L = vf::lanes;
  for (index_t e = 0; e < count; e += 4 * L) {
    const auto product = [&](index_t i, index_t from) {
      return rounded_product(vf::set(weights[i]), load_floats(at[i] + from));
    };
    vf first = product(0, e), second = product(0, e + L), third = product(0, e + 2 * L), fourth = product(0, e + 3 * L);
    for (index_t i = 1; i < terms; ++i) {
      first = first + product(i, e);
      second = second + product(i, e + L);
      third = third + product(i, e + 2 * L);
      fourth = fourth + product(i, e + 3 * L);
    }
    store_floats(first, y + e);
    store_floats(second, y + e + L);
    store_floats(third, y + e + 2 * L);
    store_floats(fourth, y + e + 3 * L);
  }
}

/// The same for 2·half + 1 terms, an odd number, of which the first and the last have one weight, and so on: from the
/// middle outwards, both terms of a weight are added first. Where `half` is fixed, loops over it unroll.
template <class From, class To, class Half>
inline void symmetric_sum(const From* const* at, const float* weights, Half half, index_t count, To* y) {
  constexpr index_t L = vf::lanes;
  for (index_t e = 0; e < count; e += 4 * L) {
    const auto product = [&](index_t i, index_t from) {
      const vf values = load_floats(at[half - i] + from) + load_floats(at[half + i] + from);
      return rounded_product(vf::set(weights[half - i]), values);
    };
    const auto middle = [&](index_t from) {
      return rounded_product(vf::set(weights[half]), load_floats(at[half] + from));
    };
    vf first = middle(e), second = middle(e + L), third = middle(e + 2 * L), fourth = middle(e + 3 * L);
    for (index_t i = 1; i <= half; ++i) {
      first = first + product(i, e);
      second = second + product(i, e + L);
      third = third + product(i, e + 2 * L);
      fourth = fourth + product(i, e + 3 * L);
    }
    store_floats(first, y + e);
    store_floats(second, y + e + L);
    store_floats(third, y + e + 2 * L);
    store_floats(fourth, y + e + 3 * L);
  }
}
