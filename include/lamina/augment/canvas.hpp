// lamina::augment · SPDX-License-Identifier: Apache-2.0
// An image and its mask under work. Augmentations say what they want; what can be done together waits until somebody
// looks at the pixels.
#pragma once

#include <lamina/augment/geometry.hpp>
#include <lamina/augment/layer.hpp>
#include <lamina/augment/pixel_move.hpp>
#include <lamina/image/resize.hpp>
#include <lamina/image/warp.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace lamina::augment {

/// What augmentations change: an image [1,H,W,C], bytes until a step makes floats of them, and a mask [1,H,W,1] where
/// there is one. Geometric steps change both alike, and all others the image only.
///
/// With `fuse`, consecutive geometric steps become one map, so that the picture is interpolated once, and nothing is
/// interpolated where whole pixels are only moved. The finer of the steps' interpolations is used; nearest joins
/// nearest only, so that a mask of zeros and ones stays one, and resizing by area stands alone, as it is no map. What
/// the one step cut off does not come back by the next: `joined` tells what is seen beyond an edge. Consecutive
/// functions of single values become one pass, by a table as long as the picture is bytes. They give the same bits as
/// one by one, warps other ones, within what an interpolation less explains. Without `fuse` each step is carried out
/// on its own.
///
/// Its memory grows to what the largest picture needs and is used again for the next. Serves one thread at a time.
class canvas {
 public:
  /// `ctx` must outlive the canvas.
  explicit canvas(cpu_context& ctx) : ctx_(ctx) {}
  canvas(const canvas&) = delete;
  canvas& operator=(const canvas&) = delete;

  /// Puts a picture on the canvas. The pixels are only read, and must stay until the next call or `settle`.
  ///   image  [1,H,W,C]
  ///   mask   [1,H,W,1], or an empty view: there is none
  /// Throws `error` on other shapes.
  void start(view<const std::uint8_t> image, view<const std::uint8_t> mask, bool fuse = true) {
    const shape &x = image.extents(), &m = mask.extents();
    require(x.n == 1 && x.size() > 0, "augment::canvas: image ", x, " is not [1,H,W,C]");
    require(mask.empty() || m == shape{1, x.h, x.w, 1}, "augment::canvas: mask ", m, " is not [1,", x.h, ",", x.w,
            ",1], as the image ", x, " asks for");
    image_.start(image);
    mask_.start(mask);
    has_mask_ = !mask.empty();
    fuse_ = fuse;
    white_ = 255;
    waiting_.reset();
  }

  cpu_context& context() { return ctx_; }
  image_size size() const {
    const shape x = image_.extents();
    return waiting_ ? waiting_->size : image_size{x.w, x.h};
  }
  index_t channels() const { return image_.extents().c; }
  bool has_mask() const { return has_mask_; }
  /// Whether the image's values are bytes, not floats.
  bool holds_bytes() const { return image_.holds_bytes(); }
  /// What the value 255 of the bytes has become in the image: 1 after a division by 255.
  float white() const { return white_; }

  /// Mirrors, transposes or cuts; image and mask. Whole pixels are moved, none is made.
  void apply(const pixel_move& m) {
    if (!waiting_) return look(m);
    if (auto* formula = std::get_if<projective_map>(&waiting_->map))
      *formula = formula->then(m.map(waiting_->size));
    else
      waiting_->map = kept(m(std::get<view<const float>>(waiting_->map)));
    waiting_->size = m.size_after(waiting_->size);
    waiting_->moves.push_back(m);
  }
  /// Resamples image and mask to another size by lamina::resize, where nothing joins it.
  void resize(image_size to, interpolation image, interpolation mask) {
    if (to == size()) return;
    settle_functions();
    const bool joins = image != interpolation::area && mask != interpolation::area;  // `area` is no map of the plane
    if (!joins) settle();
    const auto ratio = [](index_t from, index_t new_extent) {
      return static_cast<double>(from) / static_cast<double>(new_extent);
    };
    const double across = ratio(size().width, to.width), down = ratio(size().height, to.height);
    add({.map = affine_map{{across, 0, across / 2 - 0.5, 0, down, down / 2 - 0.5}},
         .size = to,
         .image = {.method = image, .border = border::replicate},
         .mask = {.method = mask, .border = border::replicate},
         .resized = to},
        !joins);
  }
  /// y(h, w) = x at map(w, h), for the image and for the mask.
  void warp(const projective_map& map, image_size to, const sampling& image, const sampling& mask) {
    settle_functions();
    add({.map = map, .size = to, .image = image, .mask = mask}, false);
  }
  /// y(h, w) = x at (map(h, w, 0), map(h, w, 1)).
  ///   map  [1,H',W',2], which is copied; the result is of that size
  void remap(view<const float> map, const sampling& image, const sampling& mask) {
    settle_functions();
    const image_size to{map.extents().w, map.extents().h};
    add({.map = kept(map), .size = to, .image = image, .mask = mask}, false);
  }

