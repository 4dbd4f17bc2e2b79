// SPDX-License-Identifier: Apache-2.0
// What the tests of functions on pictures share: pictures, the ways they may lie in memory, digests.
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/formats/sha256.hpp>
#include <lamina/image/transform.hpp>

#include "golden.hpp"
#include "paths.hpp"
#include "tensors.hpp"

#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <sstream>
#include <string>

namespace lamina::testing {

/// The name of T in golden files.
template <class T>
std::string type_name() {
  if (std::is_same_v<T, std::int32_t>) return "int32";
  return sizeof(T) == 1 ? "uint8" : sizeof(T) == 2 ? "uint16" : "float32";
}

/// The largest value that a picture of T holds: 255, 65535 or 1.
template <class T>
double value_range() {
  return std::is_integral_v<T> ? static_cast<double>(std::numeric_limits<T>::max()) : 1;
}

/// Noise over the whole range of T.
template <class T>
tensor<T> random_picture(shape extents, std::uint32_t number) {
  return random_tensor<T>(extents, number, 0, value_range<T>() + (std::is_integral_v<T> ? 1 : 0));
}

/// The bytes that the scripts in tests/golden make for their larger pictures.
inline tensor<std::uint8_t> formula_picture(shape extents) {
  tensor<std::uint8_t> x(extents, uninitialized);
  for (index_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(i) * 2654435761u >> 24);
  return x;
}

/// The first 16 hex digits of the SHA-256 of the elements.
template <class T>
std::string digest_of(const tensor<T>& x) {
  return sha256_hex(std::as_bytes(std::span(x.data(), static_cast<std::size_t>(x.size())))).substr(0, 16);
}

/// The lines of a text file in tests/golden: all but the last word, and the last word.
inline std::map<std::string, std::string> golden_digests(const std::string& name) {
  std::ifstream file(repository_folder() / "tests" / "golden" / name);
  std::map<std::string, std::string> digests;
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t space = line.rfind(' ');
    digests[line.substr(0, space)] = line.substr(space + 1);
  }
  return digests;
}

/// Calls body(words, digest) for each of them, of which there must be `lines`: the words before the digest as a stream.
template <class Body>
void for_each_golden_digest(const std::string& name, std::size_t lines, Body&& body) {
  const auto golden = golden_digests(name);
  CHECK(golden.size() == lines);
  for (const auto& entry : golden) {
    const std::string& line = entry.first;
    CAPTURE(line);
    std::istringstream words(line);
    body(words, entry.second);
  }
}

/// The greatest |a − b|.
template <class T>
double largest_difference(view<const T> a, view<const T> b) {
  REQUIRE(a.extents() == b.extents());
  double largest = 0;
  const auto [N, H, W, C] = a.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double d = std::abs(static_cast<double>(a(n, h, w, c)) - static_cast<double>(b(n, h, w, c)));
          largest = d <= largest ? largest : d;  // NaN stays
        }
  return largest;
}

/// Calls body(x', y') for views of x's values and of buffers of shape y that lie in different ways: slices of wider
/// pixels, flipped ones, transposed. Fails the test if something beside y' was written.
template <class T, class Body>
void for_each_layout(const tensor<T>& x, shape y, Body&& body) {
  const auto [N, H, W, C] = x.extents();
  const auto slice = [](tensor<T>& wide, index_t channels) { return wide.view().channels(1, channels); };
  tensor<T> wide_x({N, H, W, C + 3}), wide_y({y.n, y.h, y.w, y.c + 3}), turned_x({N, W, H, C}), turned_y(
      {y.n, y.w, y.h, y.c});
  wide_x.fill(static_cast<T>(value_range<T>()));
  const view<T> xs[] = {slice(wide_x, C), flip_left_right(flip_up_down(slice(wide_x, C))), transpose(turned_x.view())};
  const view<T> ys[] = {slice(wide_y, y.c), flip_left_right(flip_up_down(slice(wide_y, y.c))),
                        transpose(turned_y.view())};
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    copy_pixels(x.view(), xs[i]);
    wide_y.fill(static_cast<T>(7));
    body(as_const(xs[i]), ys[i]);
    if (i == 2) continue;
    bool untouched = true;
    for (index_t p = 0; p < wide_y.extents().pixels(); ++p)
      for (const index_t c : {index_t{0}, y.c + 1, y.c + 2})
        untouched &= wide_y[p * (y.c + 3) + c] == static_cast<T>(7);
    CHECK(untouched);
  }
}

}  // namespace lamina::testing
