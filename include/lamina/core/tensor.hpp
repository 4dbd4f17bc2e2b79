// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/view.hpp>

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <type_traits>
#include <utility>

namespace lamina {

/// Every block of the library starts on a cache line, which is also the widest vector.
inline constexpr std::size_t alignment = 64;

/// Asks a constructor to leave the elements as they are found in memory.
struct uninitialized_t {};
inline constexpr uninitialized_t uninitialized;

/// Owns the elements of a contiguous NHWC array. Moves, and copies only by `clone()`. CUDA headers add
/// `tensor<T, cuda>`.
template <class T, class Device = cpu>
class tensor;

template <class T>
class tensor<T, cpu> {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  tensor() = default;
  /// All elements zero. `memory` must outlive the tensor.
  explicit tensor(shape extents, std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : tensor(extents, uninitialized, memory) {
    if (data_ != nullptr) std::memset(static_cast<void*>(data_), 0, bytes());
  }
  tensor(shape extents, uninitialized_t, std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : extents_(extents), memory_(memory) {
    require(extents.n >= 0 && extents.h >= 0 && extents.w >= 0 && extents.c >= 0, "tensor: negative extent in ",
            extents);
    if (extents.size() > 0) data_ = static_cast<T*>(memory_->allocate(bytes(), alignment));
  }
  tensor(tensor&& other) noexcept { swap(other); }
  tensor& operator=(tensor&& other) noexcept {
    tensor(std::move(other)).swap(*this);
    return *this;
  }
  ~tensor() {
    if (data_ != nullptr) memory_->deallocate(data_, bytes(), alignment);
  }

  tensor clone() const {
    tensor copy(extents_, uninitialized, memory_);
    std::copy_n(data_, size(), copy.data_);
    return copy;
  }

  const shape& extents() const { return extents_; }
  index_t size() const { return extents_.size(); }
  std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(T); }
  bool empty() const { return data_ == nullptr; }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size(); }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size(); }

  lamina::view<T> view() { return {data_, extents_}; }
  lamina::view<const T> view() const { return {data_, extents_}; }
  operator lamina::view<T>() { return view(); }
  operator lamina::view<const T>() const { return view(); }

  T& operator()(index_t n, index_t h, index_t w, index_t c) { return view()(n, h, w, c); }
  const T& operator()(index_t n, index_t h, index_t w, index_t c) const { return view()(n, h, w, c); }
  T& operator[](index_t i) { return data_[i]; }
  const T& operator[](index_t i) const { return data_[i]; }

  void fill(T value) { std::fill_n(data_, size(), value); }

 private:
  void swap(tensor& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(extents_, other.extents_);
    std::swap(memory_, other.memory_);
  }

  T* data_ = nullptr;
  shape extents_{0, 0, 0, 0};
  std::pmr::memory_resource* memory_ = nullptr;
};

}  // namespace lamina
