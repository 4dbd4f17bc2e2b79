// Included once per instruction set by simd/foreach_isa.hpp: what integers_test.cpp asks of vectors of integers. Lanes
// lie one behind another and blocks have 16 bytes, so that the results are the same bytes whatever the width.

inline void add(vi v, integer_results& out) {
  std::int32_t lanes[vi::lanes];
  v.store(lanes);
  out.add(lanes, vi::lanes);
}
inline void add(vs v, integer_results& out) {
  std::int16_t lanes[vs::lanes];
  v.store(lanes);
  out.add(lanes, vs::lanes);
}
inline void add(vw v, integer_results& out) {
  std::uint16_t lanes[vw::lanes];
  v.store(lanes);
  out.add(lanes, vw::lanes);
}
inline void add(vb v, integer_results& out) {
  std::uint8_t lanes[vb::lanes];
  v.store(lanes);
  out.add(lanes, vb::lanes);
}
inline void add(vf v, integer_results& out) {
  float lanes[vf::lanes];
  v.store(lanes);
  out.add(lanes, vf::lanes);
}
inline void add(vf::mask m, integer_results& out) { add(select(m, vf::set(1), vf::zero()), out); }

/// The results of operation(a, b) on whole vectors of two arrays.
template <class V, class T, std::size_t N, class Operation>
inline void each(const T (&a)[N], const T (&b)[N], integer_results& out, Operation operation) {
  out.begin_operation();
  for (index_t i = 0; i < static_cast<index_t>(N); i += V::lanes) add(operation(V::load(a + i), V::load(b + i)), out);
}
/// The elements, of type To, that store(vector, place) makes of whole vectors of an array.
template <class V, class To, class T, std::size_t N, class Store>
inline void stored(const T (&a)[N], integer_results& out, Store store) {
  To elements[N];
  for (index_t i = 0; i < static_cast<index_t>(N); i += V::lanes) store(V::load(a + i), elements + i);
  out.begin_operation();
  out.add(elements, static_cast<index_t>(N));
}

inline void integer_operations(const integer_inputs& x, integer_results& out) {
  const auto& [ints, shorts, words, bytes, table, floats, awkward] = x;
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return a + b; });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return a - b; });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return a * b; });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return a & b; });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return a | b; });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return max(a, b); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return min(a, b); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return equal(a, b); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi) { return shift_right(a, 3); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi) { return shift_left(a & vi::set(0xffff), 5); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi) { return to_float(a); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi) { return as_words(a); });
  each<vi>(ints[0], ints[1], out, [](vi a, vi b) { return narrow_in_blocks(a, b); });
  each<vf>(floats, floats, out, [](vf a, vf) { return round_to_int(a); });
  each<vf>(floats, floats, out, [](vf a, vf) { return truncate_to_int(a); });

  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return a + b; });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return a - b; });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return a * b; });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs) { return shift_right(a, 3); });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return multiply_high(a, b); });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return multiply_add_pairs(a, b); });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return interleave_low(a, b); });
  each<vs>(shorts[0], shorts[1], out, [](vs a, vs b) { return interleave_high(a, b); });
  each<vs>(bytes[0], bytes[1], out, [](vs a, vs) { return a; });  // bytes made 16 bits wide
  each<vw>(words[0], words[1], out, [](vw a, vw b) { return max(a, b); });
  each<vw>(words[0], words[1], out, [](vw a, vw b) { return min(a, b); });
  each<vb>(bytes[0], bytes[1], out, [](vb a, vb b) { return max(a, b); });
  each<vb>(bytes[0], bytes[1], out, [](vb a, vb b) { return min(a, b); });
  const byte_table lookup(table);
  each<vb>(bytes[0], bytes[1], out, [&](vb a, vb) { return lookup[a]; });

  stored<vs, std::uint8_t>(shorts[0], out, [](vs a, std::uint8_t* p) { store_bytes(a, p); });
  stored<vi, std::uint8_t>(ints[0], out, [](vi a, std::uint8_t* p) { store_bytes(a, p); });
  stored<vf, std::uint8_t>(awkward, out, [](vf a, std::uint8_t* p) { store_floats(a, p); });
  stored<vf, std::uint16_t>(awkward, out, [](vf a, std::uint16_t* p) { store_floats(a, p); });
  stored<vb, std::uint8_t>(bytes[0], out, [](vb a, std::uint8_t* p) {
    const std::uint64_t bits = top_bits(a);
    for (index_t i = 0; i < vb::lanes; ++i) p[i] = bits >> i & 1u;
  });
  out.begin_operation();
  for (index_t i = 0; i < 96; i += vf::lanes) add(load_floats(bytes[0] + i), out);
  out.begin_operation();
  for (index_t i = 0; i < 96; i += vf::lanes) add(load_floats(words[0] + i), out);
  out.begin_operation();
  for (index_t i = 0; i < 96; i += 2 * vf::lanes) {
    vf even, odd;
    load_pairs(floats + i, even, odd);
    zip(even, odd);  // to their order in memory
    add(even, out);
    add(odd, out);
  }
}

inline void store_as_bytes(const float* x, std::uint8_t* y) {
  for (index_t i = 0; i < 16; i += vf::lanes) store_floats(vf::load(x + i), y + i);
}
