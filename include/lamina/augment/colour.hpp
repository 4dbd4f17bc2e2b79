// lamina::augment · SPDX-License-Identifier: Apache-2.0
// Changes of colour.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/hsv.hpp>

#include <array>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina::augment {

/// Hue turned by degrees; saturation and value added to, 1 being full. Throws `error` unless there are three channels.
///
///     hue_saturation_value{.hue = {-10, 10}, .saturation = {-0.15f, 0.15f}, .value = {-0.1f, 0.1f}}
struct hue_saturation_value {
  static constexpr std::string_view name = "AugHueSaturationValue";

  range hue{0, 0};
  range saturation{0, 0};
  range value{0, 0};

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("hue", self.hue, optional, {-360, 360});
    field("saturation", self.saturation, optional, {-1, 1});
    field("value", self.value, optional, {-1, 1});
  }
  void operator()(canvas& c, random_stream& random) const {
    const float turn = hue.draw(random), more_saturation = saturation.draw(random), more_value = value.draw(random);
    require(c.channels() == 3, name, ": the picture has ", c.channels(), " channels instead of 3");
    c.change_image([&]<class T>(const view<T>& x) {
      change_hsv(c.context(), x, {turn, more_saturation, more_value}, c.white(), x);
    });
  }
};

/// With probability p, the channels in another order; all orders have the same chance, the present one too.
struct channel_shuffle {
  static constexpr std::string_view name = "AugChannelShuffle";

  float p = 0.5f;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("p", self.p, shown, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    const bool applied = random.uniform() <= p;
    const std::vector<index_t> order = random_permutation(c.channels(), random);
    if (!applied) return;
    c.remake_image([&]<class T>(view<const T> x, view<T> y) {
      const index_t C = x.extents().c;
      for (index_t h = 0; h < x.extents().h; ++h)
        for (index_t w = 0; w < x.extents().w; ++w)
          for (index_t i = 0; i < C; ++i) y(0, h, w, i) = x(0, h, w, order[static_cast<std::size_t>(i)]);
    });
  }
};

/// Colour constancy: each channel is scaled so that its Minkowski mean, (mean of v^power)^(1/power), becomes the mean
/// of the channels' ones. Takes out the tint of lamp and camera, the same each time. A black channel stays. Finlayson,
/// Trezzi: Shades of Gray and Colour Constancy. CIC 2004.
struct shades_of_grey {
  static constexpr std::string_view name = "AugShadesOfGrey";
  static constexpr bool deterministic = true;

  float power = 6;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("power", self.power, shown, {1, 100});
  }
  void operator()(canvas& c, random_stream&) const {
    const auto channels = static_cast<std::size_t>(c.channels());
    const double white = c.white();
    const auto powered = [&](double v) { return std::pow(std::max(0.0, v / white), power); };
    std::vector<double> means(channels, 0.0);
    c.change_image([&]<class T>(const view<T>& x) {
      const T *begin = x.data(), *end = begin + x.size();
      for (std::size_t i = 0; i < channels; ++i) {
        double sum = 0;
        if constexpr (std::is_same_v<T, std::uint8_t>) {  // 256 powers instead of one for each pixel
          std::array<index_t, 256> counts{};
          for (const T* v = begin + i; v < end; v += channels) ++counts[*v];
          for (std::size_t v = 0; v < 256; ++v) sum += static_cast<double>(counts[v]) * powered(static_cast<double>(v));
        } else {
          for (const T* v = begin + i; v < end; v += channels) sum += powered(*v);
        }
        means[i] = std::pow(sum / static_cast<double>(x.extents().pixels()), 1 / power);
      }
    });
    double grey = 0;
    for (const double m : means) grey += m / static_cast<double>(channels);
    c.map_pixels([means, grey](float v, index_t channel) {
      const double mean = means[static_cast<std::size_t>(channel)];
      return mean > 0 ? static_cast<float>(v * (grey / mean)) : v;
    });
  }
};

}  // namespace lamina::augment
