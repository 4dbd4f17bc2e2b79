// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/tensor.hpp>

namespace lamina {

/// The block of memory that programs run in. Programs that never run at the same time (training, validation, the short
/// last batch) share one, which is as large as the largest of them.
template <class Device = cpu>
class workspace {
 public:
  explicit workspace(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : memory_(memory) {}

  /// Grows to at least `bytes`. What was in it is lost when it grows.
  void reserve(std::size_t bytes) {
    if (block_.bytes() >= bytes) return;
    block_ = {};  // given back before the larger one is asked for
    block_ = tensor<std::byte, Device>(vector_shape(static_cast<index_t>(bytes)), uninitialized, memory_);
  }
  /// Gives the memory back.
  void release() { block_ = {}; }
  std::byte* data() { return block_.data(); }
  std::size_t bytes() const { return block_.bytes(); }

 private:
  std::pmr::memory_resource* memory_;
  tensor<std::byte, Device> block_;
};

}  // namespace lamina
