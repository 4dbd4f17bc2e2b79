// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/train/evaluate.hpp>
#include <lamina/train/options.hpp>

#include <algorithm>
#include <variant>

namespace lamina {

/// Whether a parameter is updated as soon as its gradient is complete, so that all gradients are never in memory at
/// once: where nothing is asked of all of them before the update.
inline bool updates_by_layer(const train_options& o) { return o.accumulate == 1 && o.clip_norm == 0; }

/// Sets of parameters that a training holds: weights, best weights, the optimiser's moments, the average, gradients.
inline std::size_t parameter_sets_of(const train_options& o) {
  const std::size_t moments = std::holds_alternative<adam_params>(o.optimizer) ? 2 : 1;
  return 2 + moments + (o.average_decay > 0 ? 1 : 0) + (updates_by_layer(o) ? 0 : 1);
}

/// How a training step's memory is planned where everything else takes `held` bytes.
inline plan_options step_plan_options(const train_options& o, std::size_t held) {
  const std::size_t limit = o.memory_limit == 0 ? 0 : std::max(o.memory_limit, held + 1) - held;
  return {.limit = limit, .gradients_by_layer = updates_by_layer(o)};
}

/// All of a plan but for what a resumed run has done already. Records the programs that the run takes, of full and of
/// last, shorter batches, and reserves their memory.
/// Throws `error` when the limit of memory can't be met; it names the least that can.
template <class T>
train_plan plan_training(const train_options& o, const train_data& data, const network<T>& net,
                         const parameter_layout& layout, program_cache<T>& programs) {
  train_plan plan = plan_of(o, data);
  plan.network = net.description();
  plan.parameters = layout.trainable_count();
  plan.parameter_bytes = parameter_sets_of(o) * static_cast<std::size_t>(layout.size()) * sizeof(float);

  programs.plan_with(step_plan_options(o, plan.planned_bytes()));
  const index_t full = training_loading_of(o, data).batch_size;
  const program<T>& step = programs.at(run_mode::training, full);
  plan.flops_per_image = step.flops() / static_cast<double>(full);
  plan.dropped_activations = step.plan().dropped;
  plan.recomputed_share = step.plan().recomputed_share();
  const index_t batch = o.batch_size, all = plan.training_images;
  if (plan.batches_per_epoch * batch > all) programs.at(run_mode::training, all % batch);
  for (const index_t images : {plan.validation_images, plan.test_images}) {
    if (images >= batch) programs.at(run_mode::inference, batch);
    if (images % batch != 0) programs.at(run_mode::inference, images % batch);
  }
  plan.block_bytes = programs.block_bytes();
  plan.scratch_bytes = programs.scratch_bytes();
  require(o.memory_limit == 0 || plan.planned_bytes() <= o.memory_limit, "trainer: ", plan.planned_bytes(),
          " bytes are planned at the least, more than the limit of ", o.memory_limit,
          "; smaller batches, images or networks need less");
  programs.reserve();
  return plan;
}

}  // namespace lamina
