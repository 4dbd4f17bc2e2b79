// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/memory_planner.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace lamina {

/// Chooses what backward computes once more, convolutions included, so that a training step does with less memory
/// (gradient checkpointing: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174). The
/// bits of a step stay the same.
///
/// Greedy, deterministic, the same way for every limit: over and over the activation is given up that frees most memory
/// of the steps at and near the peak for its arithmetic, with the whole graph planned anew to know both. The way ends
/// at the first plan within the limit, so any limit is met that some plan on the whole way meets. Then what was given
/// up on the way, but need not be, is kept after all.
class recompute_search {
 public:
  recompute_search(const graph_description& graph, bool gradients_by_layer)
      : graph_(graph), planner_(graph, run_mode::training, gradients_by_layer), least_(planner_.least_fates()) {}

  /// The first plan of at most `limit` bytes of block and scratch; where there is none, the smallest there is.
  memory_plan search(std::size_t limit) {
    const std::vector<value_fate> start = planner_.cheap_fates();
    std::vector<value_fate> fates = start;
    std::vector<std::size_t> given_up;
    std::vector<value_fate> fates_of_smallest = start;
    candidate now = plan_with(fates);
    memory_plan smallest = packed(now.plan);
    while (smallest.bytes() > limit) {
      std::optional<move> next = best_move(now, fates);
      if (!next) return counted(std::move(smallest), start, fates_of_smallest);
      fates[next->variable] = next->fate;
      given_up.push_back(next->variable);
      now = std::move(next->result);
      memory_plan plan = packed(now.plan);
      if (plan.bytes() < smallest.bytes()) {
        smallest = std::move(plan);
        fates_of_smallest = fates;
      }
    }
    for (const std::size_t v : given_up) {
      const value_fate fate = std::exchange(fates[v], start[v]);
      memory_plan plan = packed(planner_.plan(fates));
      if (plan.bytes() <= limit)
        smallest = std::move(plan);
      else
        fates[v] = fate;
    }
    return counted(std::move(smallest), start, fates);
  }

 private:
  struct candidate {
    memory_plan plan;            // without offsets
    std::vector<double> alive;   // bytes, of each step
    double cost = 0;             // of what is computed once more
  };
  struct move {
    std::size_t variable;
    value_fate fate;
    candidate result;
  };

  /// What a pass costs, as if every byte that it touches took as long as 8 operations: about what it is where
  /// one core has 20 GB/s and 160 GFLOP/s. It decides between ops that have no FLOPs to speak of.
  double cost_of(int node) const {
    constexpr double operations_per_byte = 8;
    const auto& n = graph_.nodes[static_cast<std::size_t>(node)];
    double bytes = 0;
    for (const auto* side : {&n.inputs, &n.outputs})
      for (const int v : *side) {
        const auto& x = graph_.variables[static_cast<std::size_t>(v)];
        bytes += static_cast<double>(x.extents.size()) * static_cast<double>(x.element_bytes);
      }
    return n.flops + operations_per_byte * bytes;
  }

  candidate plan_with(const std::vector<value_fate>& fates) {
    candidate c{planner_.plan(fates), {}, 0};
    for (const memory_plan::step& s : c.plan.steps)
      if (s.pass == pass_kind::rebuild) c.cost += cost_of(s.node);
    c.alive.assign(c.plan.steps.size() + 2, 0.0);  // the loss is a step, too
    for (const memory_plan::buffer& b : c.plan.buffers) {
      c.alive[static_cast<std::size_t>(b.first)] += static_cast<double>(b.bytes);
      c.alive[static_cast<std::size_t>(b.last) + 1] -= static_cast<double>(b.bytes);
    }
    for (std::size_t t = 1; t < c.alive.size(); ++t) c.alive[t] += c.alive[t - 1];
    return c;
  }
  static memory_plan packed(memory_plan plan) {
    plan.block_bytes = pack_buffers(plan.buffers);
    return plan;
  }
  /// Bytes above a level, summed over the steps.
  static double excess(const candidate& c, double level) {
    double sum = 0;
    for (const double bytes : c.alive) sum += std::max(0.0, bytes - level);
    return sum;
  }

  std::optional<move> best_move(const candidate& now, std::vector<value_fate>& fates) {
    constexpr double near_peak = 15.0 / 16;
    const double level = near_peak * *std::max_element(now.alive.begin(), now.alive.end());
    const double before = excess(now, level);
    std::optional<move> best;
    double best_score = 0;
    for (std::size_t v = 0; v < fates.size(); ++v) {
      if (least_[v] == value_fate::kept) continue;
      const value_fate was = fates[v];
      for (const value_fate fate : {value_fate::rebuilt, value_fate::forgotten}) {
        if (fate <= was) continue;
        fates[v] = fate;
        candidate made = plan_with(fates);
        const double freed = before - excess(made, level);
        const double score = freed / std::max(made.cost - now.cost, 1.0);
        if (freed > 0 && score > best_score) {
          best_score = score;
          best = move{v, fate, std::move(made)};
        }
      }
      fates[v] = was;
    }
    return best;
  }

  static memory_plan counted(memory_plan plan, const std::vector<value_fate>& start,
                             const std::vector<value_fate>& fates) {
    for (std::size_t v = 0; v < fates.size(); ++v)
      plan.dropped += start[v] == value_fate::kept && fates[v] != value_fate::kept ? 1 : 0;
    return plan;
  }

  const graph_description& graph_;
  memory_planner planner_;
  std::vector<value_fate> least_;
};

/// The plan of one graph: packed, and within the options' limit, or as small as there is one.
/// Throws `error` when there is nothing to train.
inline memory_plan plan_memory(const graph_description& graph, run_mode mode, plan_options options = {}) {
  if (mode == run_mode::training && options.limit > 0)
    return recompute_search(graph, options.gradients_by_layer).search(options.limit);
  memory_planner planner(graph, mode, options.gradients_by_layer);
  memory_plan plan = planner.plan(options.rebuild ? planner.cheap_fates() : planner.kept_fates());
  plan.block_bytes = pack_buffers(plan.buffers);
  return plan;
}

}  // namespace lamina
