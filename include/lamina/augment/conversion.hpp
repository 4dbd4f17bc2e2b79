// lamina::augment · SPDX-License-Identifier: Apache-2.0
// From bytes to what a network takes, and other changes of the scale of values.
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>

#include <algorithm>
#include <vector>

namespace lamina::augment {

/// Makes floats of image and mask and divides them: a mask of 0 and 255 by 255 becomes one of 0 and 1.
///
///     to_float{255, 255}
struct to_float {
  static constexpr std::string_view name = "AugToFloat32";

  float divisor = 1;
  float divisor_gt = 1;  // of the mask

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("divisor", self.divisor, shown, positive);
    field("divisor_gt", self.divisor_gt, shown, positive);
  }
  void operator()(canvas& c, random_stream&) const { c.divide(divisor, divisor_gt); }
};

/// Makes floats of image and mask and divides both by 255.
struct div_by_255 {
  static constexpr std::string_view name = "AugDivBy255";

  template <class Self, class Field>
  static void fields(Self&, Field&&) {}
  void operator()(canvas& c, random_stream&) const { c.divide(255, 255); }
};

/// y = (v − mean) / std in floats, one number for all channels or one for each. Throws `error` for a picture of another
/// number of channels.
struct normalize {
  static constexpr std::string_view name = "AugNormalize";

  std::vector<float> mean, std;  // in the picture's units

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("mean", self.mean, required);
    field("std", self.std, required, positive);
  }
  void operator()(canvas& c, random_stream&) const {
    const auto fits = [&](const std::vector<float>& values) {
      return values.size() == 1 || static_cast<index_t>(values.size()) == c.channels();
    };
    require(fits(mean) && fits(std), name, ": ", mean.size(), " means and ", std.size(), " deviations for ",
            c.channels(), " channels");
    const auto of = [](const std::vector<float>& values, index_t channel) {
      return values[values.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
    };
    c.map_pixels_to_float([of, from = mean, by = std](float v, index_t channel) {
      return (v - of(from, channel)) / of(by, channel);
    });
  }
};

/// The image's smallest value becomes new_min and its largest new_max, all others in proportion. A flat image becomes
/// new_min.
struct scale_to {
  static constexpr std::string_view name = "AugScaleTo";

  float new_min = 0, new_max = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("new_min", self.new_min, required);
    field("new_max", self.new_max, required);
  }
  void operator()(canvas& c, random_stream&) const {
    c.change_image([&](const auto& x) {
      const auto [low, high] = std::minmax_element(x.data(), x.data() + x.size());
      const auto min = static_cast<float>(*low), max = static_cast<float>(*high);
      const float scale = max > min ? (new_max - new_min) / (max - min) : 0;
      c.map_pixels([=, from = new_min](float v) { return (v - min) * scale + from; });
    });
  }
};

/// y = new_min + (v − old_min) / (old_max − old_min) · (new_max − new_min) of v kept between old_min and old_max.
struct scale_from_to {
  static constexpr std::string_view name = "AugScaleFromTo";

  float old_min = 0, old_max = 0, new_min = 0, new_max = 0;

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("old_min", self.old_min, required);
    field("old_max", self.old_max, required);
    field("new_min", self.new_min, required);
    field("new_max", self.new_max, required);
  }
  void check() const {
    require(old_min < old_max, name, ": old_min=", text_of(old_min), " is not below old_max=", text_of(old_max));
  }
  void operator()(canvas& c, random_stream&) const {
    const float scale = (new_max - new_min) / (old_max - old_min);
    c.map_pixels([s = *this, scale](float v) {
      return (std::clamp(v, s.old_min, s.old_max) - s.old_min) * scale + s.new_min;
    });
  }
};

}  // namespace lamina::augment
