// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/recompute.hpp>

#include "../support/tensors.hpp"

#include <algorithm>

using namespace lamina;

namespace {

/// Builds descriptions of small graphs: every variable is a [1,4,4,C] float activation.
struct builder {
  graph_description graph;

  int variable(index_t channels, int producer = -1, element_type type = element_type::activation) {
    graph.variables.push_back({{1, 4, 4, channels}, type, type == element_type::uint8 ? 1u : 4u, producer});
    return static_cast<int>(graph.variables.size()) - 1;
  }
  int node(node_traits traits, std::vector<int> inputs, index_t channels, bool trainable = false) {
    const int y = variable(channels, static_cast<int>(graph.nodes.size()));
    graph.nodes.push_back({traits, std::move(inputs), {y}, trainable});
    return y;
  }
  int conv(int x, index_t channels) { return node({.backward_reads_inputs = 1}, {x}, channels, true); }
  int norm(int x) {
    return node({.backward_reads_inputs = 1, .rebuildable = true, .forward_in_place = true, .backward_in_place = true},
                {x}, graph.variables[static_cast<std::size_t>(x)].extents.c, true);
  }
  int concat(std::vector<int> xs, index_t channels) {
    return node({.rebuildable = true, .accumulates = true, .concatenates = true}, std::move(xs), channels);
  }
  int half(int x, index_t channels) { return node({.accumulates = true}, {x}, channels); }  // like a pooling
};

/// No two buffers that are alive at the same time share a byte, and all lie in the block.
void check_packing(const memory_plan& plan) {
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const auto& a = plan.buffers[i];
    CHECK(a.offset + a.bytes <= plan.block_bytes);
    CHECK(a.offset % alignment == 0);
    for (std::size_t j = 0; j < i; ++j) {
      const auto& b = plan.buffers[j];
      const bool alive_together = a.first <= b.last && b.first <= a.last;
      const bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      CHECK_FALSE((alive_together && overlap));
    }
  }
}

int count(const memory_plan& plan, pass_kind kind) {
  return static_cast<int>(
      std::count_if(plan.steps.begin(), plan.steps.end(), [&](const auto& s) { return s.pass == kind; }));
}

}  // namespace

TEST_CASE("memory_plan: a chain of convolutions and norms keeps the convolutions' results only") {
  builder b;
  b.graph.input = b.variable(3);
  int x = b.graph.input;
  for (int i = 0; i < 3; ++i) x = b.norm(b.conv(x, 16));
  b.graph.output = b.conv(x, 1);
  const memory_plan with = plan_memory(b.graph, run_mode::training);
  const memory_plan without = plan_memory(b.graph, run_mode::training, {.rebuild = false});
  check_packing(with);
  check_packing(without);
  CHECK(with.forward_steps == 7);
  CHECK(count(with, pass_kind::backward) == 7);
  CHECK(count(with, pass_kind::rebuild) == 3);
  CHECK(count(without, pass_kind::rebuild) == 0);
  CHECK(with.block_bytes < without.block_bytes);
}

TEST_CASE("memory_plan: inference frees what backward would need and works in place") {
  builder b;
  b.graph.input = b.variable(3);
  int x = b.graph.input;
  for (int i = 0; i < 8; ++i) x = b.norm(b.conv(x, 16));
  b.graph.output = b.conv(x, 1);
  const memory_plan plan = plan_memory(b.graph, run_mode::inference);
  check_packing(plan);
  CHECK(plan.steps.size() == plan.forward_steps);
  CHECK(plan.block_bytes <= 2 * 16 * 16 * 4);  // two activations of 16 channels at a time
}

TEST_CASE("memory_plan: concatenated variables are made inside the concatenation, and so are their gradients") {
  builder b;
  b.graph.input = b.variable(3);
  const int skip = b.norm(b.conv(b.graph.input, 8));
  const int low = b.half(skip, 8);
  const int up = b.norm(b.conv(low, 8));
  const int joined = b.concat({up, skip}, 16);
  b.graph.output = b.conv(joined, 1);
  const memory_plan plan = plan_memory(b.graph, run_mode::training);
  check_packing(plan);

  const auto& join = plan.steps[5];
  REQUIRE(b.graph.nodes[static_cast<std::size_t>(join.node)].traits.concatenates);
  CHECK(join.inputs[0].buffer == join.outputs[0].buffer);
  CHECK(join.inputs[1].buffer == join.outputs[0].buffer);
  CHECK(join.inputs[1].channel == 8);
  CHECK(join.inputs[1].width == 16);
  // in backward the pooling adds its share to the slice that the concatenation has already filled
  bool pooling_adds = false;
  for (const auto& s : plan.steps)
    if (s.pass == pass_kind::backward && b.graph.nodes[static_cast<std::size_t>(s.node)].outputs[0] == low)
      pooling_adds = s.accumulate[0] && s.input_gradients[0].width == 16;
  CHECK(pooling_adds);
}

TEST_CASE("memory_plan: a variable with two readers sums their gradients") {
  builder b;
  b.graph.input = b.variable(3);
  const int shared = b.conv(b.graph.input, 4);
  const int left = b.conv(shared, 4), right = b.conv(shared, 4);
  b.graph.output = b.concat({left, right}, 8);
  const memory_plan plan = plan_memory(b.graph, run_mode::training);
  check_packing(plan);
  int sums = 0;
  for (const auto& s : plan.steps) sums += static_cast<int>(s.sums.size());
  CHECK(sums == 1);
}

TEST_CASE("memory_plan: a network without parameters can't be trained") {
  builder b;
  b.graph.input = b.variable(3);
  b.graph.output = b.half(b.graph.input, 3);
  testing::check_error([&] { plan_memory(b.graph, run_mode::training); }, "nothing in this network can be trained");
}
