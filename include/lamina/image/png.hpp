// lamina::image · SPDX-License-Identifier: Apache-2.0
// PNG by libpng: every colour type and bit depth, interlaced or not; checksums are enforced.
#pragma once

#include <lamina/image/convert.hpp>
#include <lamina/image/image_info.hpp>

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <new>
#include <optional>
#include <vector>

namespace lamina {

namespace detail {

inline bool is_png(bytes_view bytes) { return starts_with(bytes, "\x89PNG\r\n\x1a\n"); }

/// libpng reports failures by a long jump. So that none passes a destructor, its calls sit in bodies that own nothing.
struct png_session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool writing = false;
  bytes_view input;  // what is left to read
  std::vector<std::byte> output;
  std::array<char, 160> message{};
  const std::string& file;

  png_session(const std::string& file_name, bool write) : writing(write), file(file_name) {
    png = writing ? png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)
                  : png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      close();
      throw std::bad_alloc();
    }
  }
  ~png_session() { close(); }
  png_session(const png_session&) = delete;
  png_session& operator=(const png_session&) = delete;

  void close() {
    if (writing)
      png_destroy_write_struct(&png, &info);
    else
      png_destroy_read_struct(&png, &info, nullptr);
  }

  template <class Body>
  void run(Body&& body) {
    if (setjmp(png_jmpbuf(png)) != 0)
      throw file_error(file, to_text(writing ? "PNG can't be written: " : "damaged PNG: ", message.data()));
    body();
  }

  static void on_error(png_structp png, png_const_charp text) {
    auto& message = static_cast<png_session*>(png_get_error_ptr(png))->message;
    std::strncpy(message.data(), text, message.size() - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}  // odd colour profiles and the like: no pixel depends on them

  static void on_read(png_structp png, png_bytep to, std::size_t count) {
    auto& input = static_cast<png_session*>(png_get_io_ptr(png))->input;
    if (count > input.size()) png_error(png, "the file ends too early");
    std::memcpy(to, input.data(), count);
    input = input.subspan(count);
  }
  static void on_write(png_structp png, png_bytep from, std::size_t count) {
    auto& output = static_cast<png_session*>(png_get_io_ptr(png))->output;
    bool out_of_memory = false;
    try {
      const auto* bytes = reinterpret_cast<const std::byte*>(from);
      output.insert(output.end(), bytes, bytes + count);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;  // jumping out of the handler itself would leak the exception
    }
    if (out_of_memory) png_error(png, "out of memory");
  }
  static void on_flush(png_structp) {}
};

/// The transparency of a palette or of one colour makes a fourth channel; it is announced between IHDR and IDAT.
inline bool png_has_transparency(bytes_view bytes, bool& complete) {
  std::size_t at = 33;
  complete = true;
  while (at + 8 <= bytes.size()) {
    const bytes_view type = bytes.subspan(at + 4);
    if (starts_with(type, "tRNS")) return true;
    if (starts_with(type, "IDAT") || starts_with(type, "IEND")) return false;
    at += std::size_t{12} + big_endian_32(bytes, at);
  }
  complete = false;
  return false;
}

/// The header's facts; nothing when `bytes`, the start of a file, ends before them.
inline std::optional<image_info> png_info(bytes_view bytes, const std::string& file) {
  if (bytes.size() < 33) return std::nullopt;
  if (big_endian_32(bytes, 8) != 13 || !starts_with(bytes.subspan(12), "IHDR"))
    throw file_error(file, "damaged PNG: its first chunk is no IHDR of 13 bytes");
  image_info info{.format = image_format::png,
                  .height = big_endian_32(bytes, 20),
                  .width = big_endian_32(bytes, 16),
                  .bit_depth = static_cast<int>(byte_at(bytes, 24))};
  const unsigned colour_type = byte_at(bytes, 25);
  bool complete = true;
  const bool alpha = (colour_type & PNG_COLOR_MASK_ALPHA) != 0 || png_has_transparency(bytes, complete);
  info.channels = alpha ? 4 : (colour_type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
  if (!complete) return std::nullopt;
  return info;
}

}  // namespace detail

