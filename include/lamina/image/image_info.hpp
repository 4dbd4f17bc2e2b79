// lamina::image · SPDX-License-Identifier: Apache-2.0
// This folder holds what is done to pictures: files, resizing, geometry, conversion, drawing. An image is a tensor
// [1,H,W,C] of bytes, C = 1 (grey), 3 (RGB) or 4 (RGB and alpha). Here: what a file says of itself before it is
// decoded.
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/shape.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lamina {

enum class image_format { jpeg, png, bmp, pnm };

inline std::string_view name(image_format format) {
  constexpr std::string_view names[] = {"JPEG", "PNG", "BMP", "PNM"};
  return names[static_cast<int>(format)];
}

/// What the header of an image file says.
struct image_info {
  image_format format = image_format::jpeg;
  index_t height = 0, width = 0;  // as a reader returns them: after the orientation was applied
  index_t channels = 0;           // that a reader returns when asked for the channels as stored: 1, 3 or 4
  int bit_depth = 8;              // of a sample (of a palette index, where there is a palette)
  int orientation = 1;            // EXIF, 1 (upright) to 8
};

/// How an image is read.
struct read_options {
  index_t channels = 0;  // 1 grey, 3 RGB (alpha is dropped), 0 as stored
  /// Where both are given, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as neither side falls below these:
  /// several times quicker when the picture is made small anyway.
  index_t min_height = 0, min_width = 0;
  bool accept_damaged = false;  // take what can be decoded of a JPEG that is cut off or corrupt
  index_t max_pixels = 178'956'970;
  index_t max_file_bytes = index_t{1} << 30;
};

namespace detail {

using bytes_view = std::span<const std::byte>;

inline unsigned byte_at(bytes_view bytes, std::size_t i) { return std::to_integer<unsigned>(bytes[i]); }
inline std::uint32_t big_endian_16(bytes_view b, std::size_t i) { return byte_at(b, i) << 8 | byte_at(b, i + 1); }
inline std::uint32_t big_endian_32(bytes_view b, std::size_t i) {
  return big_endian_16(b, i) << 16 | big_endian_16(b, i + 2);
}
inline std::uint32_t little_endian_16(bytes_view b, std::size_t i) { return byte_at(b, i + 1) << 8 | byte_at(b, i); }
inline std::uint32_t little_endian_32(bytes_view b, std::size_t i) {
  return little_endian_16(b, i + 2) << 16 | little_endian_16(b, i);
}
inline bool starts_with(bytes_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size()) return false;
  for (std::size_t i = 0; i < magic.size(); ++i)
    if (byte_at(bytes, i) != static_cast<unsigned char>(magic[i])) return false;
  return true;
}

/// Throws `file_error` unless the picture has pixels, and no more of them than allowed. Runs before any allocation.
inline void check_pixels(const image_info& info, const read_options& options, const std::string& file) {
  if (info.height <= 0 || info.width <= 0)
    throw file_error(file, to_text(name(info.format), " of ", info.width, "×", info.height, " pixels"));
  if (info.height > options.max_pixels / info.width)
    throw file_error(file, to_text(name(info.format), " of ", info.width, "×", info.height,
                                   " pixels, more than the limit of ", options.max_pixels));
}

}  // namespace detail

}  // namespace lamina
