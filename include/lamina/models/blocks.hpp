// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// models: networks as structs of layers whose one call reads like the paper's figure, and the blocks they share.
#pragma once

#include <lamina/graph/activation.hpp>
#include <lamina/graph/concat.hpp>
#include <lamina/graph/pad2d.hpp>
#include <lamina/graph/pool2d.hpp>
#include <lamina/graph/upsample2d.hpp>
#include <lamina/layers/batch_norm2d.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/layers/conv_transpose2d.hpp>

#include <optional>

namespace lamina {

/// The channels that a layer of a network may have. More is a slip of the pen, or a weights file that lies.
inline constexpr index_t most_channels = 8192;

/// What the blocks of a network have in common.
struct block_options {
  bool batch_norm = true;
  batch_norm2d_params norm = {};
  float activation_slope = 0;  // of the ReLU: 0, or 0.01 for the leaky one
  bool same_padding = true;    // false: none, each 3×3 convolution takes a pixel off every side
  initializer start = initializer::glorot;
};

/// conv 3×3 → batch norm (optional) → ReLU (optional).
template <class T, class Device = cpu>
class conv_block {
 public:
  conv_block(index_t in_channels, index_t out_channels, const block_options& options, bool activated = true)
      : conv_(in_channels, out_channels,
              {.padding = options.same_padding ? padding2d::same(3) : padding2d{}, .start = options.start}),
        slope_(activated ? std::optional(options.activation_slope) : std::nullopt) {
    if (options.batch_norm) norm_.emplace(out_channels, options.norm);
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    x = conv_(t, x);
    if (norm_) x = (*norm_)(t, x);
    return slope_ ? relu(t, x, *slope_) : x;
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv", conv_);
    if (norm_) visitor("norm", *norm_);
  }

 private:
  conv2d<T, Device> conv_;
  std::optional<batch_norm2d<T, Device>> norm_;
  std::optional<float> slope_;
};

/// (conv 3×3 → batch norm → ReLU) twice: a level of a UNet.
template <class T, class Device = cpu>
class double_conv {
 public:
  double_conv(index_t in_channels, index_t out_channels, const block_options& options)
      : first_(in_channels, out_channels, options), second_(out_channels, out_channels, options) {}

  variable operator()(tape<T, Device>& t, variable x) const { return second_(t, first_(t, x)); }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("0", first_);
    visitor("1", second_);
  }

 private:
  conv_block<T, Device> first_, second_;
};

}  // namespace lamina
