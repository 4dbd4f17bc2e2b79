// SPDX-License-Identifier: Apache-2.0
// Masks for tests: drawn by hand, those of tests/golden/make_regions.py, and ten thousand of many kinds, the same ones
// that tests/golden/masks.py makes.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/image/read.hpp>

#include "paths.hpp"
#include "pictures.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace lamina::testing {

/// '#' is inside.
inline tensor<std::uint8_t> drawn_mask(const std::vector<std::string>& rows, std::uint8_t inside = 255,
                                       std::uint8_t outside = 0) {
  tensor<std::uint8_t> mask({1, std::ssize(rows), std::ssize(rows[0]), 1});
  for (std::size_t i = 0; i < rows.size() * rows[0].size(); ++i)
    mask[static_cast<index_t>(i)] = rows[i / rows[0].size()][i % rows[0].size()] == '#' ? inside : outside;
  return mask;
}
/// '#' where a mask is 255.
inline std::vector<std::string> rows_of_mask(const tensor<std::uint8_t>& mask) {
  std::vector<std::string> rows;
  for (index_t h = 0; h < mask.extents().h; ++h) {
    rows.emplace_back();
    for (index_t w = 0; w < mask.extents().w; ++w) rows.back() += mask(0, h, w, 0) == 255 ? '#' : '.';
  }
  return rows;
}

/// An ellipse and a bar that slants, with speckles, 83 × 121: pieces and holes of many sizes.
inline tensor<std::uint8_t> speckled_mask(index_t number) {
  tensor<std::uint8_t> mask({1, 83, 121, 1});
  for (index_t h = 0; h < 83; ++h)
    for (index_t w = 0; w < 121; ++w) {
      const auto place = static_cast<std::uint32_t>(h * 121 + w + 977 * number);
      const bool speckle = static_cast<index_t>(place * 2654435761u >> 24) >= 256 - 5 * number;
      const index_t y = h - 35 - number, x = w - 40 - 3 * number;
      const bool ellipse = y * y * (3 + number) + x * x * 2 < 900 + 700 * number;
      const bool bar = std::abs(3 * h - 2 * w + 40) < 6 * (1 + number % 3);
      mask(0, h, w, 0) = (ellipse || bar) != speckle ? 255 : 0;
    }
  return mask;
}

inline constexpr std::uint32_t mask_count = 10000, mask_group = 100;