  /// Applies f(value) to every value of the image, or f(value, channel). Bytes are rounded and saturated. A copy of f
  /// may be called until the next picture starts: capture by value.
  template <class F>
  void map_pixels(const F& f) {
    if constexpr (std::is_invocable_v<const F&, float, index_t>)
      image_.map(false, f);
    else
      image_.map(true, [f](float v, index_t) { return f(v); });
    step_done();
  }
  /// The same, and makes floats of bytes.
  template <class F>
  void map_pixels_to_float(const F& f) {
    if constexpr (std::is_invocable_v<const F&, float, index_t>)
      image_.map_to_float(false, f);
    else
      image_.map_to_float(true, [f](float v, index_t) { return f(v); });
    step_done();
  }
  /// Makes floats of image and mask and divides them.
  void divide(float image_divisor, float mask_divisor) {
    if (has_mask_) mask_.map_to_float(true, [mask_divisor](float v, index_t) { return v / mask_divisor; });
    white_ /= image_divisor;
    map_pixels_to_float([image_divisor](float v) { return v / image_divisor; });
  }

  /// The image's pixels [1,H,W,C], without gaps, to be changed. Throws `error` when they are not of type T.
  template <class T>
  view<T> image() {
    settle_geometry();
    return image_.writable<T>(ctx_);
  }
  /// The mask's pixels [1,H,W,1] likewise.
  template <class T>
  view<T> mask() {
    require(has_mask_, "augment::canvas: there is no mask");
    settle_geometry();
    return mask_.writable<T>(ctx_);
  }
  /// The image's pixels for an augmentation that knows bytes only. Throws `error` that begins with its name.
  view<std::uint8_t> bytes(std::string_view name) {
    require(holds_bytes(), name, ": it works on bytes, and stands behind a step that makes floats");
    return image<std::uint8_t>();
  }
  /// Calls body(view<std::uint8_t>) or body(view<float>) with the image's pixels, to be changed.
  template <class Body>
  void change_image(Body&& body) {
    if (holds_bytes())
      body(image<std::uint8_t>());
    else
      body(image<float>());
  }
  /// Makes a new image of the present one, of the same size: make(view<const T> x, view<T> y), T std::uint8_t or float.
  template <class Make>
  void remake_image(Make&& make) {
    settle_geometry();
    image_.settle(ctx_);
    image_.remake(image_.extents(), make);
  }

  /// Carries out all that waits.
  void settle() {
    settle_geometry();
    settle_functions();
  }
  /// Writes the image as floats; bytes are divided by 255.
  ///   y  [1,H,W,C]; throws `error` on another shape
  void write_image(view<float> y) {
    settle_geometry();
    image_.write(ctx_, [](float v) { return v / 255; }, y);
  }
  /// Writes the mask as floats; of bytes, 1 where they are 128 or more, else 0.
  ///   y  [1,H,W,1]; throws `error` on another shape
  void write_mask(view<float> y) {
    require(has_mask_, "augment::canvas: there is no mask");
    settle_geometry();
    mask_.write(ctx_, [](float v) { return v >= 128 ? 1.0f : 0.0f; }, y);
  }
  /// Image and mask after `settle`, as they lie.
  const layer& image_layer() const { return image_; }
  const layer& mask_layer() const { return mask_; }

