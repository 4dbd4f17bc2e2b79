// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/memory_plan.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace lamina {

/// What becomes of an activation that backward needs, when forward has read it for the last time.
enum class value_fate : std::uint8_t {
  kept,
  rebuilt,    // computed once more where backward first needs it, and then kept as long as it's needed
  forgotten,  // computed once more wherever backward needs it; kept in between only where that is a few ops away
};

/// Decides when every op of one graph runs and when each buffer is alive, given the activations' fates. Variables that
/// lie in one buffer share their fate, which is that of the buffer's variable.
class memory_planner {
 public:
  memory_planner(const graph_description& graph, run_mode mode, bool gradients_by_layer)
      : graph_(graph),
        training_(mode == run_mode::training),
        gradients_by_layer_(gradients_by_layer),
        last_reader_(graph.variables.size(), -1),
        readers_(graph.variables.size(), 0) {
    for (int i = 0; i < node_count(); ++i)
      for (const int v : graph_.nodes[at(i)].inputs) last_reader_[at(v)] = i, ++readers_[at(v)];
    place_values();
    find_gradients();
    find_backward_readers();
    require(!training_ || needs_gradient_[at(graph_.output)], "memory_plan: nothing in this network can be trained");
  }

  /// Of every variable: rebuilt where a pass over memory does it, kept else.
  std::vector<value_fate> cheap_fates() const {
    return fates_where([&](int producer) { return graph_.nodes[at(producer)].traits.rebuildable; });
  }
  /// Of every variable: rebuilt where that is possible at all.
  std::vector<value_fate> least_fates() const {
    return fates_where([](int) { return true; });
  }
  std::vector<value_fate> kept_fates() const {
    return std::vector<value_fate>(graph_.variables.size(), value_fate::kept);
  }

  /// A plan whose buffers have no offsets yet.
  memory_plan plan(const std::vector<value_fate>& fates) {
    const std::size_t V = graph_.variables.size();
    plan_ = {};
    fates_ = &fates;
    rebuilt_.assign(V, false);
    value_buffers_.assign(V, -1);
    rebuilt_buffers_.assign(V, -1);
    gradient_buffers_.assign(V, -1);
    parameter_buffers_.assign(graph_.parameter_bytes.size(), -1);
    written_.assign(V, false);
    loss_steps_ = 0;

    plan_.input = value_place(graph_.input, 0);
    for (int i = 0; i < node_count(); ++i) add_forward(i);
    plan_.forward_steps = plan_.steps.size();
    const int loss_time = now();
    plan_.output = value_place(graph_.output, loss_time);
    if (training_) {
      ++loss_steps_;
      plan_.output_gradient = gradient_place(graph_.output, loss_time);
      written_[at(graph_.output)] = true;
      for (int i = node_count() - 1; i >= 0; --i) {
        add_backward(i);
        forget_before(i);
      }
      if (gradients_by_layer_) finish_parameter_gradients();
    }
    return std::move(plan_);
  }

 private:
  /// A variable's position inside another one: its channels begin at `channel` of `parent`.
  struct link {
    int parent = -1;
    index_t channel = 0;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  int node_count() const { return static_cast<int>(graph_.nodes.size()); }
  const graph_description::variable& variable_at(int v) const { return graph_.variables[at(v)]; }
  bool is_activation(int v) const { return variable_at(v).type == element_type::activation; }
  /// The step that is added next. The loss counts as a step.
  int now() const { return static_cast<int>(plan_.steps.size()) + loss_steps_; }

  static bool is_set(unsigned mask, std::size_t bit) { return (mask >> bit & 1u) != 0; }

