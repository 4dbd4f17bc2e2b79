// Included once per instruction set by simd/foreach_isa.hpp. The formulas are those of the plain functions in
// image/hsv.hpp, to the bit.

struct hsv_vectors {
  vf hue, saturation, value;
};
inline hsv_vectors rgb_to_hsv(vf r, vf g, vf b) {
  const vf tiny = vf::set(0x1p-23f), zero = vf::zero();
  const vf value = max(b, max(g, r)), chroma = value - min(b, min(g, r));
  const vf::mask not_red = greater(value, r), not_green = greater(value, g);
  const vf difference = select(not_red, select(not_green, r - g, b - r), g - b);
  const vf primary = select(not_red, select(not_green, vf::set(240), vf::set(120)), zero);
  const vf hue = rounded_product(difference, vf::set(60) / (chroma + tiny)) + primary;
  return {select(greater(zero, hue), hue + vf::set(360), hue), chroma / (max(value, zero - value) + tiny), value};
}

struct rgb_vectors {
  vf red, green, blue;
};
inline rgb_vectors hsv_to_rgb(const hsv_vectors& x) {
  const vf six = vf::set(6), four = vf::set(4), one = vf::set(1);
  const vf sixths = x.hue / vf::set(60), chroma = rounded_product(x.value, x.saturation);
  const auto channel = [&](float first) {
    const vf turned = vf::set(first) + sixths, k = select(greater(six, turned), turned, turned - six);
    return x.value - rounded_product(chroma, min(max(min(four - k, k), vf::zero()), one));
  };
  return {channel(5), channel(3), channel(1)};
}

inline void store_half_up(vf a, float* p) { a.store(p); }
inline void store_half_up(vf a, std::uint8_t* p) { store_bytes(truncate_to_int(a + vf::set(0.5f)), p); }

/// y = f(x) for pixels of three channels: f(a, b, c) changes a vector of each. y may be x.
template <class T, class F>
inline void map_pixels(const T* x, index_t pixels, T* y, F&& f) {
  const auto map = [&](const T* from, T* to) {
    vf a = load_floats(from), b = load_floats(from + vf::lanes), c = load_floats(from + 2 * vf::lanes);
    split_triples(a, b, c);
    f(a, b, c);
    join_triples(a, b, c);
    store_half_up(a, to);
    store_half_up(b, to + vf::lanes);
    store_half_up(c, to + 2 * vf::lanes);
  };
  index_t i = 0;
  for (; i + vf::lanes <= pixels; i += vf::lanes) map(x + 3 * i, y + 3 * i);
  if (i == pixels) return;
  T rest[3 * vf::lanes] = {};
  for (index_t e = 3 * i; e < 3 * pixels; ++e) rest[e - 3 * i] = x[e];
  map(rest, rest);
  for (index_t e = 3 * i; e < 3 * pixels; ++e) y[e] = rest[e - 3 * i];
}

inline void rgb_to_hsv(const float* x, index_t pixels, float* y) {
  map_pixels(x, pixels, y, [](vf& a, vf& b, vf& c) {
    const hsv_vectors found = rgb_to_hsv(a, b, c);
    a = found.hue;
    b = found.saturation;
    c = found.value;
  });
}
inline void hsv_to_rgb(const float* x, index_t pixels, float* y) {
  map_pixels(x, pixels, y, [](vf& a, vf& b, vf& c) {
    const rgb_vectors found = hsv_to_rgb({a, b, c});
    a = found.red;
    b = found.green;
    c = found.blue;
  });
}
template <class T>
inline void change_hsv(const T* x, index_t pixels, const hsv& change, float white, T* y) {
  const vf turn = vf::set(change.hue), more_saturation = vf::set(change.saturation), more_value = vf::set(change.value);
  const vf full = vf::set(360), zero = vf::zero(), one = vf::set(1);
  const vf whites = vf::set(white), scale = vf::set(1 / white);
  map_pixels(x, pixels, y, [&](vf& a, vf& b, vf& c) {
    hsv_vectors colour = rgb_to_hsv(rounded_product(a, scale), rounded_product(b, scale), rounded_product(c, scale));
    const vf turned = colour.hue + turn;
    colour.hue = select(greater(zero, turned), turned + full, select(greater(full, turned), turned, turned - full));
    colour.saturation = min(max(colour.saturation + more_saturation, zero), one);
    colour.value = min(max(colour.value + more_value, zero), one);
    const rgb_vectors found = hsv_to_rgb(colour);
    a = rounded_product(found.red, whites);
    b = rounded_product(found.green, whites);
    c = rounded_product(found.blue, whites);
  });
}
