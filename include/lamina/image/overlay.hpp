// lamina::image · SPDX-License-Identifier: Apache-2.0
// Masks drawn over photographs, and several pictures on one sheet.
#pragma once

#include <lamina/image/contours.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/draw.hpp>
#include <lamina/image/resize.hpp>
#include <lamina/image/text.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// Colours of the overlays: the prediction red, the truth green.
inline constexpr colour prediction_colour{255, 0, 0}, truth_colour{0, 220, 0};

/// Paints exactly the pixels of contours: the classic overlay, label, find contours, paint them.
///   rgb    [1,H,W,3], painted on
///   found  of a mask [1,H,W,1]
/// Throws `error` on other shapes, or for a pixel outside the image; nothing is painted then.
inline void draw_contours(view<std::uint8_t> rgb, const contour_set& found, colour paint) {
  detail::check_rgb("draw_contours", rgb);
  for (const pixel_point& p : found.points)
    require(p.x >= 0 && p.x < rgb.extents().w && p.y >= 0 && p.y < rgb.extents().h, "draw_contours: pixel (", p.x,
            ", ", p.y, ") of a contour is outside the image ", rgb.extents());
  for (const pixel_point& p : found.points) {
    std::uint8_t* pixel = rgb.pixel(0, p.y, p.x);
    pixel[0] = paint.r, pixel[1] = paint.g, pixel[2] = paint.b;
  }
}

/// Paints the outline of a mask: its pixels (≥ 128) that touch, by a side, a pixel outside it or the picture's edge,
/// and with thickness t > 1 every pixel within (t − 1)/2 of those. With 1 they are the pixels of all contours.
///   rgb   [1,H,W,3], painted on
///   mask  [1,H,W,1]
/// Throws `error` on other shapes or a thickness below 1.
inline void draw_mask_contour(view<std::uint8_t> rgb, view<const std::uint8_t> mask, colour paint,
                              double thickness = 1) {
  const auto [N, H, W, C] = rgb.extents();
  require(N == 1 && C == 3 && mask.extents() == shape{1, H, W, 1}, "draw_mask_contour: rgb ", rgb.extents(),
          " and mask ", mask.extents(), " are not [1,H,W,3] and [1,H,W,1]");
  require(thickness >= 1, "draw_mask_contour: thickness ", thickness, " is below 1");
  const auto inside = [&, H = H, W = W](index_t h, index_t w) {
    return h >= 0 && h < H && w >= 0 && w < W && mask(0, h, w, 0) >= 128;
  };
  const double radius = (thickness - 1) / 2;
  const auto reach = static_cast<index_t>(radius);
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w) {
      const bool border =
          inside(h, w) && !(inside(h - 1, w) && inside(h + 1, w) && inside(h, w - 1) && inside(h, w + 1));
      if (!border) continue;
      for (index_t y = std::max<index_t>(0, h - reach); y <= std::min(H - 1, h + reach); ++y)
        for (index_t x = std::max<index_t>(0, w - reach); x <= std::min(W - 1, w + reach); ++x) {
          if (std::hypot(y - h, x - w) > radius + 1e-9) continue;
          std::uint8_t* pixel = rgb.pixel(0, y, x);
          pixel[0] = paint.r, pixel[1] = paint.g, pixel[2] = paint.b;
        }
    }
}

/// Paints the outline of the truth green and, over it, that of the prediction red. An empty view is left out.
///   rgb                [1,H,W,3], painted on
///   prediction, truth  [1,H,W,1], ≥ 128 inside, or empty
///   thickness          in pixels; 0: one for each 300 pixels of the shorter side, so that it is seen at any size
/// Throws `error` on other shapes.
inline void draw_overlay(view<std::uint8_t> rgb, view<const std::uint8_t> prediction, view<const std::uint8_t> truth,
                         double thickness = 0) {
  const auto shorter = static_cast<double>(std::min(rgb.extents().h, rgb.extents().w));
  const double pen = thickness > 0 ? thickness : std::max(1.0, std::round(shorter / 300));
  if (!truth.empty()) draw_mask_contour(rgb, truth, truth_colour, pen);
  if (!prediction.empty()) draw_mask_contour(rgb, prediction, prediction_colour, pen);
}

