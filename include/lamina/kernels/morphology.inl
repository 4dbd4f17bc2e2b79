// Erosion and dilation: extremes of bytes. See image/morphology.hpp.

/// y[i] = the greater of a[i] and b[i], or the lesser; y may be a, where b = a + shift. Handles up to a vector more than
/// `count`.
template <bool Lesser>
inline void extremes_of_bytes(const std::uint8_t* a, const std::uint8_t* b, index_t count, std::uint8_t* y) {
  for (index_t i = 0; i < count; i += vb::lanes) {
    const vb p = vb::load(a + i), q = vb::load(b + i);
    (Lesser ? min(p, q) : max(p, q)).store(y + i);
  }
}
