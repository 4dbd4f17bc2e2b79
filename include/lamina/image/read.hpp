// lamina::image · SPDX-License-Identifier: Apache-2.0
// Image files to tensors: JPEG, PNG, BMP, PNM, told apart by their first bytes, whatever the file is called.
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/image/bmp.hpp>
#include <lamina/image/jpeg.hpp>
#include <lamina/image/png.hpp>
#include <lamina/image/pnm.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace lamina {

namespace detail {

inline image_format recognised_format(bytes_view bytes, const std::string& file) {
  if (bytes.empty()) throw file_error(file, "the file is empty");
  if (is_jpeg(bytes)) return image_format::jpeg;
  if (is_png(bytes)) return image_format::png;
  if (is_bmp(bytes)) return image_format::bmp;
  if (is_pnm(bytes)) return image_format::pnm;
  throw file_error(file, "neither JPEG, PNG, BMP nor PNM");
}

/// The header's facts; nothing when `bytes`, the start of a file, ends before them.
inline std::optional<image_info> header_info(bytes_view bytes, const std::string& file) {
  switch (recognised_format(bytes, file)) {
    case image_format::jpeg: return jpeg_info(bytes, file);
    case image_format::png: return png_info(bytes, file);
    case image_format::bmp: return bmp_info(bytes, file);
    default: return pnm_info(bytes, file);
  }
}

}  // namespace detail

/// The picture in an image file's bytes: [1,H,W,C] of bytes or, with T = std::uint16_t, of 16-bit samples (8-bit ones
/// times 257). `file` names it in errors.
/// Throws `file_error`: damaged, not supported, or beyond the limits.
template <class T = std::uint8_t>
tensor<T> decode_image(std::span<const std::byte> bytes, const std::string& file, const read_options& options = {}) {
  require(options.channels == 0 || options.channels == 1 || options.channels == 3, file, ": ", options.channels,
          " channels wanted; 1, 3 or 0 (as stored) are possible");
  const image_format format = detail::recognised_format(bytes, file);
  if (format == image_format::png) return decode_png<T>(bytes, file, options);
  if (format == image_format::pnm) return decode_pnm<T>(bytes, file, options);
  tensor<std::uint8_t> x =
      format == image_format::jpeg ? decode_jpeg(bytes, file, options) : decode_bmp(bytes, file, options);
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return x;
  } else {
    tensor<T> y(x.extents(), uninitialized);
    std::transform(x.begin(), x.end(), y.begin(), [](std::uint8_t v) { return static_cast<T>(v * 257); });
    return y;
  }
}

/// The picture in the file at `path`: [1,H,W,C] of bytes, upright, C as `options` want it.
///
///     const tensor<std::uint8_t> photo = read_image("lesion.jpg", {.channels = 3});
///
/// Throws `file_error`: missing, damaged, not supported, or beyond the limits.
inline tensor<std::uint8_t> read_image(const std::filesystem::path& path, const read_options& options = {}) {
  return decode_image(read_file(path, static_cast<std::uintmax_t>(options.max_file_bytes)), path.string(), options);
}

/// The same with 16 bits a sample: all of a 16-bit PNG or PNM; 8-bit samples are multiplied by 257.
inline tensor<std::uint16_t> read_image16(const std::filesystem::path& path, const read_options& options = {}) {
  return decode_image<std::uint16_t>(read_file(path, static_cast<std::uintmax_t>(options.max_file_bytes)),
                                     path.string(), options);
}

/// What the file's header says. Reads its first 64 KiB, more only where a header is longer, `max_file_bytes` at most,
/// and decodes nothing.
/// Throws `file_error`: missing, no image, damaged within the header, or with a header beyond the limit.
inline image_info probe_image(const std::filesystem::path& path, const read_options& options = {}) {
  const std::string file = path.string();
  if (!std::filesystem::is_regular_file(path)) read_file(path, 0);  // throws the reason
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw file_error(file, "can't be opened");
  const auto limit = static_cast<std::size_t>(options.max_file_bytes);
  std::vector<std::byte> head;
  for (std::size_t wanted = 64 * 1024;; wanted *= 4) {
    wanted = std::min(wanted, limit);
    const std::size_t before = head.size();
    head.resize(wanted);
    stream.read(reinterpret_cast<char*>(head.data() + before), static_cast<std::streamsize>(wanted - before));
    head.resize(before + static_cast<std::size_t>(stream.gcount()));
    if (const auto info = detail::header_info(head, file)) return *info;
    if (head.size() < wanted) throw file_error(file, "the file ends within its header");
    if (wanted == limit) throw file_error(file, to_text("its header is longer than the limit of ", limit, " bytes"));
  }
}

}  // namespace lamina