/// A picture of a contact sheet: RGB or grey [1,H,W,C], and a line of text below it.
struct captioned_image {
  view<const std::uint8_t> image;
  std::string caption;
};

struct contact_sheet_options {
  index_t columns = 4;
  index_t cell_height = 256, cell_width = 256;  // pictures are fitted into it, their aspect kept
  index_t gap = 12;
  std::string title{};
};

/// The pictures in rows on a white sheet, each with its caption: an RGB image.
/// Throws `error` when there is none, one is neither grey nor RGB, or an option is not positive.
inline tensor<std::uint8_t> contact_sheet(std::span<const captioned_image> images,
                                          const contact_sheet_options& options = {}) {
  require(!images.empty(), "contact_sheet: there are no images");
  require(options.columns > 0 && options.cell_height > 0 && options.cell_width > 0 && options.gap >= 0,
          "contact_sheet: ", options.columns, " columns of ", options.cell_width, "×", options.cell_height,
          " pixels with gaps of ", options.gap);
  constexpr double text_height = 8, title_height = 13;
  const bool captions = std::any_of(images.begin(), images.end(), [](const auto& i) { return !i.caption.empty(); });
  const auto count = static_cast<index_t>(images.size());
  const index_t columns = std::min(options.columns, count), rows = (count + columns - 1) / columns;
  const index_t caption_space = captions ? 20 : 0, title_space = options.title.empty() ? 0 : 30;
  const index_t step_x = options.cell_width + options.gap, step_y = options.cell_height + caption_space + options.gap;
  tensor<std::uint8_t> sheet({1, title_space + rows * step_y + options.gap, columns * step_x + options.gap, 3},
                             uninitialized);
  sheet.fill(255);
  if (title_space > 0)
    draw_text(sheet, {static_cast<double>(options.gap), 12 + title_height}, options.title, {.height = title_height});

  for (index_t i = 0; i < count; ++i) {
    const auto& [image, caption] = images[static_cast<std::size_t>(i)];
    const auto [N, H, W, C] = image.extents();
    require(N == 1 && H > 0 && W > 0 && (C == 1 || C == 3), "contact_sheet: image ", image.extents(),
            " is neither grey nor RGB");
    const double scale = std::min(static_cast<double>(options.cell_height) / static_cast<double>(H),
                                  static_cast<double>(options.cell_width) / static_cast<double>(W));
    const auto scaled = [scale](index_t side) {
      return std::max<index_t>(1, static_cast<index_t>(std::lround(scale * static_cast<double>(side))));
    };
    const auto fitted = with_channels(
        resized(image, scale < 1 ? interpolation::area : interpolation::linear, scaled(H), scaled(W)), 3);
    const index_t left = options.gap + i % columns * step_x, top = options.gap + title_space + i / columns * step_y;
    const index_t x = left + (options.cell_width - fitted.extents().w) / 2;
    const index_t y = top + (options.cell_height - fitted.extents().h) / 2;
    const auto all = sheet.view();
    copy_pixels(fitted.view(), view<std::uint8_t>(all.pixel(0, y, x), fitted.extents(), all.image_stride(),
                                                  all.row_stride(), all.pixel_stride()));
    const double width = text_width(caption, text_height), cell = static_cast<double>(options.cell_width);
    draw_text(
        sheet, {static_cast<double>(left) + cell / 2, static_cast<double>(top + options.cell_height) + 6 + text_height},
        caption, {.height = width > cell ? text_height * cell / width : text_height, .anchor = text_anchor::centre});
  }
  return sheet;
}

}  // namespace lamina
