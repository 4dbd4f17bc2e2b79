// SPDX-License-Identifier: Apache-2.0
// PNG from any bytes: a picture or a lamina::error, never anything else.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/png_fuzz.cpp -lpng -lz
#include <lamina/image/png.hpp>

#include <zlib.h>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* bytes, std::size_t size, std::size_t max_size);

namespace {

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

/// Gives each chunk (length, type, data, checksum of type and data) its right checksum.
void repair_checksums(std::span<std::uint8_t> file) {
  for (std::size_t chunk = 8; chunk + 12 <= file.size();) {
    const std::size_t length = big_endian(&file[chunk]);
    if (length > file.size() - chunk - 12) return;
    const auto sum = crc32(0, &file[chunk + 4], static_cast<uInt>(length + 4));
    for (std::size_t i = 0; i < 4; ++i)
      file[chunk + 8 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
    chunk += length + 12;
  }
}

}  // namespace

/// The decoder stops at a wrong checksum, so that almost no mutant would get further: seven of eight get right ones.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* bytes, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  size = LLVMFuzzerMutate(bytes, size, max_size);
  if (seed % 8 != 0) repair_checksums({bytes, size});
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > 2048) return -1;  // not worth keeping: small files reach every path, many times a second
  const auto input = std::as_bytes(std::span(bytes, size));
  for (const lamina::index_t channels : {0, 1}) {
    try {
      const lamina::read_options options{.channels = channels, .max_pixels = 1 << 12};
      if (channels == 0)
        lamina::decode_png<std::uint8_t>(input, "fuzz.png", options);
      else
        lamina::decode_png<std::uint16_t>(input, "fuzz.png", options);
    } catch (const lamina::error&) {
    }
  }
  return 0;
}
