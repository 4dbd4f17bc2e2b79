// lamina::data · SPDX-License-Identifier: Apache-2.0
// Made-up dermoscopic pictures: a skin lesion and its mask, for demonstrations and tests where no real images are at
// hand. Colours follow from optics: light is filtered by melanin and blood (Beer and Lambert), so whatever is painted
// adds to an optical density per colour channel, and skin and lesion stay within the browns, reds and slates of real
// ones.
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/data/noise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace lamina {

/// image [1,H,W,3] RGB, mask [1,H,W,1] of 0 and 255.
struct synthetic_picture {
  tensor<std::uint8_t> image, mask;
};

namespace detail {

/// Red, green, blue: densities or intensities.
using spectrum = std::array<float, 3>;

inline void add(spectrum& sum, float amount, const spectrum& c) {
  for (std::size_t i = 0; i < 3; ++i) sum[i] += amount * c[i];
}

// Densities of a unit of each pigment.
inline constexpr spectrum thin_melanin{0.34f, 0.72f, 1.08f};  // tan: of healthy skin
inline constexpr spectrum melanin{0.52f, 0.86f, 1.08f};       // brown
inline constexpr spectrum deep_melanin{0.98f, 1.00f, 0.88f};  // slate: deep or dense melanin absorbs all colours alike
inline constexpr spectrum blood{0.06f, 0.56f, 0.46f};

inline float smoothstep(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

/// Where a picture's random numbers come from: each part of it has a stream of its own, so that one can be changed
/// without disturbing the others. Lengths are in units of the picture's shorter side, points relative to its centre.
enum class picture_part : std::uint32_t { skin, lesion, hair, hair_colour, ruler, light };

struct picture_place {
  std::uint64_t seed;
  std::uint32_t index;
  float half_width, half_height;
  float pixels;  // in one unit of length

  random_stream stream(picture_part part) const {
    return random_stream({.seed = seed,
                          .purpose = random_purpose::synthetic,
                          .sample = index,
                          .position = static_cast<std::uint32_t>(part)});
  }
};

/// Healthy skin: tone, blotches, creases, red specks.
class skin_field {
 public:
  explicit skin_field(const picture_place& place)
      : stream_(place.stream(picture_part::skin)),
        finest_(place.pixels / 3),
        tone_(stream_),
        crease_(stream_),
        speck_(stream_) {
    const float u = stream_.uniform();
    melanin_ = u < 0.8f ? stream_.uniform(0.12f, 0.45f) : stream_.uniform(0.45f, 0.9f);
    blood_ = 0.04f + 0.5f * stream_.uniform() * stream_.uniform();
    blotches_ = stream_.uniform(0.03f, 0.12f);
    creases_ = stream_.uniform(0.01f, 0.05f);
    specks_ = stream_.uniform() < 0.3f ? stream_.uniform(0.1f, 0.35f) : 0;
    angle_ = stream_.uniform(0, std::numbers::pi_v<float>);
  }
  spectrum density(float x, float y) const {
    const float along = x * std::cos(angle_) + y * std::sin(angle_);
    const float across = y * std::cos(angle_) - x * std::sin(angle_);
    const float blotch = tone_.octaves(3 * x, 3 * y, 4, finest_ / 3);
    const float crease = crease_.octaves(14 * along, 40 * across, 2, finest_ / 40);
    const float speck = smoothstep(0.55f, 0.95f, speck_(16 * x, 16 * y));
    spectrum sum{};
    add(sum, std::max(0.02f, melanin_ * (1 + blotches_ * blotch)), thin_melanin);
    add(sum, std::max(0.0f, blood_ + blotches_ * blotch + creases_ * crease + specks_ * speck), blood);
    add(sum, creases_ * 0.5f * crease, deep_melanin);
    return sum;
  }

 private:
  random_stream stream_;
  float finest_;
  gradient_noise tone_, crease_, speck_;
  float melanin_ = 0, blood_ = 0, blotches_ = 0, creases_ = 0, specks_ = 0, angle_ = 0;
};

/// The lesion: a star-shaped outline in warped coordinates, filled with uneven pigment.
class lesion_field {
 public:
  explicit lesion_field(const picture_place& place)
      : stream_(place.stream(picture_part::lesion)),
        finest_(place.pixels / 3),
        warp_x_(stream_),
        warp_y_(stream_),
        edge_(stream_),
        patch_(stream_),
        mesh_(stream_),
        dots_(stream_),
        blush_(stream_) {
    radius_ = std::exp(stream_.uniform(std::log(0.11f), std::log(0.40f)));
    const float room = std::max(0.02f, 0.6f * (0.45f - radius_));
    x_ = stream_.uniform(-room, room) * place.half_width * 2;
    y_ = stream_.uniform(-room, room) * place.half_height * 2;
    angle_ = stream_.uniform(0, std::numbers::pi_v<float>);
    stretch_ = std::sqrt(stream_.uniform(0.62f, 1.0f));
    irregularity_ = stream_.uniform(0.3f, 1.0f);
    for (std::size_t k = 0; k < waves_.size(); ++k)
      waves_[k] = {irregularity_ * 0.14f * stream_.normal() / static_cast<float>(k + 1),
                   stream_.uniform(0, 2 * std::numbers::pi_v<float>)};
    softness_ = stream_.uniform(0.06f, 0.32f);
    streaks_ = stream_.uniform(0.0f, 0.10f) * irregularity_;

    density_ = stream_.uniform(0.55f, 1.7f);
    depth_ = smoothstep(0.9f, 1.7f, density_) * stream_.uniform(0.5f, 1.0f);
    blood_ = stream_.uniform() < 0.25f ? stream_.uniform(0.3f, 0.8f) : stream_.uniform(0.0f, 0.25f);
    core_ = stream_.uniform(-0.3f, 0.6f);
    patches_ = stream_.uniform(0.2f, 0.75f);
    network_ = stream_.uniform() < 0.6f ? stream_.uniform(0.3f, 1.0f) : 0;
    globules_ = stream_.uniform() < 0.35f ? stream_.uniform(0.15f, 0.5f) : 0;
    halo_ = stream_.uniform() < 0.35f ? stream_.uniform(0.1f, 0.4f) : 0.05f;
    mesh_scale_ = stream_.uniform(30.0f, 50.0f);
  }

  /// Where a point lies: positive inside, 1 at the centre, 0 on the outline.
  float inside(float x, float y) const {
    const float reach = 1 / radius_;
    x -= x_, y -= y_;
    const float wx = warp_x_.octaves(2.2f * reach * x, 2.2f * reach * y, 3, finest_ / (2.2f * reach));
    const float wy = warp_y_.octaves(2.2f * reach * x, 2.2f * reach * y, 3, finest_ / (2.2f * reach));
    x += 0.13f * irregularity_ * radius_ * wx;
    y += 0.13f * irregularity_ * radius_ * wy;
    const float along = (x * std::cos(angle_) + y * std::sin(angle_)) * stretch_;
    const float across = (y * std::cos(angle_) - x * std::sin(angle_)) / stretch_;
    const float distance = std::hypot(along, across), theta = std::atan2(across, along);
    float outline = 1;
    for (std::size_t k = 0; k < waves_.size(); ++k)
      outline += waves_[k].amplitude * std::cos(static_cast<float>(k + 2) * theta + waves_[k].phase);
    if (distance > 0)
      outline += streaks_ * edge_.octaves(9 * along / distance, 9 * across / distance, 2, finest_ * radius_);
    outline = std::max(outline, 0.4f);
    return 1 - distance / (radius_ * outline);
  }

  /// What the lesion adds to the skin's density.
  spectrum density(float x, float y, float inside) const {
    spectrum sum{};
    const float halo = halo_ * smoothstep(-0.45f, 0.05f, inside);
    if (halo > 0) add(sum, halo * (1 + 0.5f * blush_(6 * x, 6 * y)), blood);
    const float cover = smoothstep(-0.5f * softness_, softness_, inside);
    if (cover <= 0) return sum;

    const float reach = 1 / radius_;
    float pigment = 1 + core_ * smoothstep(0.1f, 0.8f, inside);
    pigment += patches_ * patch_.octaves(1.8f * reach * x, 1.8f * reach * y, 4, finest_ / (1.8f * reach));
    // Network and globules come and go: each is strong where its own slow field is high.
    if (network_ > 0 && mesh_scale_ < finest_) {
      const float here = smoothstep(-0.5f, 0.5f, mesh_(1.6f * reach * x, 1.6f * reach * y));
      pigment += network_ * here * (smoothstep(0.15f, 0.75f, mesh_.cells(mesh_scale_ * x, mesh_scale_ * y)) - 0.5f);
    }
    if (globules_ > 0) {
      const float size = 0.22f + 0.2f * dots_(2.1f * reach * x, 2.1f * reach * y);
      pigment += globules_ * smoothstep(size + 0.12f, size - 0.12f, dots_.cells(24 * x, 24 * y));
    }
    pigment = density_ * cover * std::max(pigment, 0.25f);
    const float slate = blush_.octaves(1.3f * reach * x, 1.3f * reach * y, 2, finest_) + core_;
    const float deep = depth_ * smoothstep(-0.2f, 0.6f, slate);
    add(sum, pigment * (1 - 0.75f * deep), melanin);
    add(sum, pigment * deep, deep_melanin);
    add(sum, cover * blood_, blood);
    return sum;
  }

  /// The centre.
  float x() const { return x_; }
  float y() const { return y_; }

 private:
  struct wave {
    float amplitude, phase;
  };
  random_stream stream_;
  float finest_;
  gradient_noise warp_x_, warp_y_, edge_, patch_, mesh_, dots_, blush_;
  float radius_ = 0, x_ = 0, y_ = 0, angle_ = 0, stretch_ = 1, irregularity_ = 0, softness_ = 0, streaks_ = 0;
  std::array<wave, 6> waves_{};
  float density_ = 0, depth_ = 0, blood_ = 0, core_ = 0, patches_ = 0, network_ = 0, globules_ = 0, halo_ = 0;
  float mesh_scale_ = 0;
};

/// How much of each pixel thin strokes cover, 0 … 1, with smooth edges.
class stroke_layer {
 public:
  explicit stroke_layer(const picture_place& place, shape extents)
      : place_(place), cover_({1, extents.h, extents.w, 1}) {}

  /// A straight stroke from (x0, y0) to (x1, y1), `width` broad.
  void line(float x0, float y0, float x1, float y1, float width, float opacity) {
    const auto [N, H, W, C] = cover_.extents();
    const float reach = width / 2 + 1 / place_.pixels;
    const index_t top = row(std::min(y0, y1) - reach), bottom = row(std::max(y0, y1) + reach);
    const index_t left = column(std::min(x0, x1) - reach), right = column(std::max(x0, x1) + reach);
    const float dx = x1 - x0, dy = y1 - y0, length = std::max(dx * dx + dy * dy, 1e-12f);
    for (index_t h = std::max<index_t>(0, top); h <= std::min(H - 1, bottom); ++h)
      for (index_t w = std::max<index_t>(0, left); w <= std::min(W - 1, right); ++w) {
        const float x = (static_cast<float>(w) + 0.5f) / place_.pixels - place_.half_width - x0;
        const float y = (static_cast<float>(h) + 0.5f) / place_.pixels - place_.half_height - y0;
        const float t = std::clamp((x * dx + y * dy) / length, 0.0f, 1.0f);
        const float distance = std::hypot(x - t * dx, y - t * dy);
        // A stroke thinner than a pixel darkens it by its share.
        const float share = std::min(1.0f, width * place_.pixels);
        const float half = std::max(width / 2, 0.5f / place_.pixels);
        const float edge = std::clamp((half - distance) * place_.pixels + 0.5f, 0.0f, 1.0f);
        float& cover = cover_(0, h, w, 0);
        cover = std::max(cover, opacity * share * edge);
      }
  }
  float operator()(index_t h, index_t w) const { return cover_(0, h, w, 0); }

 private:
  index_t row(float y) const { return static_cast<index_t>(std::floor((y + place_.half_height) * place_.pixels)); }
  index_t column(float x) const { return static_cast<index_t>(std::floor((x + place_.half_width) * place_.pixels)); }

  picture_place place_;
  tensor<float> cover_;
};

/// Hairs lie over the lesion in loose bundles: arcs that start anywhere and grow roughly one way.
inline void draw_hairs(const picture_place& place, stroke_layer& strokes) {
  random_stream stream = place.stream(picture_part::hair);
  const float u = stream.uniform();
  const std::uint32_t count = u < 0.5f ? 0 : u < 0.88f ? 2 + stream.below(9) : 12 + stream.below(24);
  const float direction = stream.uniform(0, 2 * std::numbers::pi_v<float>), spread = stream.uniform(0.15f, 0.9f);
  const float width = stream.uniform(0.0025f, 0.0065f), opacity = stream.uniform(0.55f, 0.95f);
  for (std::uint32_t hair = 0; hair < count; ++hair) {
    float x = stream.uniform(-1.2f, 1.2f) * place.half_width, y = stream.uniform(-1.2f, 1.2f) * place.half_height;
    float angle = direction + spread * stream.normal();
    const float length = stream.uniform(0.25f, 1.0f), bend = stream.normal() * 1.1f;
    constexpr int pieces = 24;
    for (int i = 0; i < pieces; ++i) {
      const float x0 = x, y0 = y;
      x += length / pieces * std::cos(angle);
      y += length / pieces * std::sin(angle);
      angle += bend / pieces;
      strokes.line(x0, y0, x, y, width * (1 - 0.6f * static_cast<float>(i) / pieces), opacity);
    }
  }
}

/// A millimetre scale near one side, in a third of the pictures.
inline void draw_ruler(const picture_place& place, stroke_layer& strokes) {
  random_stream stream = place.stream(picture_part::ruler);
  if (stream.uniform() > 0.3f) return;
  const float side = stream.uniform(0, 2 * std::numbers::pi_v<float>), tilt = stream.normal() * 0.12f;
  const float angle = side + std::numbers::pi_v<float> / 2 + tilt, step = stream.uniform(0.022f, 0.04f);
  const float cx = 0.76f * place.half_width * std::cos(side), cy = 0.76f * place.half_height * std::sin(side);
  const int ticks = 10 + static_cast<int>(stream.below(11));
  const float ax = std::cos(angle), ay = std::sin(angle);
  const float width = stream.uniform(0.003f, 0.005f), opacity = stream.uniform(0.5f, 0.85f);
  const float half = step * static_cast<float>(ticks) / 2;
  strokes.line(cx - half * ax, cy - half * ay, cx + half * ax, cy + half * ay, width, opacity);
  for (int tick = 0; tick <= ticks; ++tick) {
    const float t = -half + step * static_cast<float>(tick), length = tick % 5 == 0 ? 0.035f : 0.02f;
    const float x = cx + t * ax, y = cy + t * ay;
    strokes.line(x, y, x - length * ay, y + length * ax, width, opacity);
  }
}

/// Illumination, the dermoscope's field of view, gel that glints, and the camera.
class light_field {
 public:
  explicit light_field(const picture_place& place)
      : stream_(place.stream(picture_part::light)),
        gel_(stream_),
        grain_{gradient_noise(stream_), gradient_noise(stream_), gradient_noise(stream_)} {
    const float exposure = stream_.uniform(0.82f, 1.12f);
    for (float& g : gain_) g = exposure * stream_.uniform(0.94f, 1.06f);
    falloff_ = stream_.uniform(0.0f, 0.55f);
    x_ = stream_.uniform(-0.15f, 0.15f), y_ = stream_.uniform(-0.15f, 0.15f);
    const float corner = std::hypot(place.half_width, place.half_height);
    field_ = stream_.uniform() < 0.3f ? corner * stream_.uniform(0.78f, 1.0f) : 2 * corner;
    edge_ = stream_.uniform(0.004f, 0.03f);
    glints_ = stream_.uniform() < 0.25f ? stream_.uniform(0.3f, 0.7f) : 0;
    noise_ = stream_.uniform(0.004f, 0.014f);
  }
  /// 1 within the dermoscope's field of view, 0 in the dark corners.
  float visible(float x, float y) const {
    return smoothstep(field_ + edge_, field_ - edge_, std::hypot(x - 0.3f * x_, y - 0.3f * y_));
  }
  /// Intensity 0 … 1 of the light that comes back through `density` at pixel (h, w).
  spectrum operator()(const spectrum& density, float x, float y, index_t h, index_t w) const {
    const float lit = 1 - falloff_ * ((x - x_) * (x - x_) + (y - y_) * (y - y_));
    const float field = visible(x, y);
    float glint = 0;
    if (glints_ > 0)
      glint = glints_ * smoothstep(0.17f, 0.05f, gel_.cells(7 * x, 7 * y)) *
              smoothstep(0.25f, 0.7f, gel_(5 * x + 40, 5 * y));
    spectrum light;
    for (std::size_t i = 0; i < 3; ++i) {
      const float seen = gain_[i] * lit * std::exp(-density[i]);
      light[i] = (seen + glint * (1 - seen)) * (0.04f + 0.96f * field) + noise_ * grain_[i].grain(w, h);
    }
    return light;
  }

 private:
  random_stream stream_;
  gradient_noise gel_;
  std::array<gradient_noise, 3> grain_;
  spectrum gain_{};
  float falloff_ = 0, x_ = 0, y_ = 0, field_ = 0, edge_ = 0, glints_ = 0, noise_ = 0;
};

/// Clears what does not hang together with pixel (h, w), if that is inside: specks that warping has cut off.
inline void keep_piece_at(index_t h, index_t w, view<std::uint8_t> mask) {
  const auto [N, H, W, C] = mask.extents();
  constexpr std::uint8_t kept = 254;
  if (h < 0 || w < 0 || h >= H || w >= W || mask(0, h, w, 0) == 0) return;
  std::vector<std::pair<index_t, index_t>> border{{h, w}};
  mask(0, h, w, 0) = kept;
  while (!border.empty()) {
    const auto [y, x] = border.back();
    border.pop_back();
    for (index_t j = std::max<index_t>(0, y - 1); j <= std::min(H - 1, y + 1); ++j)
      for (index_t i = std::max<index_t>(0, x - 1); i <= std::min(W - 1, x + 1); ++i)
        if (mask(0, j, i, 0) == 255) {
          mask(0, j, i, 0) = kept;
          border.emplace_back(j, i);
        }
  }
  for (index_t i = 0; i < mask.size(); ++i) mask[i] = mask[i] == kept ? 255 : 0;
}

}  // namespace detail

/// Picture number `index` of the endless series `seed`: skin, one lesion with an irregular border and uneven pigment,
/// and perhaps hairs, a ruler, dark corners and glints. A pure function of its arguments; another size shows the same
/// scene.
///   height, width  16 to 8192
/// Returns image [1,height,width,3] and mask [1,height,width,1]. Throws `error` for other sizes.
inline synthetic_picture synthetic_lesion(std::uint64_t seed, index_t index, index_t height, index_t width) {
  require(height >= 16 && width >= 16 && height <= 8192 && width <= 8192, "synthetic_lesion: ", width, "×", height,
          " pixels; 16 to 8192 are possible");
  const auto pixels = static_cast<float>(std::min(height, width));
  const detail::picture_place place{seed, static_cast<std::uint32_t>(index), static_cast<float>(width) / pixels / 2,
                                    static_cast<float>(height) / pixels / 2, pixels};
  const detail::skin_field skin(place);
  const detail::lesion_field lesion(place);
  const detail::light_field light(place);
  synthetic_picture made{tensor<std::uint8_t>({1, height, width, 3}, uninitialized),
                         tensor<std::uint8_t>({1, height, width, 1}, uninitialized)};
  detail::stroke_layer hairs(place, made.mask.extents()), ruler(place, made.mask.extents());
  detail::draw_hairs(place, hairs);
  detail::draw_ruler(place, ruler);
  random_stream tint = place.stream(detail::picture_part::hair_colour);
  const bool fair = tint.uniform() > 0.8f;
  const detail::spectrum hair_density = fair ? detail::spectrum{0.5f, 0.8f, 1.1f} : detail::spectrum{1.7f, 2.0f, 2.2f};

  for (index_t h = 0; h < height; ++h)
    for (index_t w = 0; w < width; ++w) {
      const float x = (static_cast<float>(w) + 0.5f) / pixels - place.half_width;
      const float y = (static_cast<float>(h) + 0.5f) / pixels - place.half_height;
      const float inside = lesion.inside(x, y);
      detail::spectrum density = skin.density(x, y);
      detail::add(density, 1, lesion.density(x, y, inside));
      detail::add(density, hairs(h, w), hair_density);
      detail::add(density, 1.3f * ruler(h, w), {1, 1, 0.95f});
      const detail::spectrum seen = light(density, x, y, h, w);
      for (std::size_t c = 0; c < 3; ++c)
        made.image.view().pixel(0, h, w)[c] = static_cast<std::uint8_t>(std::clamp(seen[c] * 255 + 0.5f, 0.0f, 255.0f));
      made.mask(0, h, w, 0) = inside > 0 && light.visible(x, y) > 0.5f ? 255 : 0;
    }
  detail::keep_piece_at(static_cast<index_t>((lesion.y() + place.half_height) * pixels),
                        static_cast<index_t>((lesion.x() + place.half_width) * pixels), made.mask);
  return made;
}

}  // namespace lamina
