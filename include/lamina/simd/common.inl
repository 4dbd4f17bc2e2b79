// What every vec<float> shares, included at the end of each instruction set's namespace. `count` may be any number: a
// kernel walks its channels in steps of vf::lanes and passes what is left.

/// The first min(count, lanes) elements at p, the other lanes zero.
template <class T>
inline vf load_up_to(const T* p, index_t count) {
  return count >= vf::lanes ? vf::load(p) : vf::load_first(p, count);
}
template <class T>
inline void store_up_to(T* p, index_t count, vf v) {
  if (count >= vf::lanes)
    v.store(p);
  else
    v.store_first(p, count);
}
/// Fetches the line at p into the second-level cache. The empty asm is an effect: without one, g++ drops calls of
/// functions that do nothing but fetch.
inline void fetch_ahead(const void* p) {
  __builtin_prefetch(p, 0, 2);
  asm volatile("");
}
/// Lane j of row i and lane i of row j change places.
inline void transpose(vf (&rows)[vf::lanes]) {
  constexpr index_t half = vf::lanes / 2;
  for (index_t round = 1; round < vf::lanes; round *= 2) {  // each moves one bit of the row's number to the lane's
    vf zipped[vf::lanes];
#pragma GCC unroll 8
    for (index_t i = 0; i < half; ++i) {
      zipped[2 * i] = rows[i];
      zipped[2 * i + 1] = rows[i + half];
      zip(zipped[2 * i], zipped[2 * i + 1]);
    }
#pragma GCC unroll 16
    for (index_t i = 0; i < vf::lanes; ++i) rows[i] = zipped[i];
  }
}
/// Sum of the lanes, in the order of the lanes.
inline float sum_lanes(vf v) {
  float lanes[vf::lanes];
  v.store(lanes);
  float sum = 0;
  for (index_t i = 0; i < vf::lanes; ++i) sum += lanes[i];
  return sum;
}
/// act(v) = v where v > 0, else slope·v: 1 none, 0 ReLU, 0.01 leaky ReLU. NaN stays NaN, and slope 0 makes 0 of −∞,
/// where the product alone would be NaN.
struct activation {
  vf slope, floor;

  explicit activation(float s) : slope(vf::set(s)), floor(vf::set(s == 0 ? 0.0f : -__builtin_inff())) {}
  vf operator()(vf v) const { return select(greater(vf::zero(), v), max(slope * v, floor), v); }
};
