// lamina::data · SPDX-License-Identifier: Apache-2.0
// Batches for a trainer, prepared ahead by worker threads. What a batch holds is a pure function of (seed, epoch,
// number): the number of workers, their speed and where a run was resumed change nothing.
#pragma once

#include <lamina/core/parallel.hpp>
#include <lamina/data/cache.hpp>
#include <lamina/data/transform.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lamina {

/// What to do with a sample that can't be read: an error that names the file, or leave it out and count it.
enum class reading_policy { stop, skip };

/// A batch as `loader::next` lends it.
struct batch {
  view<const float> images;      // [N,H,W,3]
  view<const float> masks;       // [N,H,W,1]
  std::vector<index_t> samples;  // N positions in the data set
  index_t epoch = 0, number = 0;
};

struct loader_options {
  index_t batch_size = 8;
  index_t height = 256, width = 256;  // of the batches
  bool shuffle = false;               // another order each epoch
  bool drop_last = false;             // leave out a last batch that is not full
  std::uint64_t seed = 1;
  int workers = 2;    // threads; 0: everything happens in `next`
  index_t queue = 4;  // batches that may be in work or waiting, the lent one included; ≥ 2
  reading_policy policy = reading_policy::stop;
  index_t first_epoch = 0, first_batch = 0;  // where to start: a resumed run continues in the middle of an epoch
};

/// Reads, transforms and batches samples, epoch after epoch.
///
///     loader training(dataset_source(data, {.height = 256, .width = 256}), data.split("training"),
///                     basic_transform(), {.batch_size = 8, .shuffle = true});
///     for (int epoch = 0; epoch < 30; ++epoch)
///       while (const batch* b = training.next()) step(b->images, b->masks);
///
/// The workers are always up to `queue` batches ahead, also across the end of an epoch. The batches' memory is
/// allocated once and used again. Destruction at any time stops the workers after the sample each is at.
class loader {
 public:
  /// Throws `error` for options out of range or when `samples` does not fill a batch that may be delivered.
  loader(sample_source source, std::vector<index_t> samples, sample_transform transform, const loader_options& options)
      : source_(std::move(source)),
        transform_(std::move(transform)),
        samples_(std::move(samples)),
        options_(options),
        batches_(options.batch_size > 0 ? count_batches() : 0) {
    require(options.batch_size > 0 && options.height > 0 && options.width > 0, "loader: batches of ",
            options.batch_size, " images of ", options.width, "×", options.height, " pixels");
    require(options.workers >= 0 && options.queue >= 2, "loader: ", options.workers, " workers, queue ", options.queue);
    require(!samples_.empty(), "loader: no samples");
    require(batches_ > 0, "loader: ", samples_.size(), " samples do not fill a batch of ", options.batch_size,
            ", and the last batch is to be dropped unless full");
    require(options.first_epoch >= 0 && options.first_batch >= 0 && options.first_batch <= batches_,
            "loader: start at epoch ", options.first_epoch, ", batch ", options.first_batch, "; an epoch has ",
            batches_, " batches");
    const index_t slots = options.workers == 0 ? 2 : options.queue;
    slots_.reserve(static_cast<std::size_t>(slots));
    for (index_t i = 0; i < slots; ++i) slots_.emplace_back(options);
    opened_ = next_ = options.first_epoch * batches_ + options.first_batch;
    try {
      for (int i = 0; i < options.workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  loader(const loader&) = delete;
  loader& operator=(const loader&) = delete;
  ~loader() { stop(); }

  /// The next batch, lent until the next call; nullptr once at the end of each epoch. A batch is shorter by the samples
  /// that the skip policy left out, and passed over when none is left. Throws what reading or transforming a sample of
  /// the batch threw, and throws it again on every further call; `error` when not one sample of an epoch can be read.
  const batch* next() {
    for (;;) {
      if (failure_) std::rethrow_exception(failure_);
      if (lent_) give_back();
      if (next_ > 0 && next_ % batches_ == 0 && next_ != announced_ && next_ / batches_ > options_.first_epoch) {
        require(delivered_ > 0 || skipped_.empty(), "loader: none of the ", samples_.size(), " samples can be read; ",
                skipped_.empty() ? "" : skipped_.begin()->second);
        delivered_ = 0;
        announced_ = next_;
        return nullptr;
      }
      slot& ready = wait_for_next();
      ++next_;
      lent_ = &ready;
      if (!deliver(ready)) continue;
      ++delivered_;
      return &ready.lent;
    }
  }

  /// Batches in an epoch.
  index_t batches_per_epoch() const { return batches_; }
  index_t samples_per_epoch() const {
    const auto all = static_cast<index_t>(samples_.size());
    return options_.drop_last ? batches_ * options_.batch_size : all;
  }
  /// Samples that the skip policy left out of the batches delivered so far, and why.
  const std::map<index_t, std::string>& skipped() const { return skipped_; }
  /// Time that `next` spent waiting for the workers (without workers: working), since construction.
  std::chrono::duration<double> waited() const { return waited_; }

 private:
  /// Room for one batch. Its samples are filled in by any worker, in any order.
  struct slot {
    explicit slot(const loader_options& o)
        : images({o.batch_size, o.height, o.width, 3}),
          masks({o.batch_size, o.height, o.width, 1}),
          failures(static_cast<std::size_t>(o.batch_size)) {
      samples.reserve(static_cast<std::size_t>(o.batch_size));
      lent.samples.reserve(static_cast<std::size_t>(o.batch_size));
    }
    tensor<float> images, masks;
    std::vector<index_t> samples;
    std::vector<std::exception_ptr> failures;
    index_t epoch = 0, number = 0;
    std::size_t begun = 0, done = 0;  // of its samples
    bool free = true;
    batch lent;
  };

  index_t count_batches() const {
    const auto all = static_cast<index_t>(samples_.size());
    return options_.drop_last ? all / options_.batch_size : ceil_div(all, options_.batch_size);
  }
  slot& slot_of(index_t global) { return slots_[static_cast<std::size_t>(global) % slots_.size()]; }

  /// Batches are counted through all epochs; `opened_` is the one whose samples are being given out. Under the lock.
  void open_batch() {
    slot& s = slot_of(opened_);
    s.epoch = opened_ / batches_;
    s.number = opened_ % batches_;
    if (options_.shuffle && s.epoch != order_epoch_) {
      order_ = random_permutation(static_cast<index_t>(samples_.size()),
                                  random_stream({.seed = options_.seed,
                                                 .purpose = random_purpose::shuffle,
                                                 .epoch = static_cast<std::uint32_t>(s.epoch)}));
      order_epoch_ = s.epoch;
    }
    s.samples.clear();
    const auto size = static_cast<std::size_t>(options_.batch_size), first = static_cast<std::size_t>(s.number) * size;
    for (std::size_t i = first; i < std::min(first + size, samples_.size()); ++i)
      s.samples.push_back(samples_[options_.shuffle ? static_cast<std::size_t>(order_[i]) : i]);
    s.begun = s.done = 0;
    s.free = false;
  }
  void work() {
    sample_pixels pixels;
    std::unique_lock lock(mutex_);
    for (;;) {
      slot_freed_.wait(lock, [this] { return stopping_ || slot_of(opened_).free || is_open(); });
      if (stopping_) return;
      fill_one(lock, pixels);
    }
  }
  /// Whether the batch `opened_` has samples that nobody has begun. Under the lock.
  bool is_open() {
    const slot& s = slot_of(opened_);
    return !s.free && s.begun < s.samples.size() && s.epoch * batches_ + s.number == opened_;
  }
  /// Takes the next sample in order and fills its place; the lock is released meanwhile.
  void fill_one(std::unique_lock<std::mutex>& lock, sample_pixels& pixels) {
    if (!is_open()) open_batch();
    slot& s = slot_of(opened_);
    const std::size_t i = s.begun++;
    if (s.begun == s.samples.size()) ++opened_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      const auto n = static_cast<index_t>(i);
      source_(s.samples[i], pixels);
      transform_({options_.seed, s.epoch, s.samples[i]}, pixels.image, pixels.mask, s.images.view().images(n),
                 s.masks.view().images(n));
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    s.failures[i] = std::move(failure);
    if (++s.done == s.samples.size()) batch_done_.notify_one();
  }

  slot& wait_for_next() {
    const auto start = std::chrono::steady_clock::now();
    slot& s = slot_of(next_);
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !s.free && s.done == s.samples.size(); };
    if (threads_.empty()) {
      while (!ready()) fill_one(lock, own_pixels_);
    } else {
      batch_done_.wait(lock, ready);
    }
    waited_ += std::chrono::steady_clock::now() - start;
    return s;
  }
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      lent_->free = true;
    }
    lent_ = nullptr;
    slot_freed_.notify_all();
  }

