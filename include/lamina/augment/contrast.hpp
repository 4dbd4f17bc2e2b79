// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/clahe.hpp>

#include <cstdint>
#include <numeric>
#include <type_traits>

namespace lamina::augment {

/// y = m + α · (v − m), m the mean of all the image's values.
struct contrast {
  static constexpr std::string_view name = "AugContrast";

  range alpha;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("alpha", self.alpha, required, not_negative);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float factor = alpha.draw(random);
    c.change_image([&]<class T>(const view<T>& x) {
      using sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
      const auto total = static_cast<double>(std::accumulate(x.data(), x.data() + x.size(), sum{0}));
      const auto mean = static_cast<float>(total / static_cast<double>(x.size()));
      c.map_pixels([=](float v) { return mean + factor * (v - mean); });
    });
  }
};

/// Contrast-limited adaptive histogram equalisation of the brightness: lamina::clahe on a grey picture, in colour on
/// Y = 0.299 R + 0.587 G + 0.114 B, whose change is added to all three. Bytes of 1 or 3 channels only.
struct clahe {
  static constexpr std::string_view name = "AugCLAHE";

  range clip_limit;        // in multiples of an even share
  image_size tiles{8, 8};  // across and down

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("clip_limit", self.clip_limit, required, not_negative);
    field("tiles", self.tiles, optional, {1, 256});
  }
  void operator()(canvas& c, random_stream& random) const {
    const float limit = clip_limit.draw(random);
    const view<std::uint8_t> x = c.bytes(name);
    const auto [N, H, W, C] = x.extents();
    require(C == 1 || C == 3, name, ": the picture has ", C, " channels instead of 1 or 3");
    const auto equalise = [&](view<const std::uint8_t> from, view<std::uint8_t> to) {
      lamina::clahe(c.context(), from, limit, tiles.width, tiles.height, to);
    };
    if (C == 1) return equalise(x, x);
    auto scratch = c.context().scratch().open();
    const auto before = scratch.take<std::uint8_t>(shape{1, H, W, 1}),
               after = scratch.take<std::uint8_t>(shape{1, H, W, 1});
    rgb_to_grey(x, before);
    equalise(before, after);
    for (index_t i = 0; i < x.size(); ++i)
      x.data()[i] = saturate_cast<std::uint8_t>(x.data()[i] + after[i / 3] - before[i / 3]);
  }
};

}  // namespace lamina::augment
