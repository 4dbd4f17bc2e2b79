// lamina::image · SPDX-License-Identifier: Apache-2.0
// Windows bitmaps: 1, 2, 4 and 8 bits with a palette, 16, 24 and 32 bits with or without masks. Not run-length coded.
#pragma once

#include <lamina/image/convert.hpp>
#include <lamina/image/image_info.hpp>

#include <array>
#include <bit>
#include <optional>

namespace lamina {

namespace detail {

inline bool is_bmp(bytes_view bytes) { return starts_with(bytes, "BM"); }

/// Where a header says that things lie.
struct bmp_layout {
  image_info info;
  unsigned depth = 0;  // bits a pixel
  bool bottom_up = true;
  std::size_t pixels = 0, row_bytes = 0;
  std::size_t palette = 0, palette_entry = 4, palette_count = 0;
  std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha (0: none), of 16- and 32-bit pixels
};

inline std::optional<bmp_layout> bmp_header(bytes_view bytes, const std::string& file) {
  constexpr std::size_t file_header = 14;
  enum compression_type : std::uint32_t { rgb = 0, rle_8 = 1, rle_4 = 2, bit_fields = 3 };
  if (bytes.size() < 18) return std::nullopt;
  const std::size_t header = little_endian_32(bytes, 14);
  const bool core = header == 12;  // OS/2: sizes of 16 bits, palette entries of three bytes
  if (!core && (header < 40 || header > 1024))
    throw file_error(file, to_text("BMP with a header of ", header, " bytes"));
  if (bytes.size() < file_header + header) return std::nullopt;

  bmp_layout layout;
  const auto signed_32 = [&](std::size_t i) { return index_t{static_cast<std::int32_t>(little_endian_32(bytes, i))}; };
  const index_t height = core ? little_endian_16(bytes, 20) : signed_32(22);
  layout.bottom_up = height >= 0;
  layout.pixels = little_endian_32(bytes, 10);
  const unsigned depth = layout.depth = little_endian_16(bytes, core ? 24 : 28);
  const std::uint32_t compression = core ? 0 : little_endian_32(bytes, 30);
  layout.info = {.format = image_format::bmp,
                 .height = layout.bottom_up ? height : -height,
                 .width = core ? little_endian_16(bytes, 18) : signed_32(18),
                 .channels = 3,
                 .bit_depth = depth > 8 ? (depth == 16 ? 5 : 8) : static_cast<int>(depth)};
  if (compression == rle_8 || compression == rle_4)
    throw file_error(file, "BMP with run-length coding, which is not supported");
  if (depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
    throw file_error(file, to_text("BMP of ", depth, " bits a pixel"));
  if (compression != rgb && !(compression == bit_fields && (depth == 16 || depth == 32)))
    throw file_error(file,
                     to_text("BMP with compression ", compression, " at ", depth, " bits, which is not supported"));

  if (depth <= 8) {
    const std::size_t used = core ? 0 : little_endian_32(bytes, 46);
    layout.palette = file_header + header;
    layout.palette_entry = core ? 3 : 4;
    layout.palette_count = used == 0 ? std::size_t{1} << depth : used;
    if (layout.palette_count > 256) throw file_error(file, to_text("BMP with ", used, " palette entries"));
  } else if (compression == bit_fields) {
    if (bytes.size() < 66) return std::nullopt;
    for (std::size_t c = 0; c < 3; ++c) layout.masks[c] = little_endian_32(bytes, 54 + 4 * c);
    if (header >= 56) layout.masks[3] = little_endian_32(bytes, 66);
    if (layout.masks[3] != 0) layout.info.channels = 4;
  } else {
    layout.masks = depth == 16 ? std::array<std::uint32_t, 4>{0x7c00, 0x03e0, 0x001f, 0}
                               : std::array<std::uint32_t, 4>{0xff0000, 0xff00, 0xff, 0};
  }
  if (layout.info.width > 0) layout.row_bytes = (static_cast<std::size_t>(layout.info.width) * depth + 31) / 32 * 4;
  return layout;
}

inline std::optional<image_info> bmp_info(bytes_view bytes, const std::string& file) {
  const auto layout = bmp_header(bytes, file);
  return layout ? std::optional(layout->info) : std::nullopt;
}

/// The bits of `pixel` under `mask`, spread over 0 to 255.
inline std::uint8_t masked_sample(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t largest = mask >> shift, value = (pixel & mask) >> shift;
  return static_cast<std::uint8_t>((value * 255 + largest / 2) / largest);
}

}  // namespace detail

/// The picture in a BMP file's bytes: [1,H,W,C], C as `options` want it; as stored it is 3, or 4 with an alpha mask.
/// Throws `file_error` on damage, on run-length coding, and beyond the limits.
inline tensor<std::uint8_t> decode_bmp(std::span<const std::byte> bytes, const std::string& file,
                                       const read_options& options = {}) {
  const auto layout = detail::bmp_header(bytes, file);
  if (!layout) throw file_error(file, "damaged BMP: the file ends within its header");
  detail::check_pixels(layout->info, options, file);
  const auto& [info, depth, bottom_up, pixels, row_bytes, palette, palette_entry, palette_count, masks] = *layout;
  const auto rows = static_cast<std::size_t>(info.height);
  if (pixels > bytes.size() || (bytes.size() - pixels) / row_bytes < rows)
    throw file_error(file, to_text("damaged BMP: ", rows, " rows of ", row_bytes, " bytes from byte ", pixels,
                                   " on, but the file ends at ", bytes.size()));
  if (palette + palette_entry * palette_count > bytes.size())
    throw file_error(file, "damaged BMP: the file ends within its palette");

  const index_t C = info.channels;
  tensor<std::uint8_t> x({1, info.height, info.width, C}, uninitialized);
  for (index_t h = 0; h < info.height; ++h) {
    const auto stored_row = static_cast<std::size_t>(bottom_up ? info.height - 1 - h : h);
    const auto row = bytes.subspan(pixels + stored_row * row_bytes, row_bytes);
    std::uint8_t* to = x.view().pixel(0, h, 0);
    for (std::size_t w = 0; w < static_cast<std::size_t>(info.width); ++w, to += C) {
      std::size_t blue = 3 * w;  // of a 24-bit pixel
      if (depth == 16 || depth == 32) {
        const std::uint32_t pixel =
            depth == 16 ? detail::little_endian_16(row, 2 * w) : detail::little_endian_32(row, 4 * w);
        for (index_t c = 0; c < C; ++c) to[c] = detail::masked_sample(pixel, masks[static_cast<std::size_t>(c)]);
        continue;
      }
      detail::bytes_view from = row;
      if (depth <= 8) {
        const std::size_t per_byte = 8 / depth;
        const std::size_t shift = 8 - depth * (w % per_byte + 1);
        const std::size_t index = detail::byte_at(row, w / per_byte) >> shift & ((1u << depth) - 1);
        if (index >= palette_count)
          throw file_error(file, to_text("damaged BMP: colour ", index, " of a palette of ", palette_count));
        from = bytes;
        blue = palette + palette_entry * index;
      }
      for (std::size_t c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(detail::byte_at(from, blue + 2 - c));
    }
  }
  return with_channels(std::move(x), options.channels);
}

}  // namespace lamina
