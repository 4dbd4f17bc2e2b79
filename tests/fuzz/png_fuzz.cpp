// needs: png jpeg
// SPDX-License-Identifier: Apache-2.0
// PNG from any bytes: a picture or a lamina::error, never anything else.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/png_fuzz.cpp -lpng
#include <lamina/image/png.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = std::as_bytes(std::span(bytes, size));
  for (const lamina::index_t channels : {0, 1}) {
    try {
      const lamina::read_options options{.channels = channels, .max_pixels = 1 << 16};
      if (channels == 0)
        lamina::decode_png<std::uint8_t>(input, "fuzz.png", options);
      else
        lamina::decode_png<std::uint16_t>(input, "fuzz.png", options);
    } catch (const lamina::error&) {
    }
  }
  return 0;
}
