// lamina::image · SPDX-License-Identifier: Apache-2.0
// Tensors to image files. The bytes are made in memory, written beside the target and renamed: never half a file. No
// writer waits for the disk: pictures come by the thousand, and can be made again after a power cut.
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/image/extension.hpp>
#include <lamina/image/jpeg.hpp>
#include <lamina/image/png.hpp>

#include <filesystem>
#include <string>

namespace lamina {

/// Writes x as PNG.
///   x  [1,H,W,C] of bytes or 16-bit samples, C = 1, 3 or 4
/// Throws `error` on other shapes, `file_error` when the file can't be written.
inline void write_png(const std::filesystem::path& path, view<const std::uint8_t> x, png_options options = {}) {
  write_file_atomically(path, encode_png(x, path.string(), options), durability::program_end);
}
inline void write_png(const std::filesystem::path& path, view<const std::uint16_t> x, png_options options = {}) {
  write_file_atomically(path, encode_png(x, path.string(), options), durability::program_end);
}

/// Writes x as JPEG.
///   x  [1,H,W,C], C = 1 or 3
/// Throws `error` on other shapes, `file_error` when the file can't be written.
inline void write_jpeg(const std::filesystem::path& path, view<const std::uint8_t> x, jpeg_options options = {}) {
  write_file_atomically(path, encode_jpeg(x, path.string(), options), durability::program_end);
}

/// Writes x in the format that the path's extension names: .png, .jpg or .jpeg.
/// Throws `file_error` on another extension, and as the writer of the format does.
inline void write_image(const std::filesystem::path& path, view<const std::uint8_t> x) {
  const std::string extension = extension_of(path);
  if (extension == ".png")
    write_png(path, x);
  else if (extension == ".jpg" || extension == ".jpeg")
    write_jpeg(path, x);
  else
    throw file_error(path.string(), to_text("images are written as .png, .jpg or .jpeg, not as '", extension, "'"));
}

}  // namespace lamina
