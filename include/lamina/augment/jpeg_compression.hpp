// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/jpeg.hpp>

namespace lamina::augment {

/// Written as a JPEG file and read again, in memory. Bytes of 1 or 3 channels only.
struct jpeg_compression {
  static constexpr std::string_view name = "AugJpegCompression";

  range quality;  // its whole part

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("quality", self.quality, required, {1, 100});
  }
  void operator()(canvas& c, random_stream& random) const {
    const auto drawn = static_cast<int>(quality.draw(random));
    const view<std::uint8_t> x = c.bytes(name);
    const std::string file(name);
    const tensor<std::uint8_t> y = decode_jpeg(encode_jpeg(x, file, {.quality = drawn}), file);
    copy_pixels(c.context(), y.view(), x);
  }
};

}  // namespace lamina::augment
