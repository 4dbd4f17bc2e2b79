// lamina::augment · SPDX-License-Identifier: Apache-2.0
// A picture under work, the image or its mask: where its pixels are, and the functions that they still have to pass.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/lookup.hpp>
#include <lamina/image/transform.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace lamina::augment {

namespace detail {

/// Memory for pixels of any type, which grows and is used again.
class pixel_memory {
 public:
  template <class T>
  view<T> take(shape extents) {
    const auto bytes = extents.size() * static_cast<index_t>(sizeof(T));
    if (memory_.size() < bytes) memory_ = tensor<std::byte>(vector_shape(bytes), uninitialized);
    return {reinterpret_cast<T*>(memory_.data()), extents};
  }

 private:
  tensor<std::byte> memory_;
};

}  // namespace detail

/// The elements of a view without gaps.
template <class T>
std::span<T> elements(view<T> x) {
  return {x.data(), static_cast<std::size_t>(x.size())};
}

/// Bytes, until a step makes floats of them. Functions of a single value are collected and applied all at once, each
/// rounded where it would be on its own: the same bits in one pass. Those of bytes become a table; those of floats are
/// kept, and applied one after the other to each row while it is in the cache.
class layer {
 public:
  /// Shows x, which must stay as it is as long as it is looked at. Memory of earlier pictures is used again.
  void start(view<const std::uint8_t> x) {
    pixels_ = x;
    current_ = 2;
    forget_waiting();
  }
  shape extents() const {
    return std::visit([](const auto& x) { return x.extents(); }, pixels_);
  }
  /// Whether values are bytes, not floats.
  bool holds_bytes() const { return stored_as<std::uint8_t>() && float_table_.empty(); }
  /// Whether functions of a single value wait.
  bool waits() const { return !byte_table_.empty() || !float_table_.empty() || !functions_.empty(); }

  /// Applies f(value, channel) to every value; bytes are rounded and saturated. With `one_for_all` f doesn't look at
  /// the channel. A copy of f may be called until the next picture starts: what it refers to must last as long.
  template <class F>
  void map(bool one_for_all, const F& f) {
    if (!holds_bytes()) return map_to_float(one_for_all, f);
    fill_table(byte_table_, one_for_all);
    apply_to_table(byte_table_, f);
  }
  /// The same, and makes floats of bytes.
  template <class F>
  void map_to_float(bool one_for_all, const F& f) {
    if (stored_as<float>()) return functions_.push_back(over_pixels(f, extents().c));
    if (float_table_.empty()) {
      fill_table(byte_table_, true);
      float_table_.assign(byte_table_.begin(), byte_table_.end());
      byte_table_.clear();
    }
    fill_table(float_table_, one_for_all);
    apply_to_table(float_table_, f);
  }

  /// Shows other pixels of the same memory: show(view<const T>) gives a view of the same type.
  template <class Show>
  void look(Show&& show) {
    std::visit([&](auto& x) { x = show(x); }, pixels_);
  }
  /// Makes other pixels of the present ones: make(view<const T> x, view<T> y), y of `extents`. What waits goes on
  /// waiting.
  template <class Make>
  void remake(shape extents, Make&& make) {
    std::visit(
        [&]<class T>(view<const T> x) {
          const view<T> y = spare<T>(extents);
          make(x, y);
          use(y);
        },
        pixels_);
  }
  /// Carries out the functions that wait.
  void settle(cpu_context& ctx) {
    if (!functions_.empty()) {
      const view<const float> x = std::get<view<const float>>(pixels_);
      const view<float> y = own() ? mutable_view(x) : spare<float>(x.extents());
      apply_functions(ctx, x, y);
      use(y);
      return forget_waiting();
    }
    const auto* bytes = std::get_if<view<const std::uint8_t>>(&pixels_);
    if (!float_table_.empty()) {
      const view<float> y = spare<float>(bytes->extents());
      lookup(ctx, *bytes, float_table_, y);
      use(y);
    } else if (!byte_table_.empty()) {
      const view<std::uint8_t> y = own() ? mutable_view(*bytes) : spare<std::uint8_t>(bytes->extents());
      lookup(ctx, *bytes, byte_table_, y);
      use(y);
    }
    forget_waiting();
  }
  /// The pixels [1,H,W,C], without gaps, to be changed. Throws `error` when values aren't of type T.
  template <class T>
  view<T> writable(cpu_context& ctx) {
    settle(ctx);
    require(stored_as<T>(), "augment::layer: the picture is of ",
            stored_as<float>() ? "floats, not bytes" : "bytes, not floats");
    const view<const T> x = std::get<view<const T>>(pixels_);
    if (own()) return mutable_view(x);
    const view<T> y = spare<T>(x.extents());
    copy_pixels(ctx, x, y);
    use(y);
    return y;
  }
  /// The pixels as they lie, after `settle`.
  const std::variant<view<const std::uint8_t>, view<const float>>& pixels() const { return pixels_; }

