// lamina::train · SPDX-License-Identifier: Apache-2.0
// train: everything around a training step: the loop, checkpoints, what it tells and what it writes down.
// This file: what a trainer tells. It writes nothing itself; progress lines, logs and pictures are observers.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/data/loader.hpp>
#include <lamina/data/transform.hpp>
#include <lamina/models/network.hpp>

#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

/// What is known before the first step.
struct train_plan {
  network_description network;
  index_t parameters = 0;           // trainable numbers
  std::size_t parameter_bytes = 0;  // weights, moments, average, best; gradients, unless by layer
  std::size_t block_bytes = 0;      // activations and their gradients, of the largest program
  std::size_t scratch_bytes = 0;    // of the hungriest op of the network
  std::size_t loader_bytes = 0;     // batches read ahead, in training and in an evaluation during it
  std::size_t source_bytes = 0;     // pictures that the source of samples keeps, at most
  int dropped_activations = 0;      // given up by a step to meet the limit of memory, and computed once more
  double recomputed_share = 0;      // of a step's arithmetic, that this adds
  double flops_per_image = 0;       // of a forward pass, two per multiply-add
  index_t training_images = 0, validation_images = 0, test_images = 0;
  index_t epochs = 0, batches_per_epoch = 0, steps = 0;  // a step is one update of the weights
  index_t first_step = 0, first_epoch = 0;               // above 0 when training was resumed

  /// What a run holds, besides the program itself and scratch of the loss where it needs more than every op of the
  /// network: at most 16 bytes a logit, by the Lovász hinge.
  std::size_t planned_bytes() const {
    return parameter_bytes + block_bytes + scratch_bytes + loader_bytes + source_bytes;
  }
};

/// One update of the weights. Epochs are counted from 1.
struct train_step {
  index_t epoch = 0, step = 0;     // step: updates so far, this one included
  index_t batch = 0, batches = 0;  // of the epoch: done, in all
  index_t images = 0;              // that the update was made from
  double loss = 0;                 // mean over them
  double learning_rate = 0;
  double gradient_norm = 0;   // before clipping
  double seconds = 0;         // since the update before
  double waited_seconds = 0;  // … of which for the loader
};

/// A batch of an evaluation. `final`: with the best weights, when training is over.
struct evaluated_batch {
  const std::string& split;
  index_t epoch;
  bool final;
  const batch& data;  // images are normalised
  const lamina::normalisation& normalisation;
  view<const float> probabilities;  // [N,H,W,1]
  float threshold;
};

/// A split with one state of the weights.
struct evaluation {
  std::string split;
  index_t epoch = 0, images = 0;
  double loss = 0;                                          // mean over images
  std::vector<std::pair<std::string, double>> values = {};  // of overlap_metrics, every protocol by name
  double seconds = 0;
  std::map<index_t, std::string> skipped = {};  // samples that could not be read, and why

  double operator[](std::string_view name) const {
    for (const auto& [known, value] : values)
      if (known == name) return value;
    fail("evaluation: no figure is called '", name, "'");
  }
  /// The figure that chooses the best weights.
  double iou() const { return (*this)["iou_per_image_mean"]; }
};

struct train_epoch {
  index_t epoch = 0, epochs = 0, step = 0;
  double loss = 0;                            // mean over the epoch's training images
  double learning_rate = 0;                   // of its last step
  double seconds = 0;                         // of training, without the validation
  double images_per_second = std::numeric_limits<double>::quiet_NaN();  // NaN: resumed when all steps were done
  double waiting_share = 0;                   // of those seconds, for the loader
  index_t skipped = 0;                        // training images that could not be read
  evaluation validation = {};                 // without values when there is no validation split
  bool improved = false;
  double best_iou = 0;
  index_t best_epoch = 0;
};

enum class train_end { completed, early_stopping, step_limit, stop_request };

constexpr std::string_view name(train_end end) {
  switch (end) {
    case train_end::completed:
      return "completed";
    case train_end::early_stopping:
      return "early_stopping";
    case train_end::step_limit:
      return "step_limit";
    default:
      return "stop_request";
  }
}

struct train_result {
  train_plan plan;
  train_end end = train_end::completed;
  index_t epochs = 0, steps = 0;                                 // done, those before a resumption included
  double seconds = 0, images_per_second = 0, waiting_share = 0;  // of training in this run
  double best_iou = 0;
  index_t best_epoch = 0;                           // 0: no epoch was validated
  evaluation validation, test;                      // with the best weights; without values when not evaluated
  std::map<index_t, std::string> skipped;           // samples of any split that could not be read, and why
  std::string weights_sha256, best_weights_sha256;  // after the last step; of the best epoch
};

/// Told of everything that happens, on the training thread. What an observer throws ends the training.
class train_observer {
 public:
  virtual ~train_observer() = default;
  virtual void started(const train_plan&) {}
  virtual void stepped(const train_step&) {}
  virtual void evaluated(const evaluated_batch&) {}
  virtual void epoch_ended(const train_epoch&) {}
  /// A split with the best weights, after training.
  virtual void tested(const evaluation&) {}
  virtual void saved(const std::filesystem::path&, index_t /*step*/) {}
  virtual void finished(const train_result&) {}
};

}  // namespace lamina
