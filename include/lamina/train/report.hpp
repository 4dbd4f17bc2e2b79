// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/image/write.hpp>
#include <lamina/train/curves.hpp>
#include <lamina/train/evaluation_collector.hpp>
#include <lamina/train/observer.hpp>
#include <lamina/train/summary.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

/// What a report tells that the trainer does not know, as text; what is empty is left out.
struct train_report_options {
  std::string title{};         // else the model's name
  std::string data{};          // what it learns from
  std::string command{};       // how to do it again
  std::string augmentation{};  // the recipe
  std::string memory{};        // the plan of a step's memory in detail, as `plan_text` has it
  text_map settings{};         // by name
  evaluation_collector_options cases{};
};

/// Writes how training goes as one page of HTML that needs nothing else, after each epoch and at the end: figures,
/// curves, every protocol, how the images of validation and test fared one by one, what was trained, and what it took.
/// At the end its charts are also written as PNG. A resumed run shows its first epochs, too.
///
///     train_report report("run/report.html", "run/figures", "run/log.csv", images, {.command = command});
///     t.observe(report);
class train_report final : public train_observer {
 public:
  ///   page     the file to write
  ///   figures  the folder for the charts as PNG
  ///   log      where `train_log` writes the figures of epochs, which a resumed run's first ones are read from
  ///   data     gives the names of the images and must outlive this
  train_report(std::filesystem::path page, std::filesystem::path figures, std::filesystem::path log,
               const dataset& data, train_report_options options = {})
      : page_(std::move(page)),
        figures_(std::move(figures)),
        log_(std::move(log)),
        data_(data),
        options_(std::move(options)) {}

  void started(const train_plan& plan) override {
    result_.plan = plan;
    if (plan.first_epoch > 0) curves_.read(log_, plan.first_epoch);
  }
  void evaluated(const evaluated_batch& e) override {
    if (whole_.contains(e.split)) collected_.erase(e.split);  // a new evaluation of it begins
    whole_.erase(e.split);
    collected_.try_emplace(e.split, e.split, data_, options_.cases).first->second.add(e);
  }
  void epoch_ended(const train_epoch& e) override {
    curves_.add(e);
    whole_.insert(e.validation.split);
    result_.epochs = e.epoch;
    result_.steps = e.step;
    result_.best_epoch = e.validation.values.empty() ? 0 : e.best_epoch;
    result_.best_iou = e.best_iou;
    result_.validation = e.validation;
    result_.images_per_second = e.images_per_second;
    result_.waiting_share = e.waiting_share;
    result_.seconds += e.seconds;
    write();
  }
  void tested(const evaluation& e) override {
    whole_.insert(e.split);
    best_weights_ = true;
  }
  void finished(const train_result& r) override {
    evaluation last = std::exchange(result_, r).validation;
    if (result_.validation.values.empty()) result_.validation = std::move(last);  // the last epoch's of a stopped run
    ended_ = true;
    std::filesystem::create_directories(figures_);
    for (const auto& [name, chart] : write()) write_png(figures_ / (name + ".png"), rgb_image(chart, 2).view());
  }

 private:
  /// Writes the page and returns its charts.
  std::vector<named_chart> write() const {
    html_page page(options_.title.empty() ? result_.plan.network.at("model") : options_.title, state_text());
    std::vector<named_chart> charts;
    page.section("Result");
    write_result(page);
    if (!curves_.epoch.empty()) {
      page.section("Curves");
      charts = curve_charts();
      std::vector<drawing> drawings;
      for (const named_chart& c : charts) drawings.push_back(c.chart);
      page.charts(drawings);
    }
    for (const auto& [split, title] : {std::pair("validation", "Validation"), std::pair("test", "Test")}) {
      const auto found = collected_.find(split);
      if (found == collected_.end() || found->second.empty()) continue;
      const evaluation_report report = found->second.report();
      const auto drawn = evaluation_charts(report);
      page.section(title);
      write_evaluation(page, report, drawn);
      charts.insert(charts.end(), drawn.begin(), drawn.end());
    }
    write_recipe(page);
    write_model(page);
    write_cost(page);
    write_skipped(page);
    write_file_atomically(page_, page.text(), durability::program_end);
    return charts;
  }

  std::string state_text() const {
    const std::string epochs = to_text(result_.epochs, " of ", result_.plan.epochs, " epochs");
    std::string text = options_.data.empty() ? "" : "Data: " + options_.data + ". ";
    if (!ended_) return text + "Under way: " + epochs + "; this page is written anew after each.";
    if (curves_.epoch.empty()) return text + "Evaluated without training.";
    std::string end(name(result_.end));
    std::ranges::replace(end, '_', ' ');
    return text + "Ended after " + epochs + ": " + end + '.';
  }

