// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/node.hpp>
#include <lamina/graph/parameter.hpp>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lamina {

/// What is known of a recorded op besides the op itself.
struct recorded_node {
  std::vector<int> inputs, outputs;           // variables
  std::vector<const parameter*> parameters;   // of the network; it must not move while the tape is in use
};
struct recorded_variable {
  shape extents;
  element_type type = element_type::activation;
  int producer = -1;  // node; -1: given from outside
};

inline std::size_t bytes_of(element_type type, std::size_t activation_bytes) {
  return type == element_type::activation ? activation_bytes : type == element_type::float32 ? sizeof(float) : 1;
}

/// Records ops on shapes, without arithmetic: a network is called once per input shape with a tape, and a `program`
/// then runs what was recorded.
template <class T, class Device = cpu>
class tape {
 public:
  using node_type = node<T, Device>;

  /// A variable that comes from outside.
  variable input(shape extents) { return add_variable(extents, element_type::activation, -1); }

  /// Appends an op that reads `inputs` and makes an activation of `extents`.
  variable record(std::unique_ptr<node_type> op, std::vector<variable> inputs, std::vector<const parameter*> parameters,
                  shape extents) {
    recorded_node made;
    for (const variable v : inputs) {
      require(v.id >= 0 && v.id < static_cast<int>(variables_.size()), "tape: ", op->kind(),
              " reads a variable of another tape");
      made.inputs.push_back(v.id);
    }
    made.parameters = std::move(parameters);
    nodes_.push_back(std::move(op));
    records_.push_back(std::move(made));
    return add_output(extents, element_type::activation);
  }
  /// A further output of the op recorded last: statistics or indices, which have no gradient.
  variable add_output(shape extents, element_type type) {
    const int producer = static_cast<int>(nodes_.size()) - 1;
    const variable v = add_variable(extents, type, producer);
    records_.back().outputs.push_back(v.id);
    return v;
  }

  const shape& extents(variable v) const { return variables_[static_cast<std::size_t>(v.id)].extents; }

  const std::vector<recorded_variable>& variables() const { return variables_; }
  const std::vector<recorded_node>& records() const { return records_; }
  const node_type& node_at(std::size_t i) const { return *nodes_[i]; }
  std::size_t size() const { return nodes_.size(); }

  /// Lets each op run with the algorithm that it has on another tape of the same network, for a larger image.
  /// Throws `error` when the ops are not the same.
  void use_algorithms_of(const tape& whole) {
    require(size() == whole.size(), "tape: a network of ", size(), " ops is ", whole.size(), " ops on the whole image");
    for (std::size_t i = 0; i < size(); ++i) {
      require(nodes_[i]->kind() == whole.nodes_[i]->kind(), "tape: op ", i, " is ", nodes_[i]->kind(),
              ", on the whole image ", whole.nodes_[i]->kind());
      nodes_[i]->use_algorithm(whole.nodes_[i]->algorithm());
    }
  }

  /// Lets the ops compute their outputs in squares of at most `edge` pixels a side.
  void limit_tiles(index_t edge) {
    for (auto& op : nodes_) op->limit_tiles(edge);
  }
  /// The same for those ops whose output has at most 1/`ratio` of the rows of `of`.
  void limit_tiles_below(index_t ratio, variable of, index_t edge) {
    for (std::size_t i = 0; i < size(); ++i)
      if (ratio * extents({records_[i].outputs.front()}).h <= extents(of).h) nodes_[i]->limit_tiles(edge);
  }

  /// Joins each ReLU with the op before it where that op can apply it itself and nobody else reads what lies between.
  /// `result` is the variable that the network returned.
  void fuse_activations(variable result) {
    fuse(result, [](auto& before, const auto& op) {
      const std::optional<float> slope = op->activation_slope();
      return slope && before->absorb_activation(*slope);
    });
  }
  /// For inference, which is all that the tape is good for afterwards: joins, likewise, convolutions with the batch
  /// normalisation and the ReLU behind them, and with the upsampling before them.
  void fuse_for_inference(variable result) {
    fuse(result, [](auto& before, const auto& op) {
      const std::optional<float> epsilon = op->normalisation_epsilon();
      return epsilon && before->absorb_normalisation(*epsilon);
    });
    fuse_activations(result);
    fuse(result, [](auto& before, auto& op) {
      const std::optional<index_t> scale = before->nearest_upsampling();
      if (!scale || !op->absorb_upsampling(*scale)) return false;
      before = std::move(op);
      return true;
    });
  }

 private:
  /// Joins each op with the one before it where absorb(before, op), given the pointers to both, says that what `before`
  /// points to now does the work of both, with the parameters of both. Asks where nobody else reads what lies between.
  template <class Absorb>
  void fuse(variable result, Absorb&& absorb) {
    std::vector<int> readers(variables_.size(), 0);
    for (const recorded_node& r : records_)
      for (const int v : r.inputs) ++readers[static_cast<std::size_t>(v)];
    ++readers[static_cast<std::size_t>(result.id)];

    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (records_[i].inputs.size() != 1) continue;
      const int between = records_[i].inputs.front();
      const int producer = variables_[static_cast<std::size_t>(between)].producer;
      if (producer < 0 || readers[static_cast<std::size_t>(between)] != 1) continue;
      recorded_node& before = records_[static_cast<std::size_t>(producer)];
      if (before.outputs.front() != between || !absorb(nodes_[static_cast<std::size_t>(producer)], nodes_[i])) continue;
      before.parameters.insert(before.parameters.end(), records_[i].parameters.begin(), records_[i].parameters.end());
      before.outputs.front() = records_[i].outputs.front();
      variables_[static_cast<std::size_t>(between)].producer = -1;  // nobody makes it any more
      for (const int v : records_[i].outputs) variables_[static_cast<std::size_t>(v)].producer = -1;
      variables_[static_cast<std::size_t>(before.outputs.front())].producer = producer;
      nodes_[i].reset();
    }
    erase_empty_nodes();
  }
  variable add_variable(shape extents, element_type type, int producer) {
    variables_.push_back({extents, type, producer});
    return {static_cast<int>(variables_.size()) - 1};
  }
  void erase_empty_nodes() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i]) continue;
      for (const int v : records_[i].outputs) variables_[static_cast<std::size_t>(v)].producer = static_cast<int>(kept);
      if (kept != i) {
        nodes_[kept] = std::move(nodes_[i]);
        records_[kept] = std::move(records_[i]);
      }
      ++kept;
    }
    nodes_.resize(kept);
    records_.resize(kept);
  }

  std::vector<recorded_variable> variables_;
  std::vector<recorded_node> records_;
  std::vector<std::unique_ptr<node_type>> nodes_;
};

}  // namespace lamina
