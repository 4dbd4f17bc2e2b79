// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/tensor.hpp>

#include <algorithm>
#include <memory_resource>
#include <vector>

namespace lamina {

/// `bytes` rounded up to whole cache lines.
constexpr std::size_t aligned_size(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

/// Scratch memory of a context: taken in frames, given back all at once when the frame closes, never zeroed.
/// Once it has grown to what the largest op asks for, nothing is allocated any more.
class arena {
 public:
  explicit arena(std::pmr::memory_resource* memory) : memory_(memory) {}
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;
  ~arena() { release(); }

  /// Memory taken while a frame is open is given back when it closes. Frames nest like scopes.
  class frame {
   public:
    explicit frame(arena& owner) : owner_(owner), block_(owner.current_), used_(owner.used_) { ++owner_.open_frames_; }
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;
    ~frame() {
      owner_.current_ = block_;
      owner_.used_ = used_;
      if (--owner_.open_frames_ == 0) owner_.merge();
    }
    /// `count` uninitialised elements, starting on a cache line.
    template <class T>
    T* take(index_t count) {
      return static_cast<T*>(owner_.take(aligned_size(static_cast<std::size_t>(count) * sizeof(T))));
    }
    template <class T>
    lamina::view<T> take(shape extents) {
      return {take<T>(extents.size()), extents};
    }

   private:
    arena& owner_;
    std::size_t block_, used_;
  };

  frame open() { return frame(*this); }

  /// Makes room for `bytes` in one block, so that frames up to that size allocate nothing. No frame may be open.
  void reserve(std::size_t bytes) {
    require(open_frames_ == 0, "arena::reserve: ", open_frames_, " frames are open");
    if (capacity() >= bytes && blocks_.size() <= 1) return;
    release();
    add_block(aligned_size(bytes));
  }
  /// The most bytes that were ever taken at once.
  std::size_t high_water() const { return high_water_; }
  /// Bytes held now.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const block& b : blocks_) sum += b.bytes;
    return sum;
  }

 private:
  struct block {
    std::byte* data;
    std::size_t bytes;
  };

  void* take(std::size_t bytes) {
    while (current_ < blocks_.size() && used_ + bytes > blocks_[current_].bytes) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) add_block(bytes);
    void* taken = blocks_[current_].data + used_;
    used_ += bytes;
    std::size_t taken_in_all = used_;
    for (std::size_t i = 0; i < current_; ++i) taken_in_all += blocks_[i].bytes;
    high_water_ = std::max(high_water_, taken_in_all);
    return taken;
  }
  void add_block(std::size_t bytes) {
    blocks_.push_back({static_cast<std::byte*>(memory_->allocate(bytes, alignment)), bytes});
  }
  void release() {
    for (const block& b : blocks_) memory_->deallocate(b.data, b.bytes, alignment);
    blocks_.clear();
    current_ = used_ = 0;
  }
  /// Several blocks become one of their joint size: the next frame finds all its memory in one piece.
  void merge() {
    if (blocks_.size() > 1) {
      const std::size_t bytes = capacity();
      release();
      add_block(bytes);
    }
  }

  std::pmr::memory_resource* memory_;
  std::vector<block> blocks_;
  std::size_t current_ = 0, used_ = 0, high_water_ = 0;
  int open_frames_ = 0;
};

}  // namespace lamina