  void write_result(html_page& page) const {
    const std::string of = best_weights_ ? "" : to_text(", epoch ", result_.validation.epoch);
    html_facts facts;
    std::vector<protocol_column> columns;
    std::string note;
    for (const evaluation* e : {&result_.validation, &result_.test}) {
      if (e->values.empty()) continue;
      facts.push_back({e->split + " IoU" + of, detail::formatted("%.4f", e->iou())});
      columns.push_back({e->split + of, {{"loss", e->loss}}});
      note += to_text(e->images, ' ', e->split, " images, ");
      for (const auto& [protocol, value] : e->values) columns.back().results.push_back({protocol, value});
    }
    if (result_.best_epoch > 0)
      facts.push_back({"best epoch", to_text(result_.best_epoch, " of ", result_.epochs)});
    facts.push_back({"parameters", detail::grouped_text(result_.plan.parameters)});
    facts.push_back({"peak memory", detail::bytes_text(static_cast<double>(peak_rss_bytes()))});
    if (result_.seconds > 0) facts.push_back({"training took", detail::clock_text(result_.seconds)});
    page.key_facts(facts);
    if (columns.empty()) return;
    page.heading("Every protocol");
    note += best_weights_ ? "the best weights, " : "the weights of that epoch, ";
    page.paragraph(note + "at the network's size; the threshold is the recipe's.");
    write_protocols(page, columns);
  }

  std::vector<named_chart> curve_charts() const {
    std::vector<named_chart> charts;
    const auto chart = [&](const char* file, const char* title, std::span<const plot_series> series) {
      charts.push_back({file, plot(series, detail::report_chart(title, "epoch", ""))});
    };
    const plot_series losses[] = {curves_.training_loss_series(), curves_.validation_loss_series()};
    chart("loss", "Loss", losses);
    std::vector<plot_series> ious{curves_.iou_series()};
    if (result_.best_epoch > 0)
      ious.push_back({to_text("best: epoch ", result_.best_epoch), {static_cast<double>(result_.best_epoch)},
                      {result_.best_iou}, false, std::nullopt, plot_mark::dots});
    chart("iou", "Validation IoU", ious);
    const plot_series rate{"", curves_.epoch, curves_.learning_rate};
    chart("learning_rate", "Learning rate", std::span(&rate, 1));
    return charts;
  }

  void write_recipe(html_page& page) const {
    if (options_.command.empty() && options_.settings.empty() && options_.augmentation.empty()) return;
    page.section("Recipe");
    if (!options_.command.empty()) {
      page.heading("Command");
      page.preformatted(options_.command);
    }
    if (!options_.settings.empty()) {
      page.heading("Settings");
      page.facts({options_.settings.begin(), options_.settings.end()});
    }
    if (!options_.augmentation.empty()) {
      page.heading("Augmentation of training images");
      page.preformatted(options_.augmentation);
    }
  }
  void write_model(html_page& page) const {
    const train_plan& plan = result_.plan;
    page.section("Model");
    html_facts facts(plan.network.begin(), plan.network.end());
    facts.push_back({"trainable parameters", detail::grouped_text(plan.parameters)});
    facts.push_back(
        {"arithmetic of an image's forward pass", detail::formatted("%.2f GFLOP", plan.flops_per_image / 1e9)});
    for (const auto& [what, hash] : {std::pair("SHA-256 of the best weights", result_.best_weights_sha256),
                                     std::pair("SHA-256 of the last weights", result_.weights_sha256)})
      if (!hash.empty()) facts.push_back({what, hash});
    page.facts(facts);
  }
  void write_cost(html_page& page) const {
    const train_plan& plan = result_.plan;
    const auto bytes = [](std::size_t count) { return detail::bytes_text(static_cast<double>(count)); };
    page.section("Memory");
    page.facts({{"parameters: weights, moments, best and others", bytes(plan.parameter_bytes)},
                {"activations and their gradients, one block", bytes(plan.block_bytes)},
                {"scratch", bytes(plan.scratch_bytes)},
                {"images read ahead", bytes(plan.loader_bytes)},
                {"pictures kept, at most", bytes(plan.source_bytes)},
                {"planned, all of these", bytes(plan.planned_bytes())},
                {"peak of the whole process so far", bytes(peak_rss_bytes())}});
    if (!options_.memory.empty()) page.preformatted(options_.memory);
    if (result_.seconds <= 0) return;
    page.section("Speed");
    const bool known = std::isfinite(result_.images_per_second);
    page.facts({{"images per second", known ? detail::formatted("%.1f", result_.images_per_second) : "–"},
                {"of the time waiting for images", detail::formatted("%.1f %%", 100 * result_.waiting_share)},
                {"training in this run", detail::clock_text(result_.seconds)},
                {"steps so far", to_text(result_.steps, " of ", plan.steps)},
                {"images: training, validation, test",
                 to_text(plan.training_images, ", ", plan.validation_images, ", ", plan.test_images)}});
  }
  void write_skipped(html_page& page) const {
    if (result_.skipped.empty()) return;
    page.section("Images that could not be read");
    std::string lines;
    for (const auto& [sample, why] : result_.skipped) lines += why + '\n';
    page.preformatted(lines);
  }

  std::filesystem::path page_, figures_, log_;
  const dataset& data_;
  train_report_options options_;
  train_curves curves_;
  train_result result_;                                   // so far
  std::map<std::string, evaluation_collector> collected_;  // of each split, its latest evaluation
  std::set<std::string> whole_;                            // splits whose latest evaluation is over
  bool best_weights_ = false, ended_ = false;
};

}  // namespace lamina
