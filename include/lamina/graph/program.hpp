// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/parameter_set.hpp>
#include <lamina/graph/recompute.hpp>
#include <lamina/graph/tape.hpp>
#include <lamina/graph/workspace.hpp>
#include <lamina/ops/copy.hpp>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace lamina {

/// Told of every pass that a program runs; benchmarks take times with it.
class pass_observer {
 public:
  virtual ~pass_observer() = default;
  virtual void before(std::string_view op, pass_kind pass) = 0;
  virtual void after(std::string_view op, pass_kind pass) = 0;
};

/// A network recorded for one input shape, with its memory plan: what runs.
///
///     program<float> step(ctx, net, layout, {8, 256, 256, 3}, run_mode::training, space);
///     copy(ctx, images, step.input());
///     step.forward(ctx, weights);
///     bce_with_logits_backward(ctx, step.output(), masks, {}, step.output_gradient());
///     step.backward(ctx, weights, gradients);          // adds to gradients
///
/// The network must outlive the program and stay where it is. A program is used by one thread at a time; programs share
/// nothing but what the caller lets them share (parameters at inference, a workspace when they take turns).
template <class T, class Device = cpu>
class program {
 public:
  using context = context_t<Device>;

  /// Records `network(tape, variable)` on an input of `extents` and plans its memory. Allocates nothing yet.
  ///   ctx       the context that it will run with: scratch depends on its threads and instruction set
  ///   options   what backward computes once more instead of keeping it. A limit that can't be met gives the smallest
  ///             plan: look at `plan().bytes()`
  ///   whole     the network recorded for a whole image, of which this program computes a part: its algorithms are used
  /// Throws `error` where shapes don't fit the network.
  template <class Network>
  program(const context& ctx, const Network& network, std::shared_ptr<const parameter_layout> layout, shape extents,
          run_mode mode, workspace<Device>& space, plan_options options = {},
          const lamina::tape<T, Device>* whole = nullptr)
      : layout_(std::move(layout)), mode_(mode), gradients_by_layer_(options.gradients_by_layer), space_(&space) {
    require(extents.size() > 0, "program: the input's shape ", extents, " is empty");
    const variable x = tape_.input(extents);
    const variable y = network(tape_, x);
    mode == run_mode::inference ? tape_.fuse_for_inference(y) : tape_.fuse_activations(y);
    if (whole != nullptr) tape_.use_algorithms_of(*whole);
    find_parameters();
    plan_ = plan_memory(describe(ctx, x, y), mode, options);
  }

  const memory_plan& plan() const { return plan_; }
  const lamina::tape<T, Device>& tape() const { return tape_; }
  run_mode mode() const { return mode_; }
  const shape& input_extents() const { return extents_of(plan_.input); }
  const shape& output_extents() const { return extents_of(plan_.output); }
  /// Floating point operations of one forward pass, two per multiply-add.
  double flops() const {
    double sum = 0;
    for (std::size_t i = 0; i < tape_.size(); ++i) sum += tape_.node_at(i).flops();
    return sum;
  }

  /// Where the caller writes the input, reads the result, and writes the loss's gradient. The memory is the
  /// workspace's: valid until another program runs in it. The input may be overwritten by a run.
  view<T, Device> input() { return bound().template view_of<T>(plan_.input); }
  view<const T, Device> output() { return bound().template view_of<T>(plan_.output); }
  view<T, Device> output_gradient() {
    require(mode_ == run_mode::training, "program::output_gradient: this program was made for inference");
    return bound().template view_of<T>(plan_.output_gradient);
  }

  /// What the next training forward, and its backward, draw their random numbers from; each forward after it has the
  /// next step's number. A training that is resumed gives the number of the step it stands at.
  void set_random(random_key key) { next_random_ = key; }

