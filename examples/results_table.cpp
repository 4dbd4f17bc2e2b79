// SPDX-License-Identifier: Apache-2.0
// Trains the four published combinations of model and loss and prints what came out beside the published figures.
//
//     results_table isic2017 --out table                                   (as published: 224², 100 epochs)
//     results_table isic2017 --out table --base 16 --size 128 --epochs 12  (what a laptop does in an hour)
//
// Every option of train_isic but those that a row decides may be given, and holds for all rows. A row that is done is
// not trained again, and one that was stopped goes on: the same command, given again, continues where it was.
// table/results.md and table/results.json hold the table, table/ROW/ what train_isic writes.
#include <lamina/core/quantity_text.hpp>
#include <lamina/train/summary.hpp>

#include "given_options.hpp"
#include "stop_request.hpp"
#include "train_command.hpp"
#include "train_run.hpp"

#include <array>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>

using namespace lamina;

namespace {

/// A row of the published table: ISIC 2017, Adam.
struct published_row {
  const char *name, *title, *model, *loss, *loss_title, *learning_rate;
  int best_epoch;
  double validation, test;
};
constexpr std::array<published_row, 4> published{
    {{"segnet_bce", "SegNet", "segnet", "bce_original", "BCE", "1e-5", 49, 0.725, 0.708},
     {"segnet_bn_bce", "SegNetBN", "segnet_bn", "bce_original", "BCE", "1e-5", 99, 0.745, 0.714},
     {"unet_bce", "UNet", "unet", "bce_original", "BCE", "1e-5", 46, 0.755, 0.718},
     {"unet_dice", "UNet", "unet", "dice_original", "Dice", "1e-3", 74, 0.750, 0.733}}};

/// The options of train_isic that a row decides, or that a table has no use for.
constexpr const char* not_ours[] = {"--model", "--loss",     "--as",       "--name",        "--checkpoints", "--images",
                                    "--resume", "--overwrite", "--load",   "--no-train",    "--plan"};

/// One row of ours: how it is trained, and what became of it, or what went wrong.
struct our_row {
  train_isic::command command;
  std::string command_line;
  nlohmann::ordered_json summary = nullptr;  // as train_isic writes it
  std::string failure = "";

