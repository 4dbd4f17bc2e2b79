// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/image/image_info.hpp>

namespace lamina::detail {

/// The orientation (1 to 8) in the EXIF block of a JPEG (the payload of its APP1 segment); 1 where there is none or
/// where it makes no sense. EXIF 2.3: a TIFF header, whose first directory has 12-byte entries; tag 0x0112 is a SHORT.
inline int exif_orientation(bytes_view app1) {
  constexpr std::string_view magic{"Exif\0\0", 6};
  if (!starts_with(app1, magic)) return 1;
  const bytes_view tiff = app1.subspan(magic.size());
  if (tiff.size() < 8) return 1;
  const bool little = starts_with(tiff, "II");
  if (!little && !starts_with(tiff, "MM")) return 1;
  const auto read_16 = [&](std::size_t i) { return little ? little_endian_16(tiff, i) : big_endian_16(tiff, i); };
  const auto read_32 = [&](std::size_t i) { return little ? little_endian_32(tiff, i) : big_endian_32(tiff, i); };

  const std::size_t directory = read_32(4);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries = read_16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) return 1;
    if (read_16(entry) != 0x0112) continue;
    const auto value = static_cast<int>(read_16(entry + 8));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace lamina::detail
