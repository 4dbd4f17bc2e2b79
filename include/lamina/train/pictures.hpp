// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/write.hpp>
#include <lamina/metrics/overlap.hpp>
#include <lamina/train/curves.hpp>
#include <lamina/train/lesion_picture.hpp>
#include <lamina/train/observer.hpp>

#include <cstdio>
#include <filesystem>
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
    if (plan.first_epoch > 0) curves_.read(log_, plan.first_epoch);
  }
  void epoch_ended(const train_epoch& e) override {
    curves_.add(e);
    plot_series curves[] = {curves_.training_loss_series(), curves_.validation_loss_series(), curves_.iou_series()};
    curves[2].right_axis = true;
    const drawing chart =
        plot(curves, {.title = model_, .x_label = "epoch", .y_label = "loss", .right_label = "IoU"});
    write_png(folder_ / "curves.png", rgb_image(chart).view());
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
    tensor<std::uint8_t> photo({1, small.h, small.w, 3}, uninitialized);
    denormalize(e.data.images.images(n), e.normalisation.mean, e.normalisation.deviation, photo);
    lesion_picture picture = draw_lesion(photo.view(), e.probabilities.images(n), e.threshold, e.data.masks.images(n),
                                         options_.shorter_side);

    const auto sample = static_cast<std::size_t>(e.data.samples[static_cast<std::size_t>(n)]);
    const std::string& name = data_.samples.at(sample).name;
    char epoch[32] = "";
    if (!e.final) std::snprintf(epoch, sizeof epoch, "epoch_%03td", e.epoch);
    const auto folder = folder_ / "overlays" / epoch;
    std::filesystem::create_directories(folder);
    write_png(folder / (name + ".png"), picture.photo.view());
    if (options_.every_epoch) write_png(folder / (name + "_truth.png"), picture.truth.view(), {.bilevel = true});
    if (!e.final) return;
    if (!(logits.h == small.h && logits.w == small.w)) return void(keep(std::move(picture.photo), name));
    const auto counts = count_overlap(as_const(picture.prediction.view()), as_const(picture.truth.view()));
    char caption[160];
    std::snprintf(caption, sizeof caption, "%.100s  IoU %.3f", name.c_str(), smoothed_iou(counts.front()));
    keep(std::move(picture.photo), caption);
  }
  void keep(tensor<std::uint8_t> photo, const std::string& caption) {
    sheet_.push_back(std::move(photo));
    captions_.push_back(caption);
  }

  std::filesystem::path folder_, log_;
  const dataset& data_;
  train_pictures_options options_;
  std::string model_;
  index_t drawn_ = 0;
  train_curves curves_;
  std::vector<tensor<std::uint8_t>> sheet_;
  std::vector<std::string> captions_;
};

}  // namespace lamina
