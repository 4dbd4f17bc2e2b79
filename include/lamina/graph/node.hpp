// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/context.hpp>
#include <lamina/core/view.hpp>
#include <lamina/graph/reach.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lamina {

/// A value on a tape: the handle that layers pass around.
struct variable {
  int id = -1;
};

/// What a variable's elements are: T for activations, or what an op keeps beside them (statistics, pooling indices).
enum class element_type : std::uint8_t { activation, float32, uint8 };

template <class Device>
struct context_of;
template <>
struct context_of<cpu> {
  using type = cpu_context;
};
template <class Device>
using context_t = typename context_of<Device>::type;

/// What the memory plan must know of an op. Bit i of a mask stands for input or output i.
struct node_traits {
  unsigned backward_reads_inputs = 0;
  unsigned backward_reads_outputs = 0;
  /// The output may be computed once more during backward, from inputs and its other outputs, at the cost of a pass
  /// over memory; so it need not be kept.
  bool rebuildable = false;
  /// Forward may write output 0 over input 0; backward may write dx 0 over dy.
  bool forward_in_place = false;
  bool backward_in_place = false;
  /// Backward can add to dx instead of assigning it.
  bool accumulates = false;
  /// Output 0 is the inputs side by side in channels: a place rather than a copy.
  bool concatenates = false;
};

/// A window on elements whose type the op knows.
template <class Device>
struct untyped_view {
  std::byte* data = nullptr;
  shape extents{0, 0, 0, 0};
  index_t image_stride = 0, row_stride = 0, pixel_stride = 0;  // in elements

  template <class Element>
  view<Element, Device> as() const {
    if (data == nullptr) return {};
    return {reinterpret_cast<Element*>(data), extents, image_stride, row_stride, pixel_stride};
  }
};

/// What the random ops of one training step draw from.
struct random_key {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
};

/// Everything that one node reads and writes in one pass.
template <class T, class Device>
struct node_pass {
  std::vector<untyped_view<Device>> inputs, outputs;
  std::vector<untyped_view<Device>> input_gradients;   // to be written; empty where nobody asks
  std::vector<bool> accumulate;                        // … added to instead of assigned
  untyped_view<Device> output_gradient;                // of output 0; may be overwritten
  std::vector<view<float, Device>> parameters;         // running statistics are written in training
  std::vector<view<float, Device>> parameter_gradients;  // added to
  bool training = false;
  random_key random;  // the same in all passes of a step

  view<T, Device> x(std::size_t i = 0) const { return inputs[i].template as<T>(); }
  view<T, Device> y() const { return outputs[0].template as<T>(); }
  view<T, Device> dx(std::size_t i = 0) const { return input_gradients[i].template as<T>(); }
  view<T, Device> dy() const { return output_gradient.template as<T>(); }
  template <class Element>
  view<Element, Device> saved(std::size_t output) const {
    return outputs[output].template as<Element>();
  }
};

/// Which passes of a node are meant.
enum class pass_kind : std::uint8_t { forward, rebuild, backward };

constexpr std::string_view name(pass_kind kind) {
  switch (kind) {
    case pass_kind::forward: return "forward";
    case pass_kind::rebuild: return "rebuild";
    default: return "backward";
  }
}

/// One recorded op: shapes and options are fixed, data come with each pass. Derive from it to put an op of your own on
/// a tape. A node has no state, so one program may not disturb another.
template <class T, class Device>
class node {
 public:
  using context = context_t<Device>;
  using pass = node_pass<T, Device>;

  virtual ~node() = default;
  /// The op's base name: `conv2d`.
  virtual std::string_view kind() const = 0;
  virtual node_traits traits() const = 0;
  virtual void forward(context& ctx, const pass& p) const = 0;
  virtual void backward(context& ctx, const pass& p) const = 0;
  /// Output 0 once more, bit for bit; where memory is short, of any node. One whose forward writes more than its
  /// outputs (running statistics) overrides it.
  virtual void rebuild(context& ctx, const pass& p) const { forward(ctx, p); }
  /// Bytes that a pass takes from the context's scratch.
  virtual std::size_t scratch(const context&, pass_kind) const { return 0; }
  /// Floating point operations of the forward pass, counted as the literature does: two per multiply-add.
  virtual double flops() const { return 0; }
  /// The slope of the negative side, if the op is a ReLU: then the op before may take it over.
  virtual std::optional<float> activation_slope() const { return std::nullopt; }
  /// Applies such a ReLU to output 0 in the same pass from now on. False where the op can't.
  virtual bool absorb_activation(float /*slope*/) { return false; }
  /// The ε of an op that at inference is γ·(x − μ)/√(σ² + ε) + β for each channel, γ, β, μ, σ² its parameters: then the
  /// op before may take it over.
  virtual std::optional<float> normalisation_epsilon() const { return std::nullopt; }
  /// Normalises output 0 so in the same pass from now on, at inference only; the four parameters follow the op's own.
  /// False where the op can't.
  virtual bool absorb_normalisation(float /*epsilon*/) { return false; }
  /// How many times as many rows and columns the output has, if each pixel of the only input is just repeated: then the
  /// op behind may do so itself.
  virtual std::optional<index_t> nearest_upsampling() const { return std::nullopt; }
  /// Upsamples its input so in the same pass from now on, at inference only. False where the op can't.
  virtual bool absorb_upsampling(index_t /*scale*/) { return false; }
  /// What a pixel of the outputs depends on at inference. Nothing: on the whole image, as far as anybody knows.
  virtual std::optional<op_reach> reach() const { return std::nullopt; }
  /// Which of its algorithms the op runs with, chosen from shapes when it was recorded. An op that has one has 0.
  virtual int algorithm() const { return 0; }
  /// Runs with that one from now on: on part of an image with the one of the whole, so that a pixel has the same bits.
  virtual void use_algorithm(int /*algorithm*/) {}
  /// Computes its outputs in squares of at most `edge` pixels a side from now on, each by itself where that is 1: less
  /// reach, more arithmetic.
  virtual void limit_tiles(index_t /*edge*/) {}
};

}  // namespace lamina
