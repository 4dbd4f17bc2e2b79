// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/train/observer.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <functional>
#include <string>

namespace lamina {

namespace detail {

/// Rewrites a file of lines without those that `keep` refuses: what was logged behind the checkpoint that is resumed.
inline void keep_lines(const std::filesystem::path& path, const std::function<bool(const std::string&)>& keep) {
  std::string kept;
  {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
      if (keep(line)) kept += line + '\n';
  }
  write_file_atomically(path, kept);
}

/// Numbers that JSON can't write (NaN, infinities) become null.
inline nlohmann::ordered_json json_of(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}
inline nlohmann::ordered_json json_of(const evaluation& e) {
  nlohmann::ordered_json object;
  object["images"] = e.images;
  object["skipped"] = e.skipped.size();
  object["loss"] = json_of(e.loss);
  for (const auto& [protocol, value] : e.values) object[protocol] = json_of(value);
  return object;
}
/// What could not be read, and why; the file's name is in it.
inline nlohmann::ordered_json json_of(const std::map<index_t, std::string>& skipped) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [sample, why] : skipped) list.push_back(why);
  return list;
}

}  // namespace detail

/// Writes `log.csv`, a row per epoch with every protocol of the validation, and `log.jsonl`, an object per step, epoch,
/// checkpoint and test, and one at the end, into a folder. When training is resumed, what was logged behind the
/// checkpoint is dropped, so the files read as if it had never stopped.
class train_log final : public train_observer {
 public:
  explicit train_log(const std::filesystem::path& folder)
      : csv_path_(folder / "log.csv"), json_path_(folder / "log.jsonl") {}

  void started(const train_plan& plan) override {
    const bool resumed = plan.first_step > 0;
    if (resumed) drop_rows_behind(plan);
    const auto mode = resumed ? std::ios::app : std::ios::trunc;
    csv_.open(csv_path_, std::ios::out | mode);
    json_.open(json_path_, std::ios::out | mode);
    if (!csv_) throw file_error(csv_path_.string(), "can't be opened for writing");
    if (!json_) throw file_error(json_path_.string(), "can't be opened for writing");
    epochs_ = plan.first_epoch;
    has_header_ = resumed && std::filesystem::file_size(csv_path_) > 0;
    if (resumed) return;
    write({{"event", "start"},
           {"step", plan.first_step},
           {"network", plan.network},
           {"parameters", plan.parameters},
           {"planned_bytes", plan.planned_bytes()},
           {"recomputed_share", plan.recomputed_share},
           {"training_images", plan.training_images},
           {"validation_images", plan.validation_images},
           {"test_images", plan.test_images}});
  }
  void stepped(const train_step& s) override {
    write({{"event", "step"},
           {"step", s.step},
           {"epoch", s.epoch},
           {"batch", s.batch},
           {"images", s.images},
           {"loss", detail::json_of(s.loss)},
           {"learning_rate", s.learning_rate},
           {"gradient_norm", detail::json_of(s.gradient_norm)},
           {"seconds", s.seconds},
           {"waited_seconds", s.waited_seconds}});
  }
  void epoch_ended(const train_epoch& e) override {
    if (!has_header_) {
      csv_ << "epoch,step,learning_rate,loss,images_per_second,waiting_share,seconds,skipped,validation_loss";
      for (const auto& [protocol, value] : e.validation.values) csv_ << ',' << protocol;
      csv_ << '\n';
      has_header_ = true;
    }
    csv_ << e.epoch << ',' << e.step;
    for (const double value : {e.learning_rate, e.loss, e.images_per_second, e.waiting_share, e.seconds})
      csv_ << ',' << value_to_text(value);
    csv_ << ',' << e.skipped << ',' << value_to_text(e.validation.loss);
    for (const auto& [protocol, value] : e.validation.values) csv_ << ',' << value_to_text(value);
    csv_ << std::endl;
    check(csv_, csv_path_);
    epochs_ = e.epoch;
    write({{"event", "epoch"},
           {"step", e.step},
           {"epoch", e.epoch},
           {"loss", detail::json_of(e.loss)},
           {"images_per_second", detail::json_of(e.images_per_second)},
           {"waiting_share", e.waiting_share},
           {"skipped", e.skipped},
           {"improved", e.improved},
           {"validation", detail::json_of(e.validation)}});
  }
  void tested(const evaluation& e) override {
    write({{"event", "test"}, {"split", e.split}, {"epoch", e.epoch}, {"figures", detail::json_of(e)}});
  }
  void saved(const std::filesystem::path& path, index_t step) override {
    write({{"event", "saved"}, {"step", step}, {"epochs", epochs_}, {"file", path.filename().string()}});
  }
  void finished(const train_result& r) override {
    write({{"event", "end"}, {"reason", name(r.end)}, {"epochs", r.epochs}, {"skipped", detail::json_of(r.skipped)}});
  }

 private:
  void drop_rows_behind(const train_plan& plan) {
    detail::keep_lines(csv_path_, [&](const std::string& row) {
      index_t epoch = 0;
      return !value_from_text(row.substr(0, row.find(',')), epoch) || epoch <= plan.first_epoch;
    });
    detail::keep_lines(json_path_, [&](const std::string& line) {
      const auto object = nlohmann::json::parse(line, nullptr, false);
      if (!object.is_object() || !object.contains("step") || !object["step"].is_number()) return false;
      // An epoch's end has the number of its last step, which may have been saved before the epoch was.
      const index_t epochs = object.value("event", "") == "epoch" ? object.value("epoch", index_t{0})
                                                                  : object.value("epochs", index_t{0});
      return object["step"] <= plan.first_step && epochs <= plan.first_epoch;
    });
  }
  void write(const nlohmann::ordered_json& object) {
    json_ << object.dump() << std::endl;  // flushed, so that a kill loses no line
    check(json_, json_path_);
  }
  static void check(const std::ofstream& out, const std::filesystem::path& path) {
    if (!out) throw file_error(path.string(), "can't be written; is the disk full?");
  }

  std::filesystem::path csv_path_, json_path_;
  std::ofstream csv_, json_;
  bool has_header_ = false;
  index_t epochs_ = 0;  // ended
};

}  // namespace lamina
