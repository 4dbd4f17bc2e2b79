// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/plot.hpp>
#include <lamina/image/write.hpp>
#include <lamina/metrics/overlap.hpp>
#include <lamina/train/observer.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace lamina {

struct train_pictures_options {
  index_t overlays = 8;        // of the first validation images
  index_t shorter_side = 384;  // overlays of smaller images are enlarged to it
  bool every_epoch = false;    // also after each epoch, not only with the best weights; truth masks beside them
};

/// Draws how training goes, into a folder: `curves.png`, the losses and the validation IoU by epoch;
/// `overlays/NAME.png`, validation photographs with the outline of the prediction in red and of the truth in green, and
/// all of them on one sheet, `overlays.png`. With `every_epoch` also `overlays/epoch_001/NAME.png` and so on, and the
/// mask of the truth beside each, `NAME_truth.png`.
class train_pictures final : public train_observer {
 public:
  /// `data` gives the names of the images and must outlive this.
  train_pictures(std::filesystem::path folder, const dataset& data, const train_pictures_options& options = {})
      : train_pictures(folder, folder / "log.csv", data, options) {}
  /// `log`: where `train_log` writes the figures of epochs, which a resumed run reads its first ones from.
  train_pictures(std::filesystem::path folder, std::filesystem::path log, const dataset& data,
                 const train_pictures_options& options = {})
      : folder_(std::move(folder)), log_(std::move(log)), data_(data), options_(options) {}

  void started(const train_plan& plan) override {
    model_ = plan.network.at("model");
    if (plan.first_epoch > 0) read_curves(plan.first_epoch);
  }
  void epoch_ended(const train_epoch& e) override {
    epochs_.push_back(static_cast<double>(e.epoch));
    loss_.push_back(e.loss);
    const double none = std::numeric_limits<double>::quiet_NaN();
    validation_loss_.push_back(e.validation.values.empty() ? none : e.validation.loss);
    iou_.push_back(e.validation.values.empty() ? none : e.validation.iou());
    const plot_series curves[] = {{"training loss", epochs_, loss_},
                                  {"validation loss", epochs_, validation_loss_},
                                  {"validation IoU", epochs_, iou_, true}};
    write_png(folder_ / "curves.png",
              line_plot(curves, {.title = model_, .x_label = "epoch", .y_label = "loss", .right_label = "IoU"}).view());
    drawn_ = 0;
  }
  void evaluated(const evaluated_batch& e) override {
    if (e.split != "validation" || !(e.final || options_.every_epoch)) return;
    for (index_t n = 0; n < e.data.images.extents().n && drawn_ < options_.overlays; ++n, ++drawn_) draw(e, n);
  }
  void tested(const evaluation& e) override {
    if (e.split != "validation" || sheet_.empty()) return;
    std::vector<captioned_image> cells;
    for (std::size_t i = 0; i < sheet_.size(); ++i) cells.push_back({sheet_[i].view(), captions_[i]});
    write_png(folder_ / "overlays.png", contact_sheet(cells, {.cell_height = options_.shorter_side * 2 / 3,
                                                              .cell_width = options_.shorter_side * 2 / 3,
                                                              .title = model_ + ": prediction red, truth green"})
                                            .view());
  }

 private:
  void draw(const evaluated_batch& e, index_t n) {
    const shape small = e.data.images.extents(), logits = e.probabilities.extents();
    const index_t shorter = std::min(small.h, small.w);
    const index_t enlarged = std::max<index_t>(1, ceil_div(options_.shorter_side, shorter));
    tensor<std::uint8_t> photo({1, small.h, small.w, 3}, uninitialized);
    denormalize(e.data.images.images(n), e.normalisation.mean, e.normalisation.deviation, photo);
    photo = resized(photo.view(), interpolation::cubic, small.h * enlarged, small.w * enlarged);

    // Enlarged before the threshold, so that the outline is no staircase. Networks without padding see the middle only.
    const auto mask_of = [&](view<const float> values, float threshold) {
      const auto large =
          resized(values, interpolation::linear, values.extents().h * enlarged, values.extents().w * enlarged);
      tensor<std::uint8_t> mask({1, photo.extents().h, photo.extents().w, 1});
      const index_t top = (mask.extents().h - large.extents().h) / 2, left = (mask.extents().w - large.extents().w) / 2;
      for (index_t h = 0; h < large.extents().h; ++h)
        for (index_t w = 0; w < large.extents().w; ++w)
          mask(0, h + top, w + left, 0) = large(0, h, w, 0) >= threshold ? 255 : 0;
      return mask;
    };
    const auto prediction = mask_of(e.probabilities.images(n), e.threshold),
               truth = mask_of(e.data.masks.images(n), 0.5f);
    draw_overlay(photo.view(), prediction.view(), truth.view());

    const auto sample = static_cast<std::size_t>(e.data.samples[static_cast<std::size_t>(n)]);
    const std::string& name = data_.samples.at(sample).name;
    char epoch[32] = "";
    if (!e.final) std::snprintf(epoch, sizeof epoch, "epoch_%03td", e.epoch);
    const auto folder = folder_ / "overlays" / epoch;
    std::filesystem::create_directories(folder);
    write_png(folder / (name + ".png"), photo.view());
    if (options_.every_epoch) write_png(folder / (name + "_truth.png"), truth.view(), {.bilevel = true});
    if (!e.final) return;
    if (!(logits.h == small.h && logits.w == small.w)) return void(keep(std::move(photo), name));
    const auto counts = count_overlap(as_const(prediction.view()), as_const(truth.view()));
    char caption[160];
    std::snprintf(caption, sizeof caption, "%.100s  IoU %.3f", name.c_str(), smoothed_iou(counts.front()));
    keep(std::move(photo), caption);
  }
  void keep(tensor<std::uint8_t> photo, const std::string& caption) {
    sheet_.push_back(std::move(photo));
    captions_.push_back(caption);
  }

  /// The epochs before a resumption, from the log beside the pictures.
  void read_curves(index_t last_epoch) {
    std::ifstream log(log_);
    std::string row;
    std::vector<std::string> names;
    while (std::getline(log, row)) {
      std::vector<std::string> cells;
      std::istringstream in(row);
      for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
      if (names.empty()) {
        names = cells;
        continue;
      }
      const auto value = [&](std::string_view column) {
        double read = std::numeric_limits<double>::quiet_NaN();
        for (std::size_t i = 0; i < std::min(names.size(), cells.size()); ++i)
          if (names[i] == column) value_from_text(cells[i], read);
        return read;
      };
      if (!(value("epoch") <= static_cast<double>(last_epoch))) continue;
      epochs_.push_back(value("epoch"));
      loss_.push_back(value("loss"));
      validation_loss_.push_back(value("validation_loss"));
      iou_.push_back(value("iou_per_image_mean"));
    }
  }

  std::filesystem::path folder_, log_;
  const dataset& data_;
  train_pictures_options options_;
  std::string model_;
  index_t drawn_ = 0;
  std::vector<double> epochs_, loss_, validation_loss_, iou_;
  std::vector<tensor<std::uint8_t>> sheet_;
  std::vector<std::string> captions_;
};

}  // namespace lamina
