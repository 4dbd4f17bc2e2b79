// lamina::image · SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg-turbo: baseline, progressive and arithmetic-coded; grey, YCbCr, RGB, CMYK and YCCK; 8 bits a sample.
#pragma once

#include <lamina/image/convert.hpp>
#include <lamina/image/exif.hpp>
#include <lamina/image/image_info.hpp>
#include <lamina/image/transform.hpp>

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstdlib>
#include <optional>
#include <vector>

namespace lamina {

namespace detail {

inline bool is_jpeg(bytes_view bytes) { return starts_with(bytes, "\xff\xd8\xff"); }

/// The header's facts; nothing when `bytes`, the start of a file, ends before them. Walks the segments up to the frame.
inline std::optional<image_info> jpeg_info(bytes_view bytes, const std::string& file) {
  image_info info{.format = image_format::jpeg};
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const unsigned marker = byte_at(bytes, at + 1);
    if (byte_at(bytes, at) != 0xff || marker == 0xff) {  // between segments libjpeg too skips what is no marker
      ++at;
      continue;
    }
    if (marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {  // those without a length
      at += 2;
      continue;
    }
    if (marker == 0xd9 || marker == 0xda) throw file_error(file, "damaged JPEG: there is no frame header");
    const std::size_t length = big_endian_16(bytes, at + 2);
    const bytes_view rest = bytes.subspan(at + 4);
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (length < (frame ? 8u : 2u)) throw file_error(file, "damaged JPEG: a segment is too short");
    if (rest.size() < length - 2) return std::nullopt;
    if (marker == 0xe1 && info.orientation == 1) info.orientation = exif_orientation(rest.first(length - 2));
    if (frame) {
      if (marker != 0xc0 && marker != 0xc1 && marker != 0xc2 && marker != 0xc9 && marker != 0xca)
        throw file_error(file, "JPEG with a lossless or hierarchical frame, which is not supported");
      info.bit_depth = static_cast<int>(byte_at(rest, 0));
      info.height = big_endian_16(rest, 1);
      info.width = big_endian_16(rest, 3);
      info.channels = byte_at(rest, 5) == 1 ? 1 : 3;
      if (info.orientation >= 5) std::swap(info.height, info.width);
      return info;
    }
    at += 2 + length;
  }
  return std::nullopt;
}

/// libjpeg reports failures by a long jump. So that none passes a destructor, its calls sit in bodies that own nothing.
struct jpeg_session {
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool accept_damaged = false;
  const std::string& file;

  explicit jpeg_session(const std::string& file_name) : file(file_name) {
    jpeg_std_error(&errors);
    errors.error_exit = on_error;
    errors.emit_message = on_message;
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = on_progress;
  }

  template <class Body>
  void run(std::string_view what, Body&& body) {
    if (setjmp(jump) != 0) throw file_error(file, to_text(what, ": ", message.data()));
    body();
  }

  static void on_error(j_common_ptr codec) {
    auto& session = *static_cast<jpeg_session*>(codec->client_data);
    codec->err->format_message(codec, session.message.data());
    std::longjmp(session.jump, 1);
  }
  static void on_message(j_common_ptr codec, int level) {  // level −1: the data are corrupt; others are traces
    if (level < 0 && !static_cast<jpeg_session*>(codec->client_data)->accept_damaged) on_error(codec);
  }
  /// A few bytes can announce one more scan over the whole picture; nothing honest has hundreds.
  static void on_progress(j_common_ptr codec) {
    constexpr int most_scans = 200;
    if (!codec->is_decompressor || reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= most_scans) return;
    auto& session = *static_cast<jpeg_session*>(codec->client_data);
    std::snprintf(session.message.data(), session.message.size(), "more than %d scans", most_scans);
    std::longjmp(session.jump, 1);
  }
};

struct jpeg_decoder : jpeg_session {
  jpeg_decompress_struct codec{};

  explicit jpeg_decoder(const std::string& file_name) : jpeg_session(file_name) {
    codec.err = &errors;
    codec.client_data = static_cast<jpeg_session*>(this);
    run("JPEG", [&] { jpeg_create_decompress(&codec); });
    codec.progress = &progress;
  }
  ~jpeg_decoder() { jpeg_destroy_decompress(&codec); }
  jpeg_decoder(const jpeg_decoder&) = delete;
  jpeg_decoder& operator=(const jpeg_decoder&) = delete;
};

struct jpeg_encoder : jpeg_session {
  jpeg_compress_struct codec{};
  unsigned char* output = nullptr;  // libjpeg allocates it, by malloc
  unsigned long output_size = 0;

