// lamina::augment · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/augment/canvas.hpp>
#include <lamina/augment/field.hpp>
#include <lamina/image/draw.hpp>

#include <array>
#include <cmath>
#include <numbers>

namespace lamina::augment {

/// Hairs across the picture, as dermoscopic photographs show them: dark bent lines over skin and lesion alike. The mask
/// stays, as what lies under a hair is still a lesion. Bytes of 3 channels only.
struct hair {
  static constexpr std::string_view name = "AugHair";

  range count;                  // its whole part
  range width{0.004f, 0.012f};  // of a hair, in shorter sides of the picture
  range length{0.4f, 1.2f};     // likewise
  range darkness{0.5f, 0.95f};  // 1 covers what is below

  template <class Self, class Field>
  static void fields(Self& self, Field&& field) {
    field("count", self.count, required, {0, 1000});
    field("width", self.width, optional, probability);
    field("length", self.length, optional, {0, 10});
    field("darkness", self.darkness, optional, probability);
  }
  void operator()(canvas& c, random_stream& random) const {
    const auto hairs = static_cast<int>(count.draw(random));
    require(c.channels() == 3, name, ": the picture has ", c.channels(), " channels instead of 3");
    if (hairs == 0) return;
    const view<std::uint8_t> x = c.bytes(name);
    const auto W = static_cast<double>(c.size().width), H = static_cast<double>(c.size().height);
    const double shorter = std::min(W, H);
    // Hairs of one skin lie about one way, have about one colour and are about as thick.
    const double direction = random.uniform(0, 2 * std::numbers::pi_v<float>), thickness = width.draw(random) * shorter;
    const float brown = random.uniform(0, 60), opacity = darkness.draw(random);
    for (int i = 0; i < hairs; ++i) {
      const double x0 = random.uniform() * W, y0 = random.uniform() * H, reach = length.draw(random) * shorter;
      const double towards = direction + random.normal() * 0.4, bend = random.normal() * 0.6;
      std::array<point, 17> line;  // an arc: the direction changes evenly along it
      point at{x0, y0};
      for (std::size_t k = 0; k < line.size(); ++k) {
        line[k] = at;
        const double angle = towards + bend * (static_cast<double>(k) / static_cast<double>(line.size()) - 0.5) * 2;
        at.x += reach / static_cast<double>(line.size()) * std::cos(angle);
        at.y += reach / static_cast<double>(line.size()) * std::sin(angle);
      }
      const double own_width = std::max(0.5, thickness * (0.7 + 0.6 * random.uniform()));
      const float red = brown * (0.6f + 0.8f * random.uniform());
      const colour paint{saturate_cast<std::uint8_t>(red), saturate_cast<std::uint8_t>(red * 0.7f),
                         saturate_cast<std::uint8_t>(red * 0.5f)};
      draw_polyline(x, line, own_width, paint, opacity);
    }
  }
};

}  // namespace lamina::augment
