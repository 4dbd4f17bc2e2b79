// lamina::image · SPDX-License-Identifier: Apache-2.0
// What a file's name says of its being an image. Readers look at the bytes instead.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace lamina {

/// ASCII letters made small, whatever the locale.
inline std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// The extension in small letters, its dot included: ".jpg" of "Lesion.JPG".
inline std::string extension_of(const std::filesystem::path& file) { return lower_case(file.extension().string()); }

/// Whether a file is called as images that `read_image` reads are, in small or capital letters.
inline bool has_image_extension(const std::filesystem::path& file) {
  constexpr std::array<std::string_view, 8> known{".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm"};
  return std::find(known.begin(), known.end(), extension_of(file)) != known.end();
}

}  // namespace lamina
