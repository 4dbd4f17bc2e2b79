// Included once per instruction set by simd/foreach_isa.hpp: what vec_test.cpp asks of vectors of floats. `count` is a
// multiple of all sets' lanes; results lie one behind another, `count` of each operation.

inline index_t lanes() { return vf::lanes; }

inline void float_operations(const float* x, const float* z, index_t count, float* y) {
  for (index_t i = 0; i < count; i += vf::lanes) {
    const vf a = vf::load(x + i), b = vf::load(z + i);
    const vf results[] = {a + b,     a - b,     a * b,   a / b, rounded_product(a, b) + a, fma(a, b, a),
                          max(a, b), min(a, b), sqrt(a), select(greater(a, b), b, a)};
    float* to = y + i;
    for (const vf result : results) {
      result.store(to);
      to += count;
    }
  }
}

/// The bits of masks, one byte of each lane, and the lanes that bits make: 1 where set, else 0.
inline void mask_operations(const float* x, const float* z, index_t count, std::uint8_t* greater_bits, float* chosen) {
  for (index_t i = 0; i < count; i += vf::lanes) {
    const unsigned bits = to_bits(greater(vf::load(x + i), vf::load(z + i)));
    for (index_t lane = 0; lane < vf::lanes; ++lane) greater_bits[i + lane] = bits >> lane & 1u;
    select(from_bits(bits), vf::set(1), vf::zero()).store(chosen + i);
  }
}

template <class From, class To>
inline void copy_vectors(const From* x, index_t count, To* y) {
  for (index_t i = 0; i < count; i += vf::lanes) vf::load(x + i).store(y + i);
}
/// The first `count` lanes at x go to y, all lanes that were loaded to loaded.
template <class T>
inline void copy_first(const T* x, index_t count, T* y, float* loaded) {
  const vf v = vf::load_first(x, count);
  v.store(loaded);
  v.store_first(y, count);
}

/// Two vectors zipped, and as many as there are lanes transposed.
inline void zip_vectors(const float* x, float* y) {
  vf a = vf::load(x), b = vf::load(x + vf::lanes);
  zip(a, b);
  a.store(y);
  b.store(y + vf::lanes);
}
inline void transpose_vectors(const float* x, float* y) {
  vf rows[vf::lanes];
  for (index_t i = 0; i < vf::lanes; ++i) rows[i] = vf::load(x + i * vf::lanes);
  transpose(rows);
  for (index_t i = 0; i < vf::lanes; ++i) rows[i].store(y + i * vf::lanes);
}