  /// Writes the picture as floats; of bytes, f(value).
  template <class F>
  void write(cpu_context& ctx, F&& f, view<float> y) {
    if (holds_bytes()) map_to_float(true, [&](float v, index_t) { return f(v); });
    if (stored_as<std::uint8_t>())
      lookup(ctx, std::get<view<const std::uint8_t>>(pixels_), float_table_, y);
    else
      apply_functions(ctx, std::get<view<const float>>(pixels_), y);
  }

 private:
  template <class T>
  bool stored_as() const {
    return std::holds_alternative<view<const T>>(pixels_);
  }
  /// Whether the pixels are ours to change, each once and in order.
  bool own() const {
    return current_ < 2 && std::visit([](const auto& x) { return x.contiguous(); }, pixels_);
  }
  /// Only of our own memory.
  template <class T>
  static view<T> mutable_view(view<const T> x) {
    return {const_cast<T*>(x.data()), x.extents()};
  }
  template <class T>
  view<T> spare(shape extents) {
    return memory_[current_ == 0 ? 1 : 0].take<T>(extents);
  }
  /// Shows y, which is our own memory: either what `spare` gave, or the present pixels, changed in place.
  template <class T>
  void use(view<T> y) {
    const bool in_place = stored_as<T>() && std::get<view<const T>>(pixels_).data() == y.data();
    if (!in_place) current_ = current_ == 0 ? 1 : 0;
    pixels_ = view<const T>(y);
  }

  /// Makes the table that changes nothing where there is none, and one for each channel where they may differ.
  template <class Value>
  void fill_table(std::vector<Value>& table, bool one_for_all) {
    if (table.empty())
      for (int v = 0; v < 256; ++v) table.push_back(static_cast<Value>(v));
    const auto wanted = 256 * static_cast<std::size_t>(extents().c);
    if (!one_for_all && table.size() < wanted) {
      table.resize(wanted);
      for (std::size_t i = 256; i < wanted; ++i) table[i] = table[i - 256];
    }
  }
  template <class Value, class F>
  static void apply_to_table(std::vector<Value>& table, F&& f) {
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = saturate_cast<Value>(f(static_cast<float>(table[i]), static_cast<index_t>(i / 256)));
  }

  /// What changes all values of some pixels.
  using pixel_function = std::function<void(float* first, index_t pixels, index_t pixel_stride)>;

  template <class F>
  static pixel_function over_pixels(const F& f, index_t channels) {
    return [f, channels](float* pixel, index_t pixels, index_t pixel_stride) {
      for (index_t i = 0; i < pixels; ++i, pixel += pixel_stride)
        for (index_t c = 0; c < channels; ++c) pixel[c] = f(pixel[c], c);
    };
  }
  /// y = x after all functions that wait, a row at a time; y may be x.
  void apply_functions(cpu_context& ctx, view<const float> x, view<float> y) const {
    const bool rows_lie_alike = x.pixel_stride() == y.pixel_stride() && x.extents() == y.extents();
    if (!rows_lie_alike) copy_pixels(ctx, x, y);
    const auto [N, H, W, C] = y.extents();
    for (index_t h = 0; h < H; ++h) {
      float* row = y.pixel(0, h, 0);
      if (rows_lie_alike && row != x.pixel(0, h, 0)) std::copy_n(x.pixel(0, h, 0), W * C, row);
      for (const pixel_function& f : functions_) f(row, W, y.pixel_stride());
    }
  }
  void forget_waiting() {
    byte_table_.clear();
    float_table_.clear();
    functions_.clear();
  }

  std::variant<view<const std::uint8_t>, view<const float>> pixels_;
  std::array<detail::pixel_memory, 2> memory_;
  std::size_t current_ = 2;               // which of them the pixels are in; 2: in the caller's
  std::vector<std::uint8_t> byte_table_;  // [256] or [C][256], empty: none
  std::vector<float> float_table_;        // behind the other one, which is then empty
  std::vector<pixel_function> functions_;  // of floats
};

}  // namespace lamina::augment