  /// Runs forward. In training, batch statistics are used and the running ones in `parameters` are updated.
  void forward(context& ctx, parameter_set<Device>& parameters) {
    begin(ctx, parameters);
    random_ = next_random_;
    ++next_random_.step;
    for (std::size_t i = 0; i < plan_.forward_steps; ++i) run(ctx, i, parameters, nullptr);
  }
  /// Runs forward on parameters that are only read; many threads may share them. For programs made for inference.
  void forward(context& ctx, const parameter_set<Device>& parameters) {
    require(mode_ == run_mode::inference,
            "program::forward: training updates running statistics; the parameters are const");
    forward(ctx, const_cast<parameter_set<Device>&>(parameters));
  }
  /// Runs backward from `output_gradient()` and adds to `gradients`. After a training forward, and once only.
  void backward(context& ctx, parameter_set<Device>& parameters, parameter_set<Device>& gradients) {
    require(mode_ == run_mode::training, "program::backward: this program was made for inference");
    require(!gradients_by_layer_, "program::backward: this program was planned with gradients_by_layer");
    begin(ctx, parameters);
    for (std::size_t i = plan_.forward_steps; i < plan_.steps.size(); ++i) run(ctx, i, parameters, &gradients);
  }
  /// Runs backward, and calls take(entry of the layout, gradient) once for each trainable parameter, as soon as the
  /// last op has added to it; no op reads that parameter any more, so `take` may change it. For programs that were
  /// planned with `gradients_by_layer`: only a layer's gradients are in memory at a time.
  template <std::invocable<const parameter_layout::entry&, view<const float, Device>> Take>
  void backward_by_layer(context& ctx, parameter_set<Device>& parameters, Take&& take) {
    require(mode_ == run_mode::training && gradients_by_layer_,
            "program::backward_by_layer: this program was not planned with gradients_by_layer");
    begin(ctx, parameters);
    for (std::size_t i = plan_.forward_steps; i < plan_.steps.size(); ++i) {
      const auto& gradients = plan_.steps[i].parameter_gradients;
      for (const auto& g : gradients)
        if (g.first) fill(ctx, 0.0f, gradient_of(g));
      run(ctx, i, parameters, nullptr);
      for (const auto& g : gradients)
        if (g.last) take(layout_->entries()[at(g.parameter)], as_const(gradient_of(g)));
    }
  }

  /// `observer` is told of every pass from now on; nullptr: nobody.
  void observe(pass_observer* observer) { observer_ = observer; }

 private:
  using pass = node_pass<T, Device>;

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  const shape& extents_of(const memory_plan::place& p) const { return tape_.variables()[at(p.variable)].extents; }

  void find_parameters() {
    for (const recorded_node& r : tape_.records()) {
      std::vector<const parameter_layout::entry*> found;
      for (const parameter* p : r.parameters) found.push_back(p == nullptr ? nullptr : &layout_->entry_of(*p));
      parameters_.push_back(std::move(found));
    }
  }

  graph_description describe(const context& ctx, variable x, variable y) const {
    graph_description graph;
    for (const recorded_variable& v : tape_.variables())
      graph.variables.push_back({v.extents, v.type, lamina::bytes_of(v.type, sizeof(T)), v.producer});
    for (std::size_t i = 0; i < tape_.size(); ++i) {
      const recorded_node& r = tape_.records()[i];
      graph_description::node described{tape_.node_at(i).traits(), r.inputs, r.outputs, false};
      for (const parameter_layout::entry* e : parameters_[i])
        described.trainable = described.trainable || (e != nullptr && e->parameter.trainable);
      for (const pass_kind kind : {pass_kind::forward, pass_kind::rebuild, pass_kind::backward})
        described.scratch[static_cast<std::size_t>(kind)] = tape_.node_at(i).scratch(ctx, kind);
      for (const parameter_layout::entry* e : parameters_[i])
        described.parameters.push_back(e != nullptr && e->parameter.trainable
                                           ? static_cast<int>(e - layout_->entries().data())
                                           : -1);
      described.flops = tape_.node_at(i).flops();
      graph.nodes.push_back(std::move(described));
    }
    for (const parameter_layout::entry& e : layout_->entries())
      graph.parameter_bytes.push_back(
          e.parameter.trainable ? static_cast<std::size_t>(e.parameter.extents.size()) * sizeof(float) : 0);
    graph.input = x.id;
    graph.output = y.id;
    return graph;
  }