  /// Concatenated variables are made where they are needed: inside the concatenation. At inference, an op that can work
  /// in place does, if it is the last to read its input.
  void place_values() {
    value_links_.assign(graph_.variables.size(), {});
    for (const auto& n : graph_.nodes) {
      if (!n.traits.concatenates) continue;
      index_t channel = 0;
      for (const int v : n.inputs) {
        link& l = value_links_[at(v)];
        if (l.parent < 0 && v != graph_.input && v != graph_.output) l = {n.outputs.front(), channel};
        channel += variable_at(v).extents.c;
      }
    }
    if (training_) return;
    for (int i = 0; i < node_count(); ++i) {
      const auto& n = graph_.nodes[at(i)];
      if (!n.traits.forward_in_place) continue;
      const int x = n.inputs.front();
      if (x != graph_.input && x != graph_.output && value_links_[at(x)].parent < 0 && last_reader_[at(x)] == i)
        value_links_[at(x)] = {n.outputs.front(), 0};
    }
  }

  void find_gradients() {
    needs_gradient_.assign(graph_.variables.size(), false);
    gradient_links_.assign(graph_.variables.size(), {});
    if (!training_) return;
    for (const auto& n : graph_.nodes) {
      bool needed = n.trainable;
      for (const int v : n.inputs) needed = needed || needs_gradient_[at(v)];
      needs_gradient_[at(n.outputs.front())] = needed;
    }
    // the gradient of what was concatenated is a slice too, unless somebody later on reads the variable as well: his
    // share would come first and be overwritten
    for (int i = 0; i < node_count(); ++i) {
      const auto& n = graph_.nodes[at(i)];
      if (!n.traits.concatenates) continue;
      for (const int v : n.inputs) {
        const link& l = value_links_[at(v)];
        const bool last = l.parent == n.outputs.front() && last_reader_[at(v)] == i;
        if (last && needs_gradient_[at(v)]) gradient_links_[at(v)] = l;
      }
    }
    for (const auto& n : graph_.nodes) {
      if (!n.traits.backward_in_place) continue;
      const int x = n.inputs.front(), y = n.outputs.front();
      if (needs_gradient_[at(x)] && readers_[at(x)] == 1 && gradient_links_[at(y)].parent < 0 && x != graph_.output)
        gradient_links_[at(x)] = {y, 0};
    }
  }

  /// Which ops read the variables of a buffer in backward.
  void find_backward_readers() {
    backward_readers_.resize(graph_.variables.size());
    for (int i = 0; i < node_count(); ++i) {
      const auto& n = graph_.nodes[at(i)];
      const auto add_reads = [&](unsigned mask, const std::vector<int>& variables) {
        for (std::size_t k = 0; k < variables.size(); ++k)
          if (is_set(mask, k)) backward_readers_[at(root(variables[k], value_links_))].push_back(i);
      };
      add_reads(n.traits.backward_reads_inputs, n.inputs);
      add_reads(n.traits.backward_reads_outputs, n.outputs);
    }
  }

  /// `can_drop(producer)` says which ops may run once more; what comes from outside, and what ops keep for themselves,
  /// is kept.
  template <class CanDrop>
  std::vector<value_fate> fates_where(CanDrop&& can_drop) const {
    std::vector<value_fate> fates(graph_.variables.size(), training_ ? value_fate::rebuilt : value_fate::kept);
    for (int v = 0; v < static_cast<int>(fates.size()); ++v) {
      const int producer = variable_at(v).producer;
      if (producer < 0 || !is_activation(v) || !can_drop(producer)) fates[at(root(v, value_links_))] = value_fate::kept;
    }
    return fates;
  }

  int root(int v, const std::vector<link>& links) const {
    while (links[at(v)].parent >= 0) v = links[at(v)].parent;
    return v;
  }
  value_fate fate_of(int v) const { return (*fates_)[at(root(v, value_links_))]; }
  bool is_kept(int v) const { return fate_of(v) == value_fate::kept; }

