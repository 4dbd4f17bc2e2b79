// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/arena.hpp>
#include <lamina/graph/node.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace lamina {

/// What a program is for. At inference a convolution does the work of the batch norm and the ReLU behind it and of the
/// upsampling before it, and only what is still to be read is kept.
enum class run_mode { training, inference };

/// What a buffer of a plan holds.
enum class buffer_use : std::uint8_t {
  value,     // an activation on its way forward, kept for backward where that reads it
  rebuilt,   // an activation computed once more for backward
  auxiliary, // statistics, pooling indices
  gradient,           // of an activation
  parameter_gradient, // of a plan that has those
};

/// The order in which a network's nodes run and where everything they touch lies in one block of memory: made once per
/// input shape, from shapes alone, so that its size is known before the first step and nothing is allocated after it.
struct memory_plan {
  struct buffer {
    buffer_use use;
    std::size_t bytes;
    int first, last;         // steps in which it is alive
    std::size_t offset = 0;  // in the block
  };
  /// A variable's window on a buffer: the buffer's pixels have `width` channels, the variable's begin at `channel`.
  struct place {
    int variable = -1, buffer = -1;
    index_t channel = 0, width = 0;
  };
  /// The gradient of a parameter, where that is alive only while ops add to it.
  struct parameter_gradient {
    int parameter;
    int position;        // among the node's parameters; -1: none adds to it, and it's zero
    int buffer;
    bool first, last;    // of the steps that add to it
  };
  struct step {
    int node;
    pass_kind pass;
    std::vector<place> inputs{}, outputs{}, input_gradients{};
    place output_gradient{};
    std::vector<bool> accumulate{};
    std::vector<std::array<place, 2>> sums{};  // afterwards, the first is added to the second
    std::vector<parameter_gradient> parameter_gradients{};  // with `gradients_by_layer`
  };

  std::vector<step> steps;
  std::size_t forward_steps = 0;  // the loss is computed behind them
  place input, output, output_gradient;
  std::vector<buffer> buffers;
  std::size_t block_bytes = 0;    // of all buffers, which share memory where their lives don't overlap
  std::size_t scratch_bytes = 0;  // of the hungriest pass
  /// What steps take, to the byte. A process that holds this and sets of parameters was measured to have 5 to 10 MB
  /// more resident: its code, its stacks, a batch of images.
  std::size_t bytes() const { return block_bytes + scratch_bytes; }
  int dropped = 0;                // activations that were given up to meet a limit, and are computed once more
  double forward_flops = 0;       // of a forward pass, two per multiply-add
  double recomputed_flops = 0;    // of what backward computes once more
  /// What that adds to a training step, whose forward and backward are about three forward passes.
  double recomputed_share() const { return forward_flops > 0 ? recomputed_flops / (3 * forward_flops) : 0; }

  /// Sum of the buffers of one use, as if none shared memory.
  std::size_t bytes_of(buffer_use use) const {
    std::size_t sum = 0;
    for (const buffer& b : buffers) sum += b.use == use ? b.bytes : 0;
    return sum;
  }
};

/// A tape as the planner sees it.
struct graph_description {
  struct node {
    node_traits traits;
    std::vector<int> inputs, outputs;
    bool trainable;                        // has a trainable parameter
    std::array<std::size_t, 3> scratch{};  // by pass_kind
    double flops = 0;                      // of forward
    std::vector<int> parameters{};         // trainable ones, in the node's order; -1 for others
  };
  struct variable {
    shape extents;
    element_type type;
    std::size_t element_bytes;
    int producer;
  };
  std::vector<node> nodes;
  std::vector<variable> variables;
  std::vector<std::size_t> parameter_bytes;  // 0: not trainable
  int input = -1, output = -1;
};

struct plan_options {
  bool rebuild = true;    // compute cheap activations again in backward instead of keeping them
  std::size_t limit = 0;  // bytes of block and scratch that training shall do with, whatever it recomputes; 0: none
  bool gradients_by_layer = false;  // give each parameter's gradient away as soon as it is complete
};

/// Gives each buffer an offset so that no two that are alive in the same step overlap; returns the block's size.
/// Largest first, each at the lowest free offset. Deterministic.
inline std::size_t pack_buffers(std::vector<memory_plan::buffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<std::size_t> placed;  // by rising offset
  std::size_t end = 0;
  for (const std::size_t i : order) {
    memory_plan::buffer& mine = buffers[i];
    std::size_t offset = 0;
    for (const std::size_t j : placed) {
      const memory_plan::buffer& other = buffers[j];
      if (other.last < mine.first || mine.last < other.first) continue;
      if (offset + mine.bytes <= other.offset) break;
      offset = std::max(offset, other.offset + other.bytes);
    }
    mine.offset = offset;
    end = std::max(end, offset + mine.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](auto a, auto b) { return buffers[a].offset < buffers[b].offset; }), i);
  }
  return end;
}

}  // namespace lamina
