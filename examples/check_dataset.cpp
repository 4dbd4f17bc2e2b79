// SPDX-License-Identifier: Apache-2.0
// Looks for what may be wrong with a data set before it costs a training run.
//
//     check_dataset DATA              a YAML file or a folder of images and masks
//     check_dataset DATA --all        every finding, not only the first of each kind
//
// Prints a table of what was found. Exit code 0: nothing wrong, or warnings only; 1: errors (also warnings, with
// --strict); 2: the data set can't be opened.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/check.hpp>
#include <lamina/data/open_dataset.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <string_view>

int main(int argc, char** argv) {
  std::string path;
  int threads = 0;
  bool all = false, strict = false;
  lamina::check_options options;
  CLI::App app("Looks for unreadable files, missing masks, odd masks and near-duplicates in a data set.");
  app.add_option("data", path, "YAML file or folder of images and masks")->required();
  app.add_option("--threads", threads, "threads to read with; 0: one per core")->check(CLI::NonNegativeNumber);
  app.add_option("--mean-difference", options.mean_difference, "near-duplicates differ by at most this, of 255")
      ->capture_default_str();
  app.add_flag("--all", all, "print every finding, not only the first three of each kind");
  app.add_flag("--strict", strict, "warnings count as errors");
  CLI11_PARSE(app, argc, argv);

  try {
    const lamina::dataset data = lamina::open_dataset(path, lamina::missing_mask::keep);
    std::cout << data.name << ": " << data.samples.size() << " samples";
    for (const auto& [split, samples] : data.splits) std::cout << ", " << split << ' ' << samples.size();
    std::cout << std::endl;

    lamina::thread_pool workers(threads);
    const std::vector<lamina::finding> findings = lamina::check_dataset(workers, data, options);
    bool errors = false;
    std::cout << std::left;
    for (const lamina::finding_kind kind : lamina::all_finding_kinds) {
      const auto is_of_kind = [kind](const lamina::finding& f) { return f.kind == kind; };
      const auto count = std::count_if(findings.begin(), findings.end(), is_of_kind);
      errors |= count > 0 && (strict || is_error(kind));
      const std::string_view verdict = count == 0 ? "ok" : is_error(kind) ? "ERROR" : "warning";
      std::cout << "  " << std::setw(30) << name(kind) << std::setw(8) << count << verdict << '\n';
    }
    std::map<lamina::finding_kind, int> printed;
    for (const lamina::finding& f : findings)
      if (all || printed[f.kind]++ < 3) std::cout << name(f.kind) << ": " << f.file.string() << ": " << f.text << '\n';
    return errors ? 1 : 0;
  } catch (const std::exception& e) {
    std::cerr << "check_dataset: " << e.what() << '\n';
    return 2;
  }
}
