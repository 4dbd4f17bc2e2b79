// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/data/loader.hpp>
#include <lamina/graph/program.hpp>
#include <lamina/metrics/overlap.hpp>
#include <lamina/models/network.hpp>
#include <lamina/ops/loss.hpp>
#include <lamina/ops/sigmoid.hpp>
#include <lamina/predict/lesion_logits.hpp>
#include <lamina/predict/network_input.hpp>
#include <lamina/train/observer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace lamina {

/// The programs of one network, one logit of lesion a pixel, for batches of different lengths, for training and
/// inference: recorded when first asked for, all in one workspace, since they take turns. The network must stay where
/// it is.
template <class T>
class program_cache {
 public:
  /// direct: convolutions are computed directly, whatever their shapes.
  program_cache(const cpu_context& ctx, const network<T>& net, std::shared_ptr<const parameter_layout> layout,
                index_t height, index_t width, bool direct = false)
      : ctx_(ctx),
        network_(net),
        layout_(std::move(layout)),
        image_{1, height, width, net.in_channels()},
        direct_(direct) {}

  /// How the programs are planned that are asked for from now on.
  void plan_with(plan_options options) { options_ = options; }

  program<T>& at(run_mode mode, index_t images) {
    auto& found = programs_[{mode, images}];
    if (!found) {
      const shape extents{images, image_.h, image_.w, image_.c};
      const auto logits = [this](tape<T>& t, variable x) {
        const variable y = lesion_logits(network_)(t, x);
        if (direct_) t.limit_tiles(1);
        return y;
      };
      found = std::make_unique<program<T>>(ctx_, logits, layout_, extents, mode, space_, options_);
    }
    return *found;
  }
  /// Of the hungriest program so far.
  std::size_t block_bytes() const {
    return largest([](const memory_plan& plan) { return plan.block_bytes; });
  }
  std::size_t scratch_bytes() const {
    return largest([](const memory_plan& plan) { return plan.scratch_bytes; });
  }
  /// Takes the workspace's memory now. No training step allocates from here on.
  void reserve() { space_.reserve(block_bytes()); }

 private:
  template <class Bytes>
  std::size_t largest(Bytes&& bytes) const {
    std::size_t most = 0;
    for (const auto& [key, made] : programs_) most = std::max(most, bytes(made->plan()));
    return most;
  }

  const cpu_context& ctx_;
  const network<T>& network_;
  std::shared_ptr<const parameter_layout> layout_;
  shape image_;
  bool direct_;
  plan_options options_;
  workspace<cpu> space_;
  std::map<std::pair<run_mode, index_t>, std::unique_ptr<program<T>>> programs_;
};

/// The masks of a batch where a network's result y is: their middle, where y is smaller than its input.
inline view<const float> masks_of(const batch& b, const shape& y) {
  const view<const float> m = b.masks;
  const shape e = m.extents();
  return {m.pixel(0, (e.h - y.h) / 2, (e.w - y.w) / 2), y, m.image_stride(), m.row_stride(), m.pixel_stride()};
}

struct evaluate_options {
  lamina::loss loss = bce_dice_params{};
  float threshold = 0.5f;
};

/// Loss and every overlap protocol of an epoch of `images` with the weights as they are. Calls body(batch,
/// probabilities) for every batch. Throws `error` when no image could be read, and what the loader throws.
template <class T, class Body>
evaluation evaluate(cpu_context& ctx, program_cache<T>& programs, const parameter_set<cpu>& weights, loader& images,
                    const evaluate_options& options, Body&& body) {
  const auto begin = std::chrono::steady_clock::now();
  overlap_metrics metrics({.prediction = options.threshold});
  evaluation result;
  double loss_sum = 0;
  tensor<float> probabilities;
  while (const batch* b = images.next()) {
    const index_t N = b->images.extents().n;
    program<T>& forward = programs.at(run_mode::inference, N);
    network_input(ctx, b->images, forward.input());
    forward.forward(ctx, weights);
    const auto masks = masks_of(*b, forward.output_extents());
    loss_sum += static_cast<double>(N) * loss_forward<T>(ctx, forward.output(), masks, options.loss);
    if (!(probabilities.extents() == forward.output_extents()))
      probabilities = tensor<float>(forward.output_extents(), uninitialized);
    sigmoid_forward(ctx, forward.output(), probabilities.view());
    metrics.add(as_const(probabilities.view()), masks);
    body(*b, as_const(probabilities.view()));
    result.images += N;
  }
  require(result.images > 0, "evaluate: none of the images could be read");
  result.skipped = images.skipped();
  result.loss = loss_sum / static_cast<double>(result.images);
  result.values = metrics.values();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace lamina
