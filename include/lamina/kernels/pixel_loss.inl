// Included once per instruction set by simd/foreach_isa.hpp.

/// y = σ(z), rest = σ(−z) and entropy = ln(1 + e^−|z|) of `count` doubles, a multiple of 8, to the last digits. NaN
/// gives NaN. In the compiler's own vectors of doubles, as wide as those of floats.
inline void logit_terms(index_t count, const double* z, double* y, double* rest, double* entropy) {
  using doubles = double __attribute__((vector_size(sizeof(vf))));
  using bits64 = std::uint64_t __attribute__((vector_size(sizeof(vf))));
  constexpr index_t lanes = static_cast<index_t>(sizeof(doubles) / sizeof(double));
  // ln 2 in two parts, the first with so few digits that its multiples are exact
  constexpr double per_log2 = 0x1.71547652b82fep+0, log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;
  // added and taken away again it rounds to an integer, which stands in the low bits meanwhile
  constexpr double rounder = 0x1.8p52;
  // 1/13! … 1/0!: |r| ≤ ln 2 / 2, so what is left out is below 1e-17
  constexpr double exponential[] = {1 / 6227020800., 1 / 479001600., 1 / 39916800., 1 / 3628800., 1 / 362880.,
                                    1 / 40320.,      1 / 5040.,      1 / 720.,      1 / 120.,     1 / 24.,
                                    1 / 6.,          1 / 2.,         1.,            1.};
  // of artanh(s)/s in s²: s ≤ 1/3, so what is left out is below 1e-17
  constexpr double artanh[] = {1 / 33., 1 / 31., 1 / 29., 1 / 27., 1 / 25., 1 / 23., 1 / 21., 1 / 19., 1 / 17.,
                               1 / 15., 1 / 13., 1 / 11., 1 / 9.,  1 / 7.,  1 / 5.,  1 / 3.,  1.};
  const doubles zero{}, lowest = zero - 708.0;  // e^−708 is the last power without denormals
  for (index_t i = 0; i < count; i += lanes) {
    doubles v;
    std::memcpy(&v, z + i, sizeof v);
    const doubles below = v < zero ? v : -v;  // −|z|
    const doubles x = below < lowest ? lowest : below;

    // e^x = 2^k · e^r
    const doubles rounded = x * per_log2 + rounder, k = rounded - rounder;
    const doubles r = (x - k * log2_high) - k * log2_low;
    doubles sum = zero;
#pragma GCC unroll 14
    for (const double factor : exponential) sum = sum * r + factor;
    bits64 exponent;
    std::memcpy(&exponent, &rounded, sizeof exponent);
    exponent = (exponent + 1023) << 52;
    doubles power;
    std::memcpy(&power, &exponent, sizeof power);
    const doubles e = below < lowest ? zero : sum * power;

    const doubles larger = 1.0 / (e + 1.0), smaller = e * larger;
    const doubles s = e / (e + 2.0), squared = s * s;  // ln(1 + e) = 2·artanh(e/(2 + e))
    doubles series = zero;
#pragma GCC unroll 17
    for (const double factor : artanh) series = series * squared + factor;

    const doubles of_z = v < zero ? smaller : larger, of_minus_z = v < zero ? larger : smaller;
    const doubles twice = s * series * 2.0;
    std::memcpy(y + i, &of_z, sizeof of_z);
    std::memcpy(rest + i, &of_minus_z, sizeof of_minus_z);
    std::memcpy(entropy + i, &twice, sizeof twice);
  }
}
