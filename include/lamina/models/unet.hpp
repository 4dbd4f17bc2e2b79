// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/models/blocks.hpp>

#include <string_view>
#include <vector>

namespace lamina {

/// How a UNet's decoder doubles its size.
enum class unet_upsampling {
  nearest,     // nearest ×2, conv 3×3, batch norm, no activation
  bilinear,    // the same with bilinear interpolation
  transposed,  // transposed convolution 2×2, stride 2
};

struct unet_options {
  index_t in_channels = 3;
  index_t classes = 1;       // logits per pixel
  index_t base_width = 64;   // channels of the first level; each level doubles them
  index_t depth = 4;         // poolings
  index_t bottleneck = 0;    // channels of the lowest level; 0: those of the level above it (64…512, 512)
  unet_upsampling upsampling = unet_upsampling::nearest;
  bool skip_first = false;   // concatenation order [skip, up] instead of [up, skip]
  block_options blocks = {};

  /// The paper's own network: no normalisation, no padding, skips cropped, 1024 channels at the bottom, transposed
  /// convolutions; 572×572 in, 388×388 out.
  static unet_options paper() {
    return {.bottleneck = 1024,
            .upsampling = unet_upsampling::transposed,
            .skip_first = true,
            .blocks = {.batch_norm = false, .same_padding = false}};
  }
  /// The network that most programs call UNet: 64…1024, batch norm, transposed convolutions; 31.04 M parameters.
  static unet_options classic() {
    return {.bottleneck = 1024, .upsampling = unet_upsampling::transposed, .skip_first = true};
  }
};

/// UNet: Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
/// arXiv:1505.04597. [N,H,W,in] to logits [N,H,W,classes]; H and W divisible by `size_multiple()`.
/// Without padding the result is smaller, and stands for the middle.
template <class T, class Device = cpu>
class unet {
 public:
  using options_type = unet_options;

  explicit unet(unet_options options = {}) : options_(options) {
    const auto& o = options;
    const auto possible = [](index_t channels) { return channels >= 1 && channels <= most_channels; };
    require(o.depth >= 1 && o.depth <= 10 && possible(o.base_width) && possible(width(o.depth - 1)) &&
                possible(o.in_channels) && possible(o.classes) && (o.bottleneck == 0 || possible(o.bottleneck)),
            "unet: depth ", o.depth, ", base width ", o.base_width, ", bottleneck ", o.bottleneck, ", ", o.in_channels,
            " input channels, ", o.classes, " classes: depth must be 1 to 10, every level's channels 1 to ",
            most_channels);
    index_t below = o.in_channels;
    for (index_t level = 0; level < o.depth; ++level) {
      encoder_.emplace_back(below, width(level), o.blocks);
      below = width(level);
    }
    const index_t lowest = o.bottleneck > 0 ? o.bottleneck : below;
    encoder_.emplace_back(below, lowest, o.blocks);
    below = lowest;
    for (index_t level = o.depth - 1; level >= 0; --level) {
      decoder_.emplace_back(below, width(level), o);
      below = width(level);
    }
    head_.emplace(below, o.classes, conv2d_options{.kernel = 1, .start = o.blocks.start});
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    check_size(t.extents(x));
    std::vector<variable> skips;
    for (std::size_t level = 0; level + 1 < encoder_.size(); ++level) {
      skips.push_back(encoder_[level](t, x));
      x = max_pool2d(t, skips.back()).y;
    }
    x = encoder_.back()(t, x);
    for (const up_block& up : decoder_) {
      x = up(t, x, skips.back());
      skips.pop_back();
    }
    return (*head_)(t, x);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("encoder", encoder_);
    visitor("decoder", decoder_);
    visitor("head", *head_);
  }

  const unet_options& options() const { return options_; }
  /// What an input's height and width must be a multiple of. 1 without padding: skips are cropped to what is there.
  index_t size_multiple() const { return options_.blocks.same_padding ? index_t{1} << options_.depth : 1; }

 private:
  /// ×2, joined with the skip of the same size, then a double convolution.
  class up_block {
   public:
    up_block(index_t in_channels, index_t out_channels, const unet_options& o)
        : upsampling_(o.upsampling), skip_first_(o.skip_first), joined_(2 * out_channels, out_channels, o.blocks) {
      if (o.upsampling == unet_upsampling::transposed)
        transposed_.emplace(in_channels, out_channels, conv_transpose2d_options{.start = o.blocks.start});
      else
        conv_.emplace(in_channels, out_channels, same_size(o.blocks), false);
    }

    variable operator()(tape<T, Device>& t, variable x, variable skip) const {
      if (transposed_) {
        x = (*transposed_)(t, x);
      } else {
        x = upsampling_ == unet_upsampling::bilinear ? upsample_bilinear2d(t, x) : upsample_nearest2d(t, x);
        x = (*conv_)(t, x);
      }
      const shape up = t.extents(x);
      skip = center_crop2d(t, skip, up.h, up.w);
      return joined_(t, skip_first_ ? concat(t, {skip, x}) : concat(t, {x, skip}));
    }
    template <class Visitor>
    void visit(Visitor&& visitor) const {
      if (transposed_) visitor("up", *transposed_);
      if (conv_) visitor("up", *conv_);
      visitor("join", joined_);
    }

   private:
    /// The convolution behind the upsampling keeps the size in every variant.
    static block_options same_size(block_options o) {
      o.same_padding = true;
      return o;
    }

    unet_upsampling upsampling_;
    bool skip_first_;
    std::optional<conv_transpose2d<T, Device>> transposed_;
    std::optional<conv_block<T, Device>> conv_;
    double_conv<T, Device> joined_;
  };

  index_t width(index_t level) const { return options_.base_width << level; }
  void check_size(const shape& x) const {
    require(x.h % size_multiple() == 0 && x.w % size_multiple() == 0, "unet: ", x.h, "×", x.w,
            " pixels; height and width must be divisible by ", size_multiple());
  }

  unet_options options_;
  std::vector<double_conv<T, Device>> encoder_;
  std::vector<up_block> decoder_;
  std::optional<conv2d<T, Device>> head_;
};

}  // namespace lamina
