// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/models/blocks.hpp>

#include <vector>

namespace lamina {

struct segnet_options {
  index_t in_channels = 3;
  index_t classes = 1;             // logits per pixel
  index_t base_width = 64;         // channels of the first level; 64 is VGG16's
  bool unpool_with_indices = true; // false: nearest upsampling
  block_options blocks = {.batch_norm = false};
};

/// SegNet: Badrinarayanan, Kendall, Cipolla: SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image
/// Segmentation, arXiv:1511.00561. The encoder is VGG16's (arXiv:1409.1556); the decoder puts each value back where the
/// encoder's pooling found its maximum. [N,H,W,in] to logits [N,H,W,classes]; H and W divisible by 32.
template <class T, class Device = cpu>
class segnet {
 public:
  using options_type = segnet_options;

  explicit segnet(segnet_options options = {}) : options_(options) {
    const auto& o = options;
    const auto possible = [](index_t channels) { return channels >= 1 && channels <= most_channels; };
    require(o.base_width >= 1 && o.base_width <= most_channels / 8 && possible(o.in_channels) && possible(o.classes),
            "segnet: base width ", o.base_width, ", ", o.in_channels, " input channels, ", o.classes,
            " classes: base width must be 1 to ", most_channels / 8, ", the others 1 to ", most_channels);
    require(o.blocks.same_padding, "segnet: same_padding = false; unpooling needs maps of the size that was pooled");
    const index_t w = o.base_width;
    encoder_ = {stage(o.in_channels, {w, w}), stage(w, {2 * w, 2 * w}), stage(2 * w, {4 * w, 4 * w, 4 * w}),
                stage(4 * w, {8 * w, 8 * w, 8 * w}), stage(8 * w, {8 * w, 8 * w, 8 * w})};
    decoder_ = {stage(8 * w, {8 * w, 8 * w, 8 * w}), stage(8 * w, {8 * w, 8 * w, 4 * w}),
                stage(4 * w, {4 * w, 4 * w, 2 * w}), stage(2 * w, {2 * w, w}), stage(w, {w})};
    head_.emplace(w, o.classes, conv2d_options{.start = o.blocks.start});
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    const shape& size = t.extents(x);
    require(size.h % size_multiple() == 0 && size.w % size_multiple() == 0, "segnet: ", size.h, "×", size.w,
            " pixels; height and width must be divisible by ", size_multiple());
    std::vector<pooled> pools;
    for (const blocks& stage : encoder_) {
      for (const auto& block : stage) x = block(t, x);
      pools.push_back(max_pool2d(t, x));
      x = pools.back().y;
    }
    for (const blocks& stage : decoder_) {
      x = options_.unpool_with_indices ? max_unpool2d(t, x, pools.back()) : upsample_nearest2d(t, x);
      pools.pop_back();
      for (const auto& block : stage) x = block(t, x);
    }
    return (*head_)(t, x);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("encoder", encoder_);
    visitor("decoder", decoder_);
    visitor("head", *head_);
  }

  const segnet_options& options() const { return options_; }
  index_t size_multiple() const { return 32; }

 private:
  using blocks = std::vector<conv_block<T, Device>>;

  blocks stage(index_t in_channels, std::initializer_list<index_t> widths) const {
    blocks made;
    for (const index_t width : widths) {
      made.emplace_back(in_channels, width, options_.blocks);
      in_channels = width;
    }
    return made;
  }

  segnet_options options_;
  std::vector<blocks> encoder_, decoder_;
  std::optional<conv2d<T, Device>> head_;
};

}  // namespace lamina