  untyped_view<Device> window(const memory_plan::place& p) const {
    if (p.variable < 0) return {};
    const recorded_variable& v = tape_.variables()[at(p.variable)];
    const shape& e = v.extents;
    if (p.buffer < 0) return {.extents = e};
    std::byte* data = base_ + plan_.buffers[at(p.buffer)].offset +
                      static_cast<std::size_t>(p.channel) * lamina::bytes_of(v.type, sizeof(T));
    return {data, e, e.h * e.w * p.width, e.w * p.width, p.width};
  }
  template <class Element>
  view<Element, Device> view_of(const memory_plan::place& p) const {
    return window(p).template as<Element>();
  }

  view<float, Device> gradient_of(const memory_plan::parameter_gradient& g) const {
    return {reinterpret_cast<float*>(base_ + plan_.buffers[at(g.buffer)].offset),
            layout_->entries()[at(g.parameter)].parameter.extents};
  }

  /// Ties every pass to the workspace's block; again when that has moved.
  program& bound() {
    space_->reserve(plan_.block_bytes);
    if (base_ == space_->data()) return *this;
    base_ = space_->data();
    passes_.clear();
    for (const memory_plan::step& s : plan_.steps) {
      pass p;
      for (const auto& x : s.inputs) p.inputs.push_back(window(x));
      for (const auto& y : s.outputs) p.outputs.push_back(window(y));
      for (const auto& dx : s.input_gradients) p.input_gradients.push_back(window(dx));
      p.accumulate = s.accumulate;
      p.output_gradient = window(s.output_gradient);
      p.parameters.resize(parameters_[at(s.node)].size());
      p.parameter_gradients.resize(p.parameters.size());
      for (const auto& g : s.parameter_gradients)
        if (g.position >= 0) p.parameter_gradients[at(g.position)] = gradient_of(g);
      p.training = mode_ == run_mode::training;
      passes_.push_back(std::move(p));
    }
    return *this;
  }

  void begin(context& ctx, const parameter_set<Device>& parameters) {
    require(parameters.layout().size() == layout_->size(), "program: parameters of ", parameters.layout().size(),
            " floats given to a network of ", layout_->size());
    bound();
    ctx.scratch().reserve(plan_.scratch_bytes);
  }

  void run(context& ctx, std::size_t i, parameter_set<Device>& parameters, parameter_set<Device>* gradients) {
    const memory_plan::step& s = plan_.steps[i];
    const auto& op = tape_.node_at(at(s.node));
    pass& p = passes_[i];
    p.random = random_;
    for (std::size_t k = 0; k < p.parameters.size(); ++k) {
      const parameter_layout::entry* e = parameters_[at(s.node)][k];
      if (e == nullptr) continue;
      p.parameters[k] = parameters[*e];
      if (gradients != nullptr) p.parameter_gradients[k] = (*gradients)[*e];
    }
    if (observer_ != nullptr) observer_->before(op.kind(), s.pass);
    switch (s.pass) {
      case pass_kind::forward: op.forward(ctx, p); break;
      case pass_kind::rebuild: op.rebuild(ctx, p); break;
      case pass_kind::backward: op.backward(ctx, p); break;
    }
    for (const auto& [share, whole] : s.sums) add(ctx, as_const(view_of<T>(share)), view_of<T>(whole));
    if (observer_ != nullptr) observer_->after(op.kind(), s.pass);
  }

  lamina::tape<T, Device> tape_;
  std::shared_ptr<const parameter_layout> layout_;
  std::vector<std::vector<const parameter_layout::entry*>> parameters_;  // of each node; nullptr: absent
  run_mode mode_;
  bool gradients_by_layer_;
  memory_plan plan_;
  workspace<Device>* space_;
  std::byte* base_ = nullptr;
  std::vector<pass> passes_;
  random_key random_, next_random_;
  pass_observer* observer_ = nullptr;
};

}  // namespace lamina
