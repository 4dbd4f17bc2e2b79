// SPDX-License-Identifier: Apache-2.0
// BMP, PNM and whatever else the first bytes announce, by way of decode_image: a picture or a lamina::error.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/bmp_pnm_fuzz.cpp -ljpeg -lpng
#include <lamina/image/read.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = std::as_bytes(std::span(bytes, size));
  for (const lamina::index_t channels : {0, 1, 3}) {
    try {
      const lamina::read_options options{.channels = channels, .max_pixels = 1 << 16};
      lamina::decode_image(input, "fuzz", options);
      lamina::decode_image<std::uint16_t>(input, "fuzz", options);
    } catch (const lamina::error&) {
    }
  }
  return 0;
}