  /// Makes the batch of a slot's samples, closing the gaps of those left out. False when none is left.
  bool deliver(slot& s) {
    s.lent.samples.clear();
    s.lent.epoch = s.epoch;
    s.lent.number = s.number;
    index_t kept = 0;
    for (std::size_t i = 0; i < s.samples.size(); ++i) {
      if (s.failures[i]) {
        note_failure(s.samples[i], s.failures[i]);
        continue;
      }
      if (const auto n = static_cast<index_t>(i); kept != n) {
        copy_pixels<float>(s.images.view().images(n), s.images.view().images(kept));
        copy_pixels<float>(s.masks.view().images(n), s.masks.view().images(kept));
      }
      s.lent.samples.push_back(s.samples[i]);
      ++kept;
    }
    s.lent.images = s.images.view().images(0, kept);
    s.lent.masks = s.masks.view().images(0, kept);
    return kept > 0;
  }
  /// Only unreadable files are skipped; anything else is a mistake of the program.
  void note_failure(index_t sample, const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const file_error& e) {
      if (options_.policy == reading_policy::skip) {
        skipped_.emplace(sample, e.what());
        return;
      }
    } catch (...) {
    }
    failure_ = failure;
    std::rethrow_exception(failure);
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    slot_freed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  sample_source source_;
  sample_transform transform_;
  std::vector<index_t> samples_;
  loader_options options_;
  index_t batches_;

  std::mutex mutex_;  // guards the slots' counters, opened_, order_, stopping_
  std::condition_variable slot_freed_, batch_done_;
  std::vector<slot> slots_;
  index_t opened_ = 0;
  std::vector<index_t> order_;
  index_t order_epoch_ = -1;
  bool stopping_ = false;

  // Of the calling thread:
  index_t next_ = 0;        // the batch to deliver
  index_t announced_ = -1;  // the end of an epoch that was told last
  index_t delivered_ = 0;   // batches since then
  slot* lent_ = nullptr;
  sample_pixels own_pixels_;
  std::exception_ptr failure_;
  std::map<index_t, std::string> skipped_;
  std::chrono::duration<double> waited_{0};

  std::vector<std::thread> threads_;
};

}  // namespace lamina
