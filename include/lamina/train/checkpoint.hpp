// lamina::train · SPDX-License-Identifier: Apache-2.0
// The whole state of a training run in one file: what is read from it goes on as if it had never stopped, bit for bit.
#pragma once

#include <lamina/predict/weights_file.hpp>
#include <lamina/train/schedule.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

/// Where a training run stands, besides its weights.
struct train_state {
  index_t epoch = 0;      // epochs finished
  index_t batch = 0;      // batches done of the one after
  index_t step = 0;       // updates of the weights
  double epoch_loss = 0;  // sum over the images of the unfinished epoch
  index_t epoch_images = 0;
  double best_iou = -1;
  index_t best_epoch = 0;
  index_t epochs_since_best = 0;
  lamina::schedule::state schedule;
};

template <class State, class Field>
requires std::same_as<std::remove_const_t<State>, train_state>
void for_each_field(State& s, Field&& field) {
  field("epoch", s.epoch);
  field("batch", s.batch);
  field("step", s.step);
  field("epoch_loss", s.epoch_loss);
  field("epoch_images", s.epoch_images);
  field("best_iou", s.best_iou);
  field("best_epoch", s.best_epoch);
  field("epochs_since_best", s.epochs_since_best);
  field("schedule_factor", s.schedule.factor);
  field("schedule_observed", s.schedule.observed);
  field("schedule_best", s.schedule.best);
  field("schedule_bad", s.schedule.bad);
}

/// The version of the checkpoint's layout.
inline constexpr int checkpoint_format_version = 1;

/// A checkpoint's parts. The sets are the trainer's own, by name: weights, average, moments.
struct checkpoint_parts {
  std::vector<std::pair<std::string, parameter_set<cpu>*>> sets;
  network_description network;
  text_map options;  // what must be the same when training goes on
  text_map notes;    // what a program wants to find again
};

/// Writes a checkpoint in one step. Throws `file_error` when it can't be written; the one before then stays.
inline void save_checkpoint(const std::filesystem::path& path, const checkpoint_parts& parts,
                            const train_state& state) {
  safetensors_metadata metadata{{"format", "lamina.checkpoint"},
                                {"format_version", value_to_text(checkpoint_format_version)}};
  add_part(metadata, "network.", parts.network);
  add_part(metadata, "options.", parts.options);
  add_part(metadata, "notes.", parts.notes);
  for_each_field(state, text_writer{metadata, "state."});
  std::vector<safetensors_entry> entries;
  for (const auto& [name, set] : parts.sets) append_entries(entries, name + '.', *set);
  write_safetensors(path, std::move(entries), metadata);
}

/// Opens a checkpoint. Throws `file_error` when it is none, or one of another version.
inline safetensors_file open_checkpoint(const std::filesystem::path& path) {
  safetensors_file file(path);
  const auto format = file.metadata().find("format");
  if (format == file.metadata().end() || format->second != "lamina.checkpoint")
    throw file_error(path.string(), "not a checkpoint: its metadata lack format = lamina.checkpoint");
  if (file.metadata("format_version") != value_to_text(checkpoint_format_version))
    throw file_error(path.string(), "a checkpoint of format version " + file.metadata("format_version") +
                                        "; this program reads " + value_to_text(checkpoint_format_version));
  return file;
}

/// Fills the sets and the state. Throws `file_error` that names both values where network or options differ from those
/// of the checkpoint.
inline void load_checkpoint(const safetensors_file& file, const checkpoint_parts& parts, train_state& state) {
  for (const auto& [prefix, now] : {std::pair{"network.", &parts.network}, std::pair{"options.", &parts.options}}) {
    const text_map then = part_of(file.metadata(), prefix);
    for (const auto& [name, value] : *now) {
      const auto found = then.find(name);
      if (found == then.end() || found->second != value)
        throw file_error(file.path(),
                         to_text("made with ", name, " = ", found == then.end() ? "nothing" : found->second,
                                 ", so training can't go on with ", value));
    }
  }
  for (const auto& [name, set] : parts.sets) read_entries(file, name + '.', *set);
  for_each_field(state, text_reader{file.metadata(), "state.", file.path()});
}

}  // namespace lamina