  void read_summary() {
    std::ifstream in(command.out / "summary.json");
    summary = nlohmann::ordered_json::parse(in, nullptr, false);
  }
  bool known() const { return summary.is_object(); }
  bool done() const { return known() && summary.value("end", "stop_request") != "stop_request"; }
};

/// A row as the program before had it, then as the row says, then by the caller's words.
our_row row_of(const published_row& row, const std::filesystem::path& out, const std::vector<std::string>& words) {
  our_row ours;
  CLI::App app;
  declare(app, ours.command);
  given_options given;
  const std::vector<std::string> by_row{std::string("--model=") + row.model, std::string("--loss=") + row.loss,
                                        std::string("--lr=") + row.learning_rate, "--epochs=100"};
  const std::vector<std::string> folder{"--out=" + (out / row.name).string()};
  for (const auto& some : {train_isic::words_of_preset("lab", row.model), by_row, words, folder})
    given.parse(app, some, "resume");
  ours.command.checkpoints = ours.command.images = ours.command.out;
  ours.command.train.notes["arguments"] = given.text();
  ours.command_line = given.command_line("train_isic");
  ours.read_summary();
  if (ours.known() && ours.summary.value("command", "") != ours.command_line)
    throw file_error((ours.command.out / "summary.json").string(),
                     to_text("this row was made with other options: ", ours.summary.value("command", ""),
                             "; name another --out for these"));
  return ours;
}

/// Trains a row, unless that was done before.
void train(const published_row& row, our_row& ours) {
  if (ours.done()) return;
  std::cout << "\n== " << row.title << ", " << row.loss_title << std::endl;
  if (std::filesystem::exists(ours.command.out / "checkpoint.safetensors")) ours.command.resume = ours.command.out;
  train_isic::run(ours.command, ours.command_line);
  ours.read_summary();
}

using our_rows = std::vector<our_row>;

/// The reported figure of a split: IoU of each image, their mean.
std::string iou_of(const our_row& row, const char* split) {
  if (!row.known() || !row.summary.contains(split)) return "-";
  return detail::formatted("%.3f", row.summary[split].value("iou_per_image_mean", 0.0));
}

/// The table in Markdown, which a person reads as well. Published figures are in brackets.
std::string table_of(const our_rows& rows) {
  std::ostringstream table;
  const auto line = [&table](const std::array<std::string, 8>& cells) {
    constexpr int widths[] = {8, 4, 13, 6, 10, 14, 13, 7};
    for (std::size_t i = 0; i < cells.size(); ++i)
      table << (i == 0 ? "| " : " | ") << (i < 2 ? std::left : std::right) << std::setw(widths[i]) << cells[i];
    table << " |\n";
  };
  line({"model", "loss", "learning rate", "epochs", "best epoch", "validation IoU", "test IoU", "minutes"});
  table << "|----------|------|--------------:|-------:|-----------:|---------------:|--------------:|--------:|\n";
  for (std::size_t i = 0; i < published.size(); ++i) {
    const published_row& p = published[i];
    const our_row& row = rows[i];
    const auto number = [&row](const char* key) { return row.known() ? to_text(row.summary.value(key, 0)) : "-"; };
    const auto iou_beside = [&row](const char* split, double theirs) {
      return iou_of(row, split) + detail::formatted(" (%.3f)", theirs);
    };
    line({p.title, p.loss_title, value_to_text(row.command.learning_rate), number("epochs"),
          to_text(number("best_epoch"), " (", p.best_epoch, ')'), iou_beside("validation", p.validation),
          iou_beside("test", p.test),
          row.known() ? detail::formatted("%.1f", row.summary.value("seconds", 0.0) / 60) : "-"});
  }
  table << "\nIn brackets: as published (ISIC 2017, Adam, learning rates 1e-5 and 1e-3, 100 epochs). IoU: of each\n"
           "image at the network's size, their mean. Minutes of training, since a row was last stopped.\n";
  for (std::size_t i = 0; i < published.size(); ++i)
    if (!rows[i].failure.empty()) table << "\n" << published[i].name << " failed: " << rows[i].failure << '\n';
  return table.str();
}

void write_table(const std::filesystem::path& out, const our_rows& rows) {
  auto all = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < published.size(); ++i) {
    const published_row& p = published[i];
    nlohmann::ordered_json row{{"row", p.name},
                               {"command", rows[i].command_line},
                               {"published",
                                {{"best_epoch", p.best_epoch}, {"validation_iou", p.validation}, {"test_iou", p.test}}},
                               {"summary", nullptr}};
    if (rows[i].known()) row["summary"] = rows[i].summary;
    if (!rows[i].failure.empty()) row["failure"] = rows[i].failure;
    all.push_back(std::move(row));
  }
  write_file_atomically(out / "results.json", all.dump(2) + '\n');
  write_file_atomically(out / "results.md", table_of(rows));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  CLI::App app(
      "Trains SegNet, SegNetBN and UNet with BCE, and UNet with Dice, and prints their IoU beside the published one. "
      "The same command again goes on where it was stopped. For research only; not a medical device.");
  train_isic::command c;
  declare(app, c);
  for (const char* option : not_ours) app.remove_option(app.get_option(option));
  app.get_option("--out")->default_val("table");
  try {
    given_options given;
    given.parse(app, arguments, "out");
    require(!c.data.empty(), "which images? Name a folder, a YAML file, or synthetic");
    std::filesystem::create_directories(c.out);
    our_rows rows;
    for (const published_row& row : published) rows.push_back(row_of(row, c.out, given.words()));
    bool failed = false;
    for (std::size_t i = 0; i < rows.size() && !stop_requested; ++i) {
      try {
        train(published[i], rows[i]);
      } catch (const file_error&) {
        throw;
      } catch (const error& problem) {  // a loss that is no number any more: the other rows may do better
        std::cerr << "results_table: " << published[i].name << ": " << problem.what() << '\n';
        rows[i].failure = problem.what();
        failed = true;
      }
      write_table(c.out, rows);
    }
    std::cout << '\n' << table_of(rows);
    if (stop_requested) std::cout << "stopped; the same command goes on\n";
    std::cout << "written: " << (c.out / "results.md").string() << ' ' << (c.out / "results.json").string() << '\n';
    return failed ? 1 : 0;
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem);
  } catch (const std::exception& problem) {
    std::cerr << "results_table: " << problem.what() << '\n';
    return 1;
  }
}