  memory_plan::place find_place(int v, const std::vector<link>& links, std::vector<int>& buffers, buffer_use use,
                                int time) {
    const int r = root(v, links);
    const auto& owner = variable_at(r);
    int& buffer = buffers[at(r)];
    if (buffer < 0) {
      buffer = static_cast<int>(plan_.buffers.size());
      plan_.buffers.push_back(
          {use, aligned_size(static_cast<std::size_t>(owner.extents.size()) * owner.element_bytes), time, time});
    }
    memory_plan::buffer& b = plan_.buffers[at(buffer)];
    b.first = std::min(b.first, time);
    b.last = std::max(b.last, time);
    memory_plan::place found{v, buffer, 0, owner.extents.c};
    for (int inner = v; links[at(inner)].parent >= 0; inner = links[at(inner)].parent)
      found.channel += links[at(inner)].channel;
    return found;
  }
  memory_plan::place value_place(int v, int time) {
    const bool again = !is_kept(v) && rebuilt_[at(v)];
    const buffer_use use = !is_activation(v) ? buffer_use::auxiliary : again ? buffer_use::rebuilt : buffer_use::value;
    return find_place(v, value_links_, again ? rebuilt_buffers_ : value_buffers_, use, time);
  }
  memory_plan::place gradient_place(int v, int time) {
    return find_place(v, gradient_links_, gradient_buffers_, buffer_use::gradient, time);
  }

  void add_forward(int i) {
    const auto& n = graph_.nodes[at(i)];
    const int time = now();
    memory_plan::step s{.node = i, .pass = pass_kind::forward};
    for (const int v : n.inputs) s.inputs.push_back(value_place(v, time));
    for (const int v : n.outputs) s.outputs.push_back(value_place(v, time));
    add(std::move(s));
  }

  /// Makes the value of v available to backward.
  void rebuild(int v) {
    if (is_kept(v) || rebuilt_[at(v)]) return;
    const int producer = variable_at(v).producer;
    const auto& n = graph_.nodes[at(producer)];
    for (const int input : n.inputs) rebuild(input);
    rebuilt_[at(v)] = true;
    const int time = now();
    memory_plan::step s{.node = producer, .pass = pass_kind::rebuild};
    for (const int input : n.inputs) s.inputs.push_back(value_place(input, time));
    for (const int output : n.outputs) s.outputs.push_back(value_place(output, time));
    add(std::move(s));
  }

  void add_backward(int i) {
    const auto& n = graph_.nodes[at(i)];
    const int y = n.outputs.front();
    if (!needs_gradient_[at(y)] || !written_[at(y)]) return;
    for (std::size_t k = 0; k < n.inputs.size(); ++k)
      if (is_set(n.traits.backward_reads_inputs, k)) rebuild(n.inputs[k]);
    for (std::size_t k = 0; k < n.outputs.size(); ++k)
      if (is_set(n.traits.backward_reads_outputs, k)) rebuild(n.outputs[k]);

    const int time = now();
    memory_plan::step s{.node = i, .pass = pass_kind::backward};
    for (std::size_t k = 0; k < n.inputs.size(); ++k)
      s.inputs.push_back(is_set(n.traits.backward_reads_inputs, k) ? value_place(n.inputs[k], time)
                                                                   : memory_plan::place{n.inputs[k]});
    for (std::size_t k = 0; k < n.outputs.size(); ++k)
      s.outputs.push_back(is_set(n.traits.backward_reads_outputs, k) ? value_place(n.outputs[k], time)
                                                                     : memory_plan::place{n.outputs[k]});
    s.output_gradient = gradient_place(y, time);
    for (const int v : n.inputs) add_input_gradient(s, n, v, time);
    if (gradients_by_layer_)
      for (std::size_t k = 0; k < n.parameters.size(); ++k)
        if (n.parameters[k] >= 0) add_parameter_gradient(s, n.parameters[k], static_cast<int>(k), time);
    add(std::move(s));
  }
  void add_parameter_gradient(memory_plan::step& s, int parameter, int position, int time) {
    int& buffer = parameter_buffers_[at(parameter)];
    const bool first = buffer < 0;
    if (first) {
      buffer = static_cast<int>(plan_.buffers.size());
      plan_.buffers.push_back(
          {buffer_use::parameter_gradient, aligned_size(graph_.parameter_bytes[at(parameter)]), time, time});
    }
    plan_.buffers[at(buffer)].last = time;
    s.parameter_gradients.push_back({parameter, position, buffer, first, false});
  }
  /// Gives the last step zero gradients of those parameters that no op has added to, and finds who adds last.
  void finish_parameter_gradients() {
    for (std::size_t p = 0; p < parameter_buffers_.size(); ++p)
      if (graph_.parameter_bytes[p] > 0 && parameter_buffers_[p] < 0)
        add_parameter_gradient(plan_.steps.back(), static_cast<int>(p), -1, now() - 1);
    std::vector<bool> seen(parameter_buffers_.size(), false);
    for (auto s = plan_.steps.rbegin(); s != plan_.steps.rend(); ++s)
      for (auto g = s->parameter_gradients.rbegin(); g != s->parameter_gradients.rend(); ++g)
        if (!seen[at(g->parameter)]) g->last = seen[at(g->parameter)] = true;
  }

