// lamina::augment · SPDX-License-Identifier: Apache-2.0
// A picture under work, the image or its mask: where its pixels are now, and the table that they still have to pass.
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/image/convert.hpp>
#include <lamina/image/lookup.hpp>
#include <lamina/image/transform.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
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

/// Bytes, until a step makes floats of them. Functions of a single value are collected in a table and applied all at
/// once, each rounded to a byte where it would be on its own: the same bits in one pass.
class layer {
 public:
  /// Shows x, which must stay as it is as long as it is looked at. Memory of earlier pictures is used again.
  void start(view<const std::uint8_t> x) {
    pixels_ = x;
    current_ = 2;
    byte_table_.clear();
    float_table_.clear();
  }
  shape extents() const {
    return std::visit([](const auto& x) { return x.extents(); }, pixels_);
  }
  /// Whether values are bytes, not floats.
  bool holds_bytes() const { return collects() && float_table_.empty(); }
  /// Whether functions of a single value are collected, not applied to all pixels.
  bool collects() const { return stored_as<std::uint8_t>(); }
  /// Whether such functions wait.
  bool waits() const { return !byte_table_.empty() || !float_table_.empty(); }

  /// Applies f(value, channel) to every value; bytes are rounded and saturated. With `one_for_all` f doesn't look at
  /// the channel.
  template <class F>
  void map(cpu_context& ctx, bool one_for_all, F&& f) {
    if (!holds_bytes()) return map_to_float(ctx, one_for_all, f);
    fill_table(byte_table_, one_for_all);
    apply_to_table(byte_table_, f);
  }
  /// The same, and makes floats of bytes.
  template <class F>
  void map_to_float(cpu_context& ctx, bool one_for_all, F&& f) {
    if (!collects()) {
      const view<float> x = writable<float>(ctx);
      return lamina::detail::map_elements("augment::layer::map", as_const(x), x, f);
    }
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
  /// Carries out what waits in the table.
  void settle(cpu_context& ctx) {
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
    byte_table_.clear();
    float_table_.clear();
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
    if (holds_bytes()) map_to_float(ctx, true, [&](float v, index_t) { return f(v); });
    if (collects())
      lookup(ctx, std::get<view<const std::uint8_t>>(pixels_), float_table_, y);
    else
      copy_pixels(ctx, std::get<view<const float>>(pixels_), y);
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

  std::variant<view<const std::uint8_t>, view<const float>> pixels_;
  std::array<detail::pixel_memory, 2> memory_;
  std::size_t current_ = 2;               // which of them the pixels are in; 2: in the caller's
  std::vector<std::uint8_t> byte_table_;  // [256] or [C][256], empty: none
  std::vector<float> float_table_;        // behind the other one, which is then empty
};

}  // namespace lamina::augment
