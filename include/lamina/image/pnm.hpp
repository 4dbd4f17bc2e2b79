// lamina::image · SPDX-License-Identifier: Apache-2.0
// Portable anymaps: P1 to P6 (bitmap, greymap, pixmap, as text or raw), samples up to 65535.
#pragma once

#include <lamina/image/convert.hpp>
#include <lamina/image/image_info.hpp>

#include <optional>
#include <utility>

namespace lamina {

namespace detail {

inline bool is_pnm(bytes_view bytes) {
  return bytes.size() >= 3 && byte_at(bytes, 0) == 'P' && byte_at(bytes, 1) >= '1' && byte_at(bytes, 1) <= '6';
}

/// Reads numbers between blanks and comments (from # to the end of the line).
struct pnm_cursor {
  bytes_view bytes;
  std::size_t at = 2;

  static bool is_blank(unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_digit(unsigned c) { return c >= '0' && c <= '9'; }

  void skip_blanks() {
    while (at < bytes.size()) {
      if (byte_at(bytes, at) == '#')
        while (at < bytes.size() && byte_at(bytes, at) != '\n') ++at;
      else if (is_blank(byte_at(bytes, at)))
        ++at;
      else
        return;
    }
  }
  /// Nothing at the end of the bytes, −1 where there is no number (or one that no header holds).
  std::optional<index_t> number(bool one_digit = false) {
    skip_blanks();
    if (at == bytes.size()) return std::nullopt;
    if (!is_digit(byte_at(bytes, at))) return -1;
    index_t value = 0;
    do {
      value = value * 10 + static_cast<index_t>(byte_at(bytes, at++) - '0');
      if (value > 0x7fffffff) return -1;
    } while (!one_digit && at < bytes.size() && is_digit(byte_at(bytes, at)));
    return value;
  }
};

struct pnm_layout {
  image_info info;
  index_t largest = 1;      // the sample that means white
  bool text = false, bilevel = false;
  std::size_t samples = 0;  // where they begin
};

inline std::optional<pnm_layout> pnm_header(bytes_view bytes, const std::string& file) {
  const unsigned kind = byte_at(bytes, 1) - '0';  // 1 to 6
  pnm_layout layout;
  layout.text = kind <= 3;
  layout.bilevel = kind == 1 || kind == 4;
  pnm_cursor cursor{bytes};
  const auto width = cursor.number(), height = cursor.number();
  const auto largest = layout.bilevel ? std::optional<index_t>(1) : cursor.number();
  if (!width || !height || !largest || cursor.at == bytes.size()) return std::nullopt;
  if (*width < 0 || *height < 0) throw file_error(file, "damaged PNM: no width and height");
  if (*largest < 1 || *largest > 65535) throw file_error(file, "damaged PNM: its largest value is not 1 to 65535");
  if (!pnm_cursor::is_blank(byte_at(bytes, cursor.at)))
    throw file_error(file, "damaged PNM: no blank after the header");
  layout.info = {.format = image_format::pnm,
                 .height = *height,
                 .width = *width,
                 .channels = kind % 3 == 0 ? 3 : 1,
                 .bit_depth = layout.bilevel ? 1 : *largest > 255 ? 16 : 8};
  layout.largest = *largest;
  layout.samples = cursor.at + 1;
  return layout;
}

inline std::optional<image_info> pnm_info(bytes_view bytes, const std::string& file) {
  const auto layout = pnm_header(bytes, file);
  return layout ? std::optional(layout->info) : std::nullopt;
}

}  // namespace detail

/// The picture in a PNM file's bytes: [1,H,W,C], C as `options` want it. Samples are spread over T's range, rounded.
/// Throws `file_error` on damage and beyond the limits.
template <class T>
tensor<T> decode_pnm(std::span<const std::byte> bytes, const std::string& file, const read_options& options = {}) {
  const auto layout = detail::pnm_header(bytes, file);
  if (!layout) throw file_error(file, "damaged PNM: the file ends within its header");
  const image_info& info = layout->info;
  detail::check_pixels(info, options, file);

  const auto row_samples = static_cast<std::size_t>(info.width * info.channels);
  const std::size_t row_bytes = layout->bilevel         ? (row_samples + 7) / 8
                                : layout->largest > 255 ? 2 * row_samples
                                                        : row_samples;
  const std::size_t available = bytes.size() - layout->samples;
  const std::size_t least = (layout->text ? row_samples : row_bytes) * static_cast<std::size_t>(info.height);
  if (available < least)
    throw file_error(file, to_text("damaged PNM: ", available, " bytes of samples where ", least, " are the least"));

  tensor<T> x({1, info.height, info.width, info.channels}, uninitialized);
  constexpr index_t white = std::numeric_limits<T>::max();
  detail::pnm_cursor cursor{bytes, layout->samples};
  T* to = x.data();
  for (index_t h = 0; h < info.height; ++h) {
    const std::size_t row = layout->samples + static_cast<std::size_t>(h) * row_bytes;
    for (std::size_t i = 0; i < row_samples; ++i) {
      index_t value = 0;
      if (layout->text)
        value = cursor.number(layout->bilevel).value_or(-1);
      else if (layout->bilevel)
        value = detail::byte_at(bytes, row + i / 8) >> (7 - i % 8) & 1;
      else
        value = layout->largest > 255 ? detail::big_endian_16(bytes, row + 2 * i) : detail::byte_at(bytes, row + i);
      if (value < 0 || value > layout->largest)
        throw file_error(file, to_text("damaged PNM: a sample of row ", h, " is missing or above ", layout->largest));
      if (layout->bilevel) value = 1 - value;  // 1 is black
      *to++ = static_cast<T>((value * white + layout->largest / 2) / layout->largest);
    }
  }
  return with_channels(std::move(x), options.channels);
}

}  // namespace lamina
