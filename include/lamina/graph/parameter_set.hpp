// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/random.hpp>
#include <lamina/core/tensor.hpp>
#include <lamina/graph/parameter.hpp>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace lamina {

/// Where each parameter of a network stands in one block of floats: the trainable ones first, in the order in which the
/// network names them, then the running statistics. Each starts on a cache line; what lies between is zero for ever.
class parameter_layout {
 public:
  struct entry {
    std::string name;
    lamina::parameter parameter;
    index_t offset;
  };

  template <module Network>
  explicit parameter_layout(const Network& network) {
    for (const bool trainable : {true, false}) {
      for_each_parameter(network, [&](const std::string& name, const parameter& p) {
        if (p.trainable != trainable) return;
        entries_.push_back({name, p, size_});
        places_.push_back(&p);
        size_ += round_up_to_line(p.extents.size());
        if (trainable) {
          trainable_size_ = size_;
          trainable_count_ += p.extents.size();
        }
      });
    }
  }

  const std::vector<entry>& entries() const { return entries_; }
  /// Floats in the block, gaps included, and those of its trainable front.
  index_t size() const { return size_; }
  index_t trainable_size() const { return trainable_size_; }
  /// Trainable numbers without gaps: what a paper calls the number of parameters.
  index_t trainable_count() const { return trainable_count_; }

  /// The entry of a parameter object of the network this layout was made from. The network must not have moved since.
  const entry& entry_of(const parameter& p) const {
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i] == &p) return entries_[i];
    fail("parameter_layout: a parameter of shape ", p.extents,
         " is not one of the network's; does its visit() name it?");
  }
  /// The entry called `name`, or nullptr.
  const entry* find(std::string_view name) const {
    for (const entry& e : entries_)
      if (e.name == name) return &e;
    return nullptr;
  }

 private:
  static index_t round_up_to_line(index_t floats) {
    constexpr index_t line = static_cast<index_t>(alignment / sizeof(float));
    return (floats + line - 1) / line * line;
  }

  std::vector<entry> entries_;
  std::vector<const parameter*> places_;
  index_t size_ = 0, trainable_size_ = 0, trainable_count_ = 0;
};

/// One value for every parameter of a network, in one block: its weights, or their gradient, moments, average.
template <class Device = cpu>
class parameter_set {
 public:
  /// All zero.
  explicit parameter_set(std::shared_ptr<const parameter_layout> layout,
                         std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : layout_(std::move(layout)), values_(vector_shape(layout_->size()), memory) {}

  const parameter_layout& layout() const { return *layout_; }
  const std::shared_ptr<const parameter_layout>& shared_layout() const { return layout_; }

  view<float, Device> operator[](const parameter_layout::entry& e) {
    return {values_.data() + e.offset, e.parameter.extents};
  }
  view<const float, Device> operator[](const parameter_layout::entry& e) const {
    return {values_.data() + e.offset, e.parameter.extents};
  }
  /// The whole block as a vector, and its trainable front: what an optimiser walks through.
  view<float, Device> all() { return values_.view(); }
  view<const float, Device> all() const { return values_.view(); }
  view<float, Device> trainable() { return all().channels(0, layout_->trainable_size()); }
  view<const float, Device> trainable() const { return all().channels(0, layout_->trainable_size()); }

  parameter_set clone() const {
    parameter_set copy(layout_, values_.clone());
    return copy;
  }

 private:
  parameter_set(std::shared_ptr<const parameter_layout> layout, tensor<float, Device> values)
      : layout_(std::move(layout)), values_(std::move(values)) {}

  std::shared_ptr<const parameter_layout> layout_;
  tensor<float, Device> values_;
};

/// Gives every parameter its start. Each draws from a stream of its own, keyed by its place in the layout.
inline void initialize(parameter_set<cpu>& parameters, std::uint64_t seed) {
  std::uint32_t position = 0;
  for (const auto& e : parameters.layout().entries()) {
    random_stream stream({.seed = seed, .purpose = random_purpose::initialise, .position = position++});
    const view<float> values = parameters[e];
    const auto [extents, start, fan_in, fan_out, trainable] = e.parameter;
    const float limit = std::sqrt(6.0f / static_cast<float>(fan_in + fan_out));
    const float deviation = std::sqrt(2.0f / static_cast<float>(fan_in));
    for (index_t i = 0; i < extents.size(); ++i) {
      switch (start) {
        case initializer::zeros: values[i] = 0; break;
        case initializer::ones: values[i] = 1; break;
        case initializer::glorot: values[i] = stream.uniform(-limit, limit); break;
        case initializer::he: values[i] = deviation * stream.normal(); break;
      }
    }
  }
}

}  // namespace lamina