  /// After the backward of op i: gives up what is to be forgotten, unless an op soon reads it.
  void forget_before(int i) {
    constexpr int soon = 8;  // ops: a block of a UNet's level has about as many
    for (int v = 0; v < static_cast<int>(rebuilt_.size()); ++v) {
      if (!rebuilt_[at(v)] || fate_of(v) != value_fate::forgotten) continue;
      const int r = root(v, value_links_);
      const std::vector<int>& readers = backward_readers_[at(r)];
      const auto next = std::lower_bound(readers.begin(), readers.end(), i);  // the one after the last below i
      if (next != readers.begin() && i - *std::prev(next) <= soon) continue;
      rebuilt_[at(v)] = false;
      rebuilt_buffers_[at(r)] = -1;
    }
  }

  void add_input_gradient(memory_plan::step& s, const graph_description::node& n, int v, int time) {
    s.accumulate.push_back(false);
    if (!needs_gradient_[at(v)]) {
      s.input_gradients.push_back({v});
      return;
    }
    const memory_plan::place whole = gradient_place(v, time);
    if (!written_[at(v)]) {
      s.input_gradients.push_back(whole);
    } else if (n.traits.accumulates) {
      s.input_gradients.push_back(whole);
      s.accumulate.back() = true;
    } else {
      const auto& variable = variable_at(v);
      const memory_plan::place share{v, static_cast<int>(plan_.buffers.size()), 0, variable.extents.c};
      plan_.buffers.push_back({buffer_use::gradient,
                               aligned_size(static_cast<std::size_t>(variable.extents.size()) * variable.element_bytes),
                               time, time});
      s.input_gradients.push_back(share);
      s.sums.push_back({share, whole});
    }
    written_[at(v)] = true;
  }

  void add(memory_plan::step s) {
    plan_.scratch_bytes =
        std::max(plan_.scratch_bytes, graph_.nodes[at(s.node)].scratch[static_cast<std::size_t>(s.pass)]);
    const double flops = graph_.nodes[at(s.node)].flops;
    if (s.pass == pass_kind::forward) plan_.forward_flops += flops;
    if (s.pass == pass_kind::rebuild) plan_.recomputed_flops += flops;
    plan_.steps.push_back(std::move(s));
  }

  const graph_description& graph_;
  bool training_, gradients_by_layer_;
  std::vector<int> last_reader_, readers_;  // of each variable: op, number of ops
  std::vector<link> value_links_, gradient_links_;
  std::vector<bool> needs_gradient_;
  std::vector<std::vector<int>> backward_readers_;  // of each root

  // of the plan that is being made
  memory_plan plan_;
  const std::vector<value_fate>* fates_ = nullptr;
  int loss_steps_ = 0;
  std::vector<bool> rebuilt_, written_;
  std::vector<int> value_buffers_, rebuilt_buffers_, gradient_buffers_;  // of each root, or -1
  std::vector<int> parameter_buffers_;
};

}  // namespace lamina
