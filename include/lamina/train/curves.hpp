// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/formats/text_map.hpp>
#include <lamina/image/plot.hpp>
#include <lamina/train/observer.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace lamina {

/// The figures of each epoch that charts show; NaN where an epoch had none.
struct train_curves {
  std::vector<double> epoch, loss, validation_loss, iou, learning_rate;

  void add(const train_epoch& e) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const bool validated = !e.validation.values.empty();
    add(static_cast<double>(e.epoch), e.loss, validated ? e.validation.loss : none,
        validated ? e.validation.iou() : none, e.learning_rate);
  }
  void add(double number, double training, double validation, double figure, double rate) {
    epoch.push_back(number);
    loss.push_back(training);
    validation_loss.push_back(validation);
    iou.push_back(figure);
    learning_rate.push_back(rate);
  }

  /// Adds the epochs up to `last_epoch` from the `log.csv` of a run that is resumed.
  void read(const std::filesystem::path& path, index_t last_epoch) {
    std::ifstream log(path);
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
      if (value("epoch") <= static_cast<double>(last_epoch))
        add(value("epoch"), value("loss"), value("validation_loss"), value("iou_per_image_mean"),
            value("learning_rate"));
    }
  }

  plot_series training_loss_series() const { return {"training loss", epoch, loss}; }
  plot_series validation_loss_series() const { return {"validation loss", epoch, validation_loss}; }
  plot_series iou_series() const { return {"validation IoU", epoch, iou}; }
};

}  // namespace lamina