  explicit jpeg_encoder(const std::string& file_name) : jpeg_session(file_name) {
    codec.err = &errors;
    codec.client_data = static_cast<jpeg_session*>(this);
    run("JPEG", [&] { jpeg_create_compress(&codec); });
  }
  ~jpeg_encoder() {
    jpeg_destroy_compress(&codec);
    std::free(output);
  }
  jpeg_encoder(const jpeg_encoder&) = delete;
  jpeg_encoder& operator=(const jpeg_encoder&) = delete;
};

/// 1, 2, 4 or 8: the largest divisor that leaves height and width at the least sizes asked for.
inline unsigned jpeg_divisor(const image_info& info, const read_options& options) {
  if (options.min_height <= 0 || options.min_width <= 0) return 1;
  unsigned divisor = 8;
  while (divisor > 1 && (info.height < options.min_height * divisor || info.width < options.min_width * divisor))
    divisor /= 2;
  return divisor;
}

/// Ink to light. Adobe's files hold the inks inverted: 255 is no ink.
inline void cmyk_to_rgb(const std::uint8_t* cmyk, bool inverted, std::uint8_t* rgb) {
  const auto light = [&](int i) { return static_cast<unsigned>(inverted ? cmyk[i] : 255 - cmyk[i]); };
  for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((light(c) * light(3) + 127) / 255);
}

}  // namespace detail

/// The picture in a JPEG file's bytes: [1,H,W,C], C = 1 or 3 as `options` want it, upright by its EXIF orientation,
/// at 1/2, 1/4 or 1/8 of its size where `options` give least sizes.
/// Throws `file_error` on damage, on what is not supported (12 bits a sample, lossless), and beyond the limits.
inline tensor<std::uint8_t> decode_jpeg(std::span<const std::byte> bytes, const std::string& file,
                                        const read_options& options = {}) {
  const auto info = detail::jpeg_info(bytes, file);
  if (!info) throw file_error(file, "damaged JPEG: the file ends within its header");
  if (info->bit_depth != 8)
    throw file_error(file, to_text("JPEG of ", info->bit_depth, " bits a sample; 8 are supported"));
  detail::check_pixels(*info, options, file);

  detail::jpeg_decoder decoder(file);
  decoder.accept_damaged = options.accept_damaged;
  jpeg_decompress_struct& codec = decoder.codec;
  const index_t C = options.channels == 0 ? info->channels : options.channels;
  decoder.run("damaged JPEG", [&] {
    jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&codec, TRUE);
  });
  if (index_t{codec.image_height} * codec.image_width != info->height * info->width)
    throw file_error(file, "damaged JPEG: it has two frame headers");
  decoder.run("damaged JPEG", [&] {
    codec.scale_num = 1;
    codec.scale_denom = detail::jpeg_divisor(*info, options);
    const bool inks = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
    codec.out_color_space = inks ? JCS_CMYK : C == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&codec);
  });
  const index_t H = codec.output_height, W = codec.output_width;
  const bool inks = codec.out_color_space == JCS_CMYK;
  tensor<std::uint8_t> x({1, H, W, inks ? 3 : C});
  std::vector<std::uint8_t> ink_row(static_cast<std::size_t>(inks ? 4 * W : 0));
  decoder.run("damaged JPEG", [&] {
    while (codec.output_scanline < codec.output_height) {
      std::uint8_t* pixels = x.data() + static_cast<index_t>(codec.output_scanline) * W * x.extents().c;
      JSAMPROW row = inks ? ink_row.data() : pixels;
      jpeg_read_scanlines(&codec, &row, 1);
      for (index_t w = 0; inks && w < W; ++w)
        detail::cmyk_to_rgb(ink_row.data() + 4 * w, codec.saw_Adobe_marker != 0, pixels + 3 * w);
    }
    jpeg_finish_decompress(&codec);
  });
  x = with_channels(std::move(x), options.channels);
  return info->orientation == 1 ? std::move(x) : copy_of(upright(x.view(), info->orientation));
}

/// How a JPEG is written.
struct jpeg_options {
  int quality = 90;  // 1 to 100; colour is kept at full resolution from 90 on, at half below
};

/// A JPEG file's bytes.
///   x  [1,H,W,C], C = 1 or 3
/// Throws `error` on other shapes.
inline std::vector<std::byte> encode_jpeg(view<const std::uint8_t> x, const std::string& file,
                                          jpeg_options options = {}) {
  const auto [N, H, W, C] = x.extents();
  require(N == 1 && H > 0 && W > 0 && (C == 1 || C == 3), file, ": x ", x.extents(),
          " is no image [1,H,W,C] with C = 1 or 3");
  require(H <= JPEG_MAX_DIMENSION && W <= JPEG_MAX_DIMENSION, file, ": ", W, "×", H, " pixels are too many for a JPEG");
  require(options.quality >= 1 && options.quality <= 100, file, ": JPEG quality ", options.quality,
          " is not between 1 and 100");

  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(W * C));
  detail::jpeg_encoder encoder(file);
  jpeg_compress_struct& codec = encoder.codec;
  encoder.run("JPEG can't be written", [&, H = H, W = W, C = C] {
    jpeg_mem_dest(&codec, &encoder.output, &encoder.output_size);
    codec.image_width = static_cast<JDIMENSION>(W);
    codec.image_height = static_cast<JDIMENSION>(H);
    codec.input_components = static_cast<int>(C);
    codec.in_color_space = C == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, options.quality, TRUE);
    if (options.quality >= 90) codec.comp_info[0].h_samp_factor = codec.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&codec, TRUE);
    for (index_t h = 0; h < H; ++h) {
      for (index_t w = 0; w < W; ++w) std::copy_n(x.pixel(0, h, w), C, pixels.data() + w * C);
      JSAMPROW row = pixels.data();
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  });
  const auto* first = reinterpret_cast<const std::byte*>(encoder.output);
  return {first, first + encoder.output_size};
}

}  // namespace lamina
