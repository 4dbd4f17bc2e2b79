// SPDX-License-Identifier: Apache-2.0
// What the tests of training and prediction share: a few made-up lesions in memory, and a network that trains in no
// time.
#pragma once

#include <lamina/data/synthetic.hpp>
#include <lamina/train/trainer.hpp>

#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace lamina::testing {

/// Lesions of `size` pixels, the first for training, then those for validation, then those for test.
inline train_data made_up_data(index_t training = 20, index_t validation = 6, index_t test = 4, index_t size = 32) {
  const auto numbers = [](index_t first, index_t count) {
    std::vector<index_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), first);
    return all;
  };
  const sample_source source = [size](index_t number, sample_pixels& pixels) {
    synthetic_picture made = synthetic_lesion(7, number, size, size);
    pixels = {std::move(made.image), std::move(made.mask)};
  };
  return {source, numbers(0, training), numbers(training, validation), numbers(training + validation, test)};
}

inline network<float> tiny_unet(const std::string& base_width = "4", const std::string& batch_norm = "true") {
  return make_network<float>(
      {{"model", "unet"}, {"base_width", base_width}, {"depth", "2"}, {"batch_norm", batch_norm}});
}

inline train_options tiny_options(std::filesystem::path folder = {}) {
  train_options o;
  o.epochs = 3;
  o.batch_size = 6;  // 20 images: three full batches and one of two
  o.height = o.width = 32;
  o.workers = 1;
  o.folder = std::move(folder);
  return o;
}

/// Trains with a context of its own.
inline train_result train_once(const train_options& options, train_observer* observer = nullptr) {
  cpu_context ctx;
  trainer<float> t(ctx, tiny_unet(), made_up_data(), options);
  if (observer != nullptr) t.observe(*observer);
  return t.run();
}

/// Keeps what it is told.
class recorder final : public train_observer {
 public:
  void stepped(const train_step& s) override { steps.push_back(s); }
  void epoch_ended(const train_epoch& e) override { epochs.push_back(e); }
  void saved(const std::filesystem::path& path, index_t step) override {
    files[path.filename().string()].push_back(step);
  }

  std::vector<train_step> steps;
  std::vector<train_epoch> epochs;
  std::map<std::string, std::vector<index_t>> files;
};

/// Ends training as a crash would: by an exception out of the middle of it.
struct crash {};
class crash_after final : public train_observer {
 public:
  explicit crash_after(index_t step) : step_(step) {}
  void stepped(const train_step& s) override {
    if (s.step == step_) throw crash{};
  }

 private:
  index_t step_;
};

}  // namespace lamina::testing