/// The picture in a PNG file's bytes: [1,H,W,C], C as `options` want it, 4 where the file has alpha or a transparent
/// colour (grey and alpha too). Samples of 1, 2 and 4 bits are spread over T's range; 16 bits become 8 by
/// round(v · 255/65535), 8 bits become 16 by v · 257. Gamma and profiles are not applied.
/// Throws `file_error` on damage (checksums, sizes, missing ends) and beyond the limits.
template <class T>
tensor<T> decode_png(std::span<const std::byte> bytes, const std::string& file, const read_options& options = {}) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>);
  const auto header = detail::png_info(bytes, file);
  if (!header) throw file_error(file, "damaged PNG: the file ends too early");
  detail::check_pixels(*header, options, file);

  detail::png_session session(file, false);
  session.input = bytes;
  png_structp png = session.png;
  png_infop info = session.info;
  session.run([&] {
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the limit on pixels is checked above
    png_set_read_fn(png, &session, detail::png_session::on_read);
    png_read_info(png, info);
    png_set_expand(png);
    if constexpr (sizeof(T) == 2) {
      png_set_expand_16(png);
      if (std::endian::native == std::endian::little) png_set_swap(png);
    } else {
      png_set_scale_16(png);
    }
    const bool alpha = (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                       png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    if (alpha && options.channels != 0) png_set_strip_alpha(png);
    if (alpha && options.channels == 0) png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
  });
  tensor<T> x({1, header->height, header->width, png_get_channels(png, info)});
  if (static_cast<index_t>(png_get_rowbytes(png, info)) * header->height != static_cast<index_t>(x.bytes()))
    throw file_error(file, "damaged PNG: rows of unexpected length");
  std::vector<png_bytep> rows(static_cast<std::size_t>(header->height));
  for (index_t h = 0; h < header->height; ++h)
    rows[static_cast<std::size_t>(h)] = reinterpret_cast<png_bytep>(x.view().pixel(0, h, 0));
  session.run([&] {
    png_read_image(png, rows.data());
    png_read_end(png, nullptr);
  });
  return with_channels(std::move(x), options.channels);
}

/// How a PNG is written.
struct png_options {
  bool bilevel = false;  // one bit a pixel, for masks: white where the byte is ≥ 128
  int compression = 6;   // zlib's 0 (none) to 9
};

/// A PNG file's bytes.
///   x  [1,H,W,C] bytes or 16-bit samples, C = 1, 3 or 4; bilevel wants bytes and C = 1
/// Throws `error` on other shapes.
template <class T>
std::vector<std::byte> encode_png(view<const T> x, const std::string& file, png_options options = {}) {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t>);
  const auto [N, H, W, C] = x.extents();
  require(N == 1 && H > 0 && W > 0 && (C == 1 || C == 3 || C == 4), file, ": x ", x.extents(),
          " is no image [1,H,W,C] with C = 1, 3 or 4");
  require(!options.bilevel || (C == 1 && sizeof(T) == 1), file,
          ": a bilevel PNG is made of one channel of bytes, x is ", x.extents());

  std::vector<T> row(static_cast<std::size_t>(W * C));
  detail::png_session session(file, true);
  png_structp png = session.png;
  png_infop info = session.info;
  session.run([&, H = H, W = W, C = C] {
    png_set_write_fn(png, &session, detail::png_session::on_write, detail::png_session::on_flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(png, options.compression);
    png_set_IHDR(png, info, static_cast<png_uint_32>(W), static_cast<png_uint_32>(H),
                 options.bilevel ? 1 : 8 * static_cast<int>(sizeof(T)),
                 C == 1   ? PNG_COLOR_TYPE_GRAY
                 : C == 3 ? PNG_COLOR_TYPE_RGB
                          : PNG_COLOR_TYPE_RGB_ALPHA,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    if (options.bilevel) png_set_packing(png);
    if (sizeof(T) == 2 && std::endian::native == std::endian::little) png_set_swap(png);
    for (index_t h = 0; h < H; ++h) {
      for (index_t w = 0; w < W; ++w) std::copy_n(x.pixel(0, h, w), C, row.data() + w * C);
      if (options.bilevel)
        for (T& v : row) v = v >= 128 ? 1 : 0;
      png_write_row(png, reinterpret_cast<png_const_bytep>(row.data()));
    }
    png_write_end(png, nullptr);
  });
  return std::move(session.output);
}

}  // namespace lamina