/// Mask `number` of the ten thousand, 1×1 to 97×65.
inline tensor<std::uint8_t> numbered_mask(std::uint32_t number) {
  static constexpr std::pair<int, int> sizes[] = {{1, 1},   {1, 7},   {9, 1},   {2, 2},   {3, 5},
                                                  {5, 3},   {8, 8},   {13, 17}, {16, 64}, {31, 33},
                                                  {33, 65}, {64, 63}, {40, 128}, {97, 65}};
  const auto [height, width] = sizes[number % std::size(sizes)];
  const auto mixed = [](std::uint32_t seed, std::uint32_t position) {
    std::uint32_t h = position * 0x9E3779B1u + (seed * 0x85EBCA77u + 0x165667B1u);
    h = (h ^ (h >> 15)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    return h ^ (h >> 16);
  };
  std::uint32_t drawn = 0x40000000;
  const auto below = [&](int limit) {
    return static_cast<int>(mixed(number, drawn++) % static_cast<std::uint32_t>(limit));
  };
  const auto noise = [&, width = width](int x, int y) {
    return static_cast<int>(mixed(number, static_cast<std::uint32_t>(y * width + x)) % 256);
  };

  tensor<std::uint8_t> mask({1, height, width, 1});
  // mask = f(x, y, what it is so far)
  const auto paint = [&, height = height, width = width](auto&& f) {
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        std::uint8_t& pixel = mask(0, y, x, 0);
        pixel = f(x, y, pixel != 0) ? 255 : 0;
      }
  };
  switch (const std::uint32_t kind = number / static_cast<std::uint32_t>(std::size(sizes)) % 8) {
    case 0: {  // noise of any density
      const int density = below(257);
      paint([&](int x, int y, bool) { return noise(x, y) < density; });
      break;
    }
    case 1:
    case 2: {  // disks, painted and cut out; or the parity of how many there are
      const bool start = below(2) == 1;
      paint([&](int, int, bool) { return start; });
      for (int i = 0, count = 1 + below(6); i < count; ++i) {
        const int a = below(width), b = below(height), r = below(std::max(height, width) / 2 + 1);
        paint([&](int x, int y, bool before) {
          if ((x - a) * (x - a) + (y - b) * (y - b) > r * r) return before;
          return kind == 2 ? !before : i % 3 != 2;
        });
      }
      break;
    }
    case 3: {  // stripes
      const int a = below(4), b = below(4), period = 2 + below(9), thick = 1 + below(period - 1);
      paint([&](int x, int y, bool) { return (a * x + b * y) % period < thick; });
      break;
    }
    case 4: {  // rings: square, on a corner, round
      const int shape = below(3), centre_x = below(width), centre_y = below(height), squeeze = 1 + below(40);
      const int period = 2 + below(7), thick = 1 + below(period - 1);
      paint([&](int x, int y, bool) {
        const int dx = std::abs(x - centre_x), dy = std::abs(y - centre_y);
        const int distance = shape == 0 ? std::max(dx, dy) : shape == 1 ? dx + dy : (dx * dx + dy * dy) / squeeze;
        return distance % period < thick;
      });
      break;
    }
    case 5: {  // lines one pixel wide, with gaps
      for (int i = 0, count = 1 + below(8); i < count; ++i) {
        const int direction = below(4), place = below(height + width);
        paint([&, height = height, width = width](int x, int y, bool before) {
          switch (direction) {
            case 0: return before || x == place % width;
            case 1: return before || y == place % height;
            case 2: return before || x + y == place;
            default: return before || x - y + height == place;
          }
        });
      }
      const int gaps = below(40);
      paint([&](int x, int y, bool before) { return before && noise(x, y) >= gaps; });
      break;
    }
    case 6: {  // coarse noise, with a little fine noise
      const int side = 2 + below(4), density = 60 + below(140), fine = below(24);
      paint([&, width = width](int x, int y, bool) {
        const auto place = static_cast<std::uint32_t>(y / side * width + x / side);
        return (static_cast<int>(mixed(number + 1, place) % 256) < density) != (noise(x, y) < fine);
      });
      break;
    }
    default: {  // what most of the 3 × 3 pixels around are
      const int density = 96 + below(96);
      paint([&, height = height, width = width](int x, int y, bool) {
        int dots = 0;
        for (int v = std::max(0, y - 1); v <= std::min(height - 1, y + 1); ++v)
          for (int u = std::max(0, x - 1); u <= std::min(width - 1, x + 1); ++u) dots += noise(u, v) < density;
        return dots >= 5;
      });
    }
  }
  return mask;
}

/// Adds to a digest the bytes of numbers, one behind another.
template <class T>
void digest_values(sha256& digest, std::span<const T> values) {
  digest.update(std::as_bytes(values));
}

/// The masks of a folder of the shared data in the order of their names; throws where one can't be read.
inline std::vector<tensor<std::uint8_t>> read_masks(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<tensor<std::uint8_t>> masks;
  for (const auto& file : files) masks.push_back(read_image(file, {.channels = 1}));
  return masks;
}

/// Compares digests of what `add_found(digest, mask)` adds for each mask with the lines of tests/golden/NAME, which
/// masks.py wrote: those of the numbered masks.
template <class AddFound>
void check_numbered_masks(const std::string& name, AddFound&& add_found) {
  const auto golden = golden_digests(name);
  for (std::uint32_t first = 0; first < mask_count; first += mask_group) {
    sha256 digest;
    for (std::uint32_t number = first; number < first + mask_group; ++number)
      add_found(digest, numbered_mask(number));
    const std::string line = "masks " + std::to_string(first);
    CAPTURE(line);
    REQUIRE(golden.count(line) == 1);
    CHECK(digest.hex().substr(0, 16) == golden.at(line));
  }
}
/// And those of the real ones.
template <class AddFound>
void check_real_masks(const std::string& name, AddFound&& add_found) {
  const auto data = shared_data();
  const auto golden = golden_digests(name);
  for (const std::string folder : {"isic2017_256/validation/masks", "isic2017_fullres/masks"}) {
    if (!data || !std::filesystem::is_directory(*data / folder)) {
      MESSAGE("skipped: no ", folder, " in ../shared/data (or LAMINA_SHARED_DATA)");
      continue;
    }
    CAPTURE(folder);
    const auto masks = read_masks(*data / folder);
    REQUIRE(!masks.empty());
    sha256 digest;
    for (const auto& mask : masks) add_found(digest, mask);
    REQUIRE(golden.count(folder) == 1);
    CHECK(digest.hex().substr(0, 16) == golden.at(folder));
  }
}

}  // namespace lamina::testing
