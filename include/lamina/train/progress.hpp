// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/quantity_text.hpp>
#include <lamina/train/observer.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>
#include <string>

namespace lamina {

struct progress_options {
  bool terminal = false;  // rewrite one line in place; false: plain lines, one every `interval` seconds at most
  double interval = 30;   // between lines within an epoch (on a terminal: 0.2)
};

/// Tells a person how training goes, on a stream of the caller's.
class train_progress final : public train_observer {
 public:
  explicit train_progress(std::ostream& out, progress_options options = {})
      : out_(out), terminal_(options.terminal), interval_(options.terminal ? 0.2 : options.interval) {}

  void started(const train_plan& plan) override {
    plan_ = plan;
    out_ << plan.network.at("model") << ": " << plan.parameters << " parameters, "
         << detail::bytes_text(static_cast<double>(plan.planned_bytes())) << " planned; " << plan.training_images
         << " training, " << plan.validation_images << " validation, " << plan.test_images << " test images\n";
    if (plan.dropped_activations > 0)
      out_ << "to meet the limit of memory, " << plan.dropped_activations
           << " activations are computed once more: a step takes "
           << detail::formatted("%.1f", 100 * plan.recomputed_share) << " % more arithmetic\n";
    if (plan.first_step > 0) out_ << "resumed after step " << plan.first_step << '\n';
    out_.flush();
    begin_ = last_ = clock::now();
  }

  void stepped(const train_step& s) override {
    images_ += s.images;
    busy_seconds_ += s.seconds;
    epoch_images_ += s.images;
    epoch_loss_ += s.loss * static_cast<double>(s.images);
    if (std::chrono::duration<double>(clock::now() - last_).count() < interval_) return;
    last_ = clock::now();
    const double elapsed = std::chrono::duration<double>(last_ - begin_).count();  // validation included
    const double left =
        elapsed / static_cast<double>(s.step - plan_.first_step) * static_cast<double>(plan_.steps - s.step);
    write(detail::formatted("epoch %td/%td  batch %td/%td  loss %.4f  lr %.2g  %.1f images/s", s.epoch, plan_.epochs,
                            s.batch, s.batches, epoch_loss_ / static_cast<double>(epoch_images_), s.learning_rate,
                            static_cast<double>(images_) / std::max(busy_seconds_, 1e-9)) +
              (best_epoch_ > 0 ? detail::formatted("  best IoU %.4f", best_iou_) : "") + "  " +
              detail::clock_text(left) + " left",
          false);
  }

  void epoch_ended(const train_epoch& e) override {
    std::string line =
        detail::formatted("epoch %td/%td  loss %.4f  lr %.2g", e.epoch, e.epochs, e.loss, e.learning_rate);
    if (std::isfinite(e.images_per_second)) line += detail::formatted("  %.1f images/s", e.images_per_second);
    if (!e.validation.values.empty())
      line += detail::formatted("  validation: loss %.4f  IoU %.4f  Dice %.4f%s", e.validation.loss, e.validation.iou(),
                                e.validation["dice_per_image_mean"], e.improved ? "  (best)" : "");
    if (e.waiting_share > 0.1)
      line += detail::formatted("  [%.0f %% of the time waiting for images]", 100 * e.waiting_share);
    if (const auto skipped = e.skipped + static_cast<index_t>(e.validation.skipped.size()); skipped > 0)
      line += detail::formatted("  [%td unreadable images skipped]", skipped);
    write(line, true);
    epoch_images_ = 0;
    epoch_loss_ = 0;
    best_iou_ = e.best_iou;
    best_epoch_ = e.best_epoch;
  }

  void finished(const train_result& r) override {
    write(detail::formatted("%td steps in %s, %.1f images/s; best epoch %td; ended: ", r.steps - r.plan.first_step,
                            detail::clock_text(r.seconds).c_str(), r.images_per_second, r.best_epoch) +
              std::string(name(r.end)),
          true);
    for (const evaluation* e : {&r.validation, &r.test}) {
      if (e->values.empty()) continue;
      out_ << e->split << " with the best weights, " << e->images << " images:\n";
      for (const auto& [protocol, value] : e->values)
        out_ << detail::formatted("  %-28s %.4f\n", protocol.c_str(), value);
    }
    if (!r.skipped.empty()) out_ << "skipped, since they can't be read: " << r.skipped.size() << " images\n";
    for (const auto& [sample, why] : r.skipped) out_ << "  " << why << '\n';
    out_.flush();
  }

 private:
  using clock = std::chrono::steady_clock;

  void write(const std::string& line, bool keep) {
    if (terminal_)
      out_ << "\r\033[K" << line << (keep ? "\n" : "");
    else
      out_ << line << '\n';
    out_.flush();
  }

  std::ostream& out_;
  bool terminal_;
  double interval_;
  train_plan plan_;
  clock::time_point begin_{}, last_{};
  index_t images_ = 0, epoch_images_ = 0, best_epoch_ = 0;
  double busy_seconds_ = 0, epoch_loss_ = 0, best_iou_ = 0;
};

}  // namespace lamina
