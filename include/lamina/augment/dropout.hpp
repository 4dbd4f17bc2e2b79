// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Parts of the image lost: rectangles, or single pixels.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <algorithm>
#include <cmath>

namespace lamina::augment {

/// The image is divided from its upper left corner on into tiles of max(1, ⌊W·d⌋) × max(1, ⌊H·d⌋) pixels, d drawn from
/// drop_size. Each tile becomes 0 with the probability drawn from p; or, if u ≤ per_channel, each channel of each tile
/// with that probability divided by the number of channels.
struct coarse_dropout {
  static constexpr std::string_view name = "AugCoarseDropout";

  range p, drop_size;
  float per_channel = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, required, probability);
    field("drop_size", self.drop_size, required, probability);
    field("per_channel", self.per_channel, required, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    const float drawn_p = p.draw(random), d = drop_size.draw(random);
    const bool separate = random.uniform() <= per_channel;
    const auto side = [d](index_t extent) {
      return std::max<index_t>(1, static_cast<index_t>(static_cast<float>(extent) * d));
    };
    c.change_image([&](const auto& x) {
      const auto [N, H, W, C] = x.extents();
      const index_t rows = side(H), columns = side(W);
      const float chance = separate ? drawn_p / static_cast<float>(C) : drawn_p;
      const index_t parts = separate ? C : 1, width = C / parts;  // channels are lost one by one, or all together
      for (index_t top = 0; top < H; top += rows)
        for (index_t left = 0; left < W; left += columns)
          for (index_t part = 0; part < parts; ++part) {
            if (!(random.uniform() < chance)) continue;
            for (index_t h = top; h < std::min(top + rows, H); ++h)
              for (index_t w = left; w < std::min(left + columns, W); ++w)
                std::fill_n(x.pixel(0, h, w) + part * width, width, 0);
          }
    });
  }
};

namespace detail {

/// Calls body(i) for each of 0 … count − 1 with probability p, in rising order, independently. Draws the gaps between
/// them, which are distributed geometrically: P(gap ≥ g) = (1 − p)^g.
template <class Body>
void for_each_chosen(random_stream& random, index_t count, double p, Body&& body) {
  if (p <= 0) return;
  const double log_of_miss = std::log1p(-std::min(p, 1.0));  // −∞ for p = 1, and then every gap is 0
  for (index_t i = 0; i < count; ++i) {
    const auto high = static_cast<double>(random() >> 5), low = static_cast<double>(random() >> 6);
    const double u = 1 - (high * 0x1p26 + low) * 0x1p-53;  // on (0, 1]
    const double gap = std::floor(std::log(u) / log_of_miss);
    if (!(gap < static_cast<double>(count - i))) return;
    i += static_cast<index_t>(gap);
    body(i);
  }
}

template <class Self, class Field>
void lost_pixel_fields(Self& self, Field&& field) {
  field("p", self.p, required, probability);
  field("per_channel", self.per_channel, required, probability);
}

/// Which value a lost pixel takes: value() gives white or 0.
template <class Value>
void lose_pixels(canvas& c, random_stream& random, const range& p, float per_channel, Value&& value) {
  const float drawn_p = p.draw(random);
  const bool separate = random.uniform() <= per_channel;
  c.change_image([&]<class T>(const view<T>& x) {
    const index_t C = x.extents().c, width = separate ? 1 : C;
    for_each_chosen(random, x.size() / width, drawn_p, [&](index_t i) {
      std::fill_n(x.data() + i * width, width, static_cast<T>(value() ? c.white() : 0.0f));
    });
  });
}

}  // namespace detail

/// Each pixel becomes white with the probability drawn from p; or, if u ≤ per_channel, each element.
struct salt {
  static constexpr std::string_view name = "AugSalt";

  range p;
  float per_channel = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    detail::lost_pixel_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    detail::lose_pixels(c, random, p, per_channel, [] { return true; });
  }
};

/// The same with black.
struct pepper {
  static constexpr std::string_view name = "AugPepper";

  range p;
  float per_channel = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    detail::lost_pixel_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    detail::lose_pixels(c, random, p, per_channel, [] { return false; });
  }
};

/// The same with either, at equal chances.
struct salt_and_pepper {
  static constexpr std::string_view name = "AugSaltAndPepper";

  range p;
  float per_channel = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    detail::lost_pixel_fields(self, field);
  }
  void operator()(canvas& c, random_stream& random) const {
    detail::lose_pixels(c, random, p, per_channel, [&] { return (random() & 1u) != 0; });
  }
};

}  // namespace lamina::augment
