// Included once per instruction set by simd/foreach_isa.hpp. Medians without a branch, in two rows at once: windows of
// side × side, one above the other, share side − 1 rows, of which a short list serves both. Lists are merged by
// Batcher's networks; of the comparisons that no one asks for, the compiler makes none. After Adams: Fast median
// filters using separable sorting networks, 2021.

/// In every lane, none is less than the one before.
template <class V, index_t N>
struct sorted {
  V v[N];
};
template <index_t N>
using indices = std::make_integer_sequence<index_t, N>;

/// Those of a at First, First + Step, …
template <index_t First, index_t Step, class V, index_t N, index_t... I>
[[gnu::always_inline]] inline sorted<V, index_t{sizeof...(I)}> some_of(const sorted<V, N>& a,
                                                                       std::integer_sequence<index_t, I...>) {
  return {{a.v[First + Step * I]...}};
}
template <index_t First, index_t Count, class V, index_t N>
[[gnu::always_inline]] inline sorted<V, Count> slice(const sorted<V, N>& a) {
  return some_of<First, 1>(a, indices<Count>());
}

/// What is at K once the even ones of two lists are merged in `even`, the odd ones in `odd`: each of `odd` is out of
/// order with none but the next one of `even`.
template <index_t K, class V, index_t E, index_t O>
[[gnu::always_inline]] inline V merged_at(const sorted<V, E>& even, const sorted<V, O>& odd) {
  constexpr index_t i = (K - 1) / 2;
  if constexpr (K == 0)
    return even.v[0];
  else if constexpr (i + 1 == E)
    return odd.v[i];
  else if constexpr (i == O)
    return even.v[i + 1];
  else if constexpr (K % 2 == 1)
    return min(odd.v[i], even.v[i + 1]);
  else
    return max(odd.v[i], even.v[i + 1]);
}
template <class V, index_t E, index_t O, index_t... K>
[[gnu::always_inline]] inline sorted<V, E + O> interleave(const sorted<V, E>& even, const sorted<V, O>& odd,
                                                          std::integer_sequence<index_t, K...>) {
  return {{merged_at<K>(even, odd)...}};
}
template <class V, index_t M, index_t N>
[[gnu::always_inline]] inline sorted<V, M + N> merge(const sorted<V, M>& a, const sorted<V, N>& b) {
  if constexpr (M == 1 && N == 1) {
    return {{min(a.v[0], b.v[0]), max(a.v[0], b.v[0])}};
  } else if constexpr (N == 1) {
    return merge(b, a);
  } else {
    const auto even = merge(some_of<0, 2>(a, indices<(M + 1) / 2>()), some_of<0, 2>(b, indices<(N + 1) / 2>()));
    const auto b_odd = some_of<1, 2>(b, indices<N / 2>());
    if constexpr (M == 1)
      return interleave(even, b_odd, indices<M + N>());
    else
      return interleave(even, merge(some_of<1, 2>(a, indices<M / 2>()), b_odd), indices<M + N>());
  }
}

/// load(First), …, load(First + N − 1) in order.
template <class V, index_t First, index_t N, class Load>
[[gnu::always_inline]] inline sorted<V, N> sort(const Load& load) {
  if constexpr (N == 1)
    return {{load(First)}};
  else
    return merge(sort<V, First, N / 2>(load), sort<V, First + N / 2, N - N / 2>(load));
}

/// A list that lies in memory, one row for each place in it.
template <class T, index_t... I>
[[gnu::always_inline]] inline sorted<vec<T>, index_t{sizeof...(I)}> load_list(T* const* rows, index_t e,
                                                                              std::integer_sequence<index_t, I...>) {
  return {{vec<T>::load(rows[I] + e)...}};
}
template <index_t N, class T>
[[gnu::always_inline]] inline sorted<vec<T>, N> load_list(T* const* rows, index_t e) {
  return load_list(rows, e, indices<N>());
}
template <class T, index_t N>
[[gnu::always_inline]] inline void store_list(const sorted<vec<T>, N>& a, T* const* rows, index_t e) {
  for (index_t i = 0; i < N; ++i) a.v[i].store(rows[i] + e);
}

