// SPDX-License-Identifier: Apache-2.0
// JPEG from any bytes, strictly and with damage accepted: a picture or a lamina::error, never anything else.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/jpeg_fuzz.cpp -ljpeg
#include <lamina/image/jpeg.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > 2048) return -1;  // not worth keeping: small files reach every path, many times a second
  const auto input = std::as_bytes(std::span(bytes, size));
  for (const bool accept_damaged : {false, true}) {
    try {
      const lamina::read_options options{
          .channels = accept_damaged ? 1 : 0, .accept_damaged = accept_damaged, .max_pixels = 1 << 12};
      lamina::decode_jpeg(input, "fuzz.jpg", options);
    } catch (const lamina::error&) {
    }
  }
  return 0;
}
