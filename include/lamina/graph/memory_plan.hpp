// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/arena.hpp>
#include <lamina/graph/node.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace lamina {

/// What a buffer of a plan holds.
enum class buffer_use : std::uint8_t {
  value,     // an activation on its way forward, kept for backward where that reads it
  rebuilt,   // an activation computed once more for backward
  auxiliary, // statistics, pooling indices
  gradient,
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
  struct step {
    int node;
    pass_kind pass;
    std::vector<place> inputs, outputs, input_gradients;
    place output_gradient;
    std::vector<bool> accumulate;
    std::vector<std::array<place, 2>> sums;  // afterwards, the first is added to the second
  };

  std::vector<step> steps;
  std::size_t forward_steps = 0;  // the loss is computed behind them
  place input, output, output_gradient;
  std::vector<buffer> buffers;
  std::size_t block_bytes = 0;    // of all buffers, which share memory where their lives don't overlap
  std::size_t scratch_bytes = 0;  // of the hungriest pass
  std::size_t bytes() const { return block_bytes + scratch_bytes; }

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
  };
  struct variable {
    shape extents;
    element_type type;
    std::size_t element_bytes;
    int producer;
  };
  std::vector<node> nodes;
  std::vector<variable> variables;
  int input = -1, output = -1;
};

struct plan_options {
  bool training = true;
  bool rebuild = true;  // compute cheap activations again in backward instead of keeping them
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

/// Makes the plan of one graph. One use; `plan()` does it all.
class memory_planner {
 public:
  memory_planner(const graph_description& graph, plan_options options) : graph_(graph), options_(options) {}

  memory_plan plan() {
    const std::size_t V = graph_.variables.size();
    place_values();
    find_gradients();
    choose_kept();
    rebuilt_.assign(V, false);
    value_buffers_.assign(V, -1);
    rebuilt_buffers_.assign(V, -1);
    gradient_buffers_.assign(V, -1);

    plan_.input = value_place(graph_.input, 0);
    for (int i = 0; i < node_count(); ++i) add_forward(i);
    plan_.forward_steps = plan_.steps.size();
    const int loss_time = now();
    plan_.output = value_place(graph_.output, loss_time);
    if (options_.training) {
      require(needs_gradient_[at(graph_.output)], "memory_plan: nothing in this network can be trained");
      ++loss_steps_;
      plan_.output_gradient = gradient_place(graph_.output, loss_time);
      written_.assign(V, false);
      written_[at(graph_.output)] = true;
      for (int i = node_count() - 1; i >= 0; --i) add_backward(i);
    }
    plan_.block_bytes = pack_buffers(plan_.buffers);
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

  int last_reader(int v) const {
    for (int i = node_count() - 1; i >= 0; --i)
      for (const int input : graph_.nodes[at(i)].inputs)
        if (input == v) return i;
    return -1;
  }
  int reader_count(int v) const {
    int count = 0;
    for (const auto& n : graph_.nodes) count += static_cast<int>(std::count(n.inputs.begin(), n.inputs.end(), v));
    return count;
  }

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
    if (options_.training) return;
    for (int i = 0; i < node_count(); ++i) {
      const auto& n = graph_.nodes[at(i)];
      if (!n.traits.forward_in_place) continue;
      const int x = n.inputs.front();
      if (x != graph_.input && x != graph_.output && value_links_[at(x)].parent < 0 && last_reader(x) == i)
        value_links_[at(x)] = {n.outputs.front(), 0};
    }
  }

  void find_gradients() {
    needs_gradient_.assign(graph_.variables.size(), false);
    gradient_links_.assign(graph_.variables.size(), {});
    if (!options_.training) return;
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
        if (l.parent == n.outputs.front() && needs_gradient_[at(v)] && last_reader(v) == i) gradient_links_[at(v)] = l;
      }
    }
    for (const auto& n : graph_.nodes) {
      if (!n.traits.backward_in_place) continue;
      const int x = n.inputs.front(), y = n.outputs.front();
      if (needs_gradient_[at(x)] && reader_count(x) == 1 && gradient_links_[at(y)].parent < 0 && x != graph_.output)
        gradient_links_[at(x)] = {y, 0};
    }
  }

  /// An activation is kept for backward unless it can be rebuilt; those that share a buffer share their fate.
  void choose_kept() {
    kept_.assign(graph_.variables.size(), !options_.training || !options_.rebuild);
    for (int v = 0; v < static_cast<int>(kept_.size()); ++v) {
      const int producer = variable_at(v).producer;
      if (producer < 0 || !is_activation(v) || !graph_.nodes[at(producer)].traits.rebuildable)
        kept_[at(root(v, value_links_))] = true;
    }
  }

  int root(int v, const std::vector<link>& links) const {
    while (links[at(v)].parent >= 0) v = links[at(v)].parent;
    return v;
  }
  bool is_kept(int v) const { return kept_[at(root(v, value_links_))]; }

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
    memory_plan::step s{i, pass_kind::forward, {}, {}, {}, {}, {}, {}};
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
    memory_plan::step s{producer, pass_kind::rebuild, {}, {}, {}, {}, {}, {}};
    for (const int input : n.inputs) s.inputs.push_back(value_place(input, time));
    for (const int output : n.outputs) s.outputs.push_back(value_place(output, time));
    add(std::move(s));
  }

  void add_backward(int i) {
    const auto& n = graph_.nodes[at(i)];
    const int y = n.outputs.front();
    if (!needs_gradient_[at(y)] || !written_[at(y)]) return;
    const auto needed = [](unsigned mask, std::size_t bit) { return (mask >> bit & 1u) != 0; };
    for (std::size_t k = 0; k < n.inputs.size(); ++k)
      if (needed(n.traits.backward_reads_inputs, k)) rebuild(n.inputs[k]);
    for (std::size_t k = 0; k < n.outputs.size(); ++k)
      if (needed(n.traits.backward_reads_outputs, k)) rebuild(n.outputs[k]);

    const int time = now();
    memory_plan::step s{i, pass_kind::backward, {}, {}, {}, {}, {}, {}};
    for (std::size_t k = 0; k < n.inputs.size(); ++k)
      s.inputs.push_back(needed(n.traits.backward_reads_inputs, k) ? value_place(n.inputs[k], time)
                                                                   : memory_plan::place{n.inputs[k]});
    for (std::size_t k = 0; k < n.outputs.size(); ++k)
      s.outputs.push_back(needed(n.traits.backward_reads_outputs, k) ? value_place(n.outputs[k], time)
                                                                     : memory_plan::place{n.outputs[k]});
    s.output_gradient = gradient_place(y, time);
    for (const int v : n.inputs) add_input_gradient(s, n, v, time);
    add(std::move(s));
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
    plan_.steps.push_back(std::move(s));
  }

  const graph_description& graph_;
  plan_options options_;
  memory_plan plan_;
  int loss_steps_ = 0;
  std::vector<link> value_links_, gradient_links_;
  std::vector<bool> needs_gradient_, kept_, rebuilt_, written_;
  std::vector<int> value_buffers_, rebuilt_buffers_, gradient_buffers_;  // of each root, or -1
};

}  // namespace lamina