 private:
  void step_done() {
    if (!fuse_) settle();
  }
  /// Shows other pixels of the same pictures.
  template <class Show>
  void look(const Show& show) {
    image_.look(show);
    if (has_mask_) mask_.look(show);
  }
  void settle_functions() {
    if (!waiting_) {
      image_.settle(ctx_);
      if (has_mask_) mask_.settle(ctx_);
    } else if (image_.waits() || (has_mask_ && mask_.waits())) {
      settle_geometry();
      settle_functions();
    }
  }
  /// Makes both anew by make(x, how, y), y of the size `to`.
  template <class Make>
  void for_each_layer(const sampling& image, const sampling& mask, image_size to, Make&& make) {
    const auto remake = [&](layer& l, const sampling& how) {
      l.remake({1, to.height, to.width, l.extents().c}, [&]<class T>(view<const T> x, view<T> y) { make(x, how, y); });
    };
    remake(image_, image);
    if (has_mask_) remake(mask_, mask);
  }

  void add(const geometry_step& next, bool alone) {
    const shape x = image_.extents();
    std::optional<geometry_step> both;
    if (waiting_)
      both = joined(ctx_, *waiting_, next, {x.w, x.h}, [this](const shape& s) { return place_memory(s); });
    if (!both) settle_geometry();
    waiting_ = both ? *both : next;
    if (alone || !fuse_) settle_geometry();
  }
  /// Memory for places, other than the last that was asked for and the one before.
  view<float> place_memory(const shape& extents) {
    last_places_ = (last_places_ + 1) % places_.size();
    return places_[last_places_].take<float>(extents);
  }
  /// The places, in memory of ours.
  view<const float> kept(view<const float> places) {
    const view<float> copy = place_memory(places.extents());
    copy_pixels(ctx_, places, copy);
    return copy;
  }

  void settle_geometry() {
    if (!waiting_) return;
    const geometry_step step = *std::exchange(waiting_, std::nullopt);
    if (step.resized) {
      for_each_layer(step.image, step.mask, *step.resized,
                     [&]<class T>(view<const T> x, const sampling& how, view<T> y) {
                       lamina::resize(ctx_, x, how.method, y);
                     });
      for (const pixel_move& m : step.moves) look(m);
    } else if (const auto* places = std::get_if<view<const float>>(&step.map)) {
      for_each_layer(step.image, step.mask, step.size, [&]<class T>(view<const T> x, const sampling& how, view<T> y) {
        lamina::remap(ctx_, x, *places, how, y);
      });
    } else {
      carry_out(step, std::get<projective_map>(step.map));
    }
  }
  void carry_out(const geometry_step& step, const projective_map& map) {
    const std::optional<affine_map> affine = map.affine();
    const auto show = [&](const auto& x) { return moved(x, *affine, step.size); };
    if (affine && std::visit([&](const auto& x) { return show(x).has_value(); }, image_.pixels()))
      return look([&](const auto& x) { return *show(x); });
    // A mirrored picture would have to be copied for a warp; as it lies, the map can mirror it instead.
    const shape x = image_.extents();
    const bool mirrored = fuse_ && std::visit([](const auto& p) { return p.pixel_stride() < 0; }, image_.pixels());
    const projective_map from =
        mirrored ? projective_map(pixel_move{.what = pixel_move::kind::mirror}.map({x.w, x.h})).then(map) : map;
    const std::optional<affine_map> affine_from = from.affine();
    for_each_layer(step.image, step.mask, step.size, [&]<class T>(view<const T> seen, const sampling& how, view<T> y) {
      const view<const T> lying = mirrored ? flip_left_right(seen) : seen;
      if (affine_from)
        warp_affine(ctx_, lying, *affine_from, how, y);
      else
        warp_perspective(ctx_, lying, from, how, y);
    });
  }

  cpu_context& ctx_;
  layer image_, mask_;
  bool has_mask_ = false, fuse_ = true;
  float white_ = 255;
  std::optional<geometry_step> waiting_;
  std::array<detail::pixel_memory, 3> places_;
  std::size_t last_places_ = 0;
};

}  // namespace lamina::augment
