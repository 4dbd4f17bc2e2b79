// Included once per instruction set by simd/foreach_isa.hpp.

/// y = scale · x.
inline void to_float(const std::uint8_t* x, index_t count, float scale, float* y) {
  const vf scales = vf::set(scale);
  index_t i = 0;
  for (; i + 2 * vf::lanes <= count; i += 2 * vf::lanes) {
    store_floats(scales * load_floats(x + i), y + i);
    store_floats(scales * load_floats(x + i + vf::lanes), y + i + vf::lanes);
  }
  for (; i < count; i += vf::lanes)
    store_floats_up_to(scales * load_floats_up_to(x + i, count - i), y + i, count - i);
}

/// y = x, rounded and saturated. Each type's values are floats, too.
template <class From, class To>
inline void convert(const From* x, index_t count, To* y) {
  for (index_t i = 0; i < count; i += vf::lanes)
    store_floats_up_to(load_floats_up_to(x + i, count - i), y + i, count - i);
}

/// y = (x − mean) / deviation, both given for `period` elements that repeat; the period is a multiple of vf::lanes.
template <class T>
inline void normalize(const T* x, index_t count, const float* mean, const float* deviation, index_t period, float* y) {
  for (index_t begin = 0; begin < count; begin += period) {
    const index_t end = begin + period < count ? begin + period : count;
    for (index_t i = begin; i < end; i += vf::lanes) {
      const vf v = load_floats_up_to(x + i, end - i) - vf::load(mean + i - begin);
      store_floats_up_to(v / vf::load(deviation + i - begin), y + i, end - i);
    }
  }
}