/// Sorts each column of `Rows` values: columns[i] is row i, from the least up.
template <index_t Rows, class T>
inline void sort_columns(const T* const* rows, index_t count, T* const* columns) {
  using V = vec<T>;
  for (index_t e = 0; e < count; e += V::lanes)
    store_list(sort<V, 0, Rows>([&](index_t i) { return V::load(rows[i] + e); }), columns, e);
}
/// The same of three columns, `step` apart, in 3·Rows rows.
template <index_t Rows, class T>
[[gnu::always_inline]] inline sorted<vec<T>, 3 * Rows> merge_three(T* const* columns, index_t step, index_t e) {
  const auto two = merge(load_list<Rows>(columns, e), load_list<Rows>(columns, e + step));
  return merge(two, load_list<Rows>(columns, e + 2 * step));
}
template <index_t Rows, class T>
inline void sort_triples(T* const* columns, index_t step, index_t count, T* const* triples) {
  for (index_t e = 0; e < count; e += vec<T>::lanes) store_list(merge_three<Rows>(columns, step, e), triples, e);
}

/// Of the Side sorted columns of Side − 1 values from e on, the Side + 1 in the middle: with a row more, one of these
/// or of that row is the median.
template <index_t Side, class T>
[[gnu::always_inline]] inline sorted<vec<T>, Side + 1> middle_of_columns(T* const* columns, T* const* triples,
                                                                         index_t step, index_t e) {
  constexpr index_t Rows = Side - 1, rank = Side * Side / 2, first = rank - Side;
  if constexpr (Side == 3) {
    return slice<first, Side + 1>(merge_three<Rows>(columns, step, e));
  } else if constexpr (Side == 5) {
    const auto two = merge(load_list<Rows>(columns, e + 3 * step), load_list<Rows>(columns, e + 4 * step));
    return slice<first, Side + 1>(merge(merge_three<Rows>(columns, step, e), two));
  } else {
    static_assert(Side == 7 || Side == 9);
    // Of six columns, only what is not below the median even when all of the window's others are below it.
    constexpr index_t others = (Side - 6) * Rows + Side;
    const auto six = merge(load_list<3 * Rows>(triples, e), load_list<3 * Rows>(triples, e + 3 * step));
    const auto last = load_list<(Side == 7 ? 1 : 3) * Rows>(Side == 7 ? columns : triples, e + 6 * step);
    return slice<others - Side, Side + 1>(merge(slice<rank - others, others + 1>(six), last));
  }
}

/// The one in the middle of all in both.
template <class V, index_t N, index_t... I>
[[gnu::always_inline]] inline V middle(const sorted<V, N + 1>& a, const sorted<V, N>& b,
                                       std::integer_sequence<index_t, I...>) {
  V least = a.v[N];  // of the greatest of each N + 1 that may be the lower ones: I + 1 of b, the others of a
  ((least = min(least, max(a.v[N - 1 - I], b.v[I]))), ...);
  return least;
}

/// Medians of two rows of windows. `rows` are Side + 1, extended; `lists` are 4·(Side − 1) rows of scratch; the results
/// have `count` elements. All may be read and written up to a vector's end.
template <index_t Side, class T>
inline void median_of_two_rows(const T* const* rows, index_t step, index_t count, T* const* lists, T* y_above,
                               T* y_below) {
  using V = vec<T>;
  constexpr index_t Rows = Side - 1;  // in both windows
  T* const* const triples = lists + Rows;
  sort_columns<Rows>(rows + 1, count + (Side - 1) * step, lists);
  if constexpr (Side > 5) sort_triples<Rows>(lists, step, count + (Side - 3) * step, triples);
  for (index_t e = 0; e < count; e += V::lanes) {
    const auto shared = middle_of_columns<Side>(lists, triples, step, e);
    const auto above = sort<V, 0, Side>([&](index_t j) { return V::load(rows[0] + e + j * step); });
    const auto below = sort<V, 0, Side>([&](index_t j) { return V::load(rows[Side] + e + j * step); });
    middle(shared, above, indices<Side>()).store(y_above + e);
    middle(shared, below, indices<Side>()).store(y_below + e);
  }
}
