// What every instruction set's integer header shares, included in each one's namespace.

/// The first min(count, lanes) numbers at p as floats, the other lanes zero.
template <class T>
inline vf load_floats_up_to(const T* p, index_t count) {
  if (count >= vf::lanes) return load_floats(p);
  T copy[vf::lanes] = {};
  for (index_t i = 0; i < count; ++i) copy[i] = p[i];
  return load_floats(copy);
}
template <class T>
inline void store_floats_up_to(vf a, T* p, index_t count) {
  if (count >= vf::lanes) return store_floats(a, p);
  T copy[vf::lanes];
  store_floats(a, copy);
  for (index_t i = 0; i < count; ++i) p[i] = copy[i];
}
