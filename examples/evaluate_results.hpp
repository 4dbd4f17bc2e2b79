// SPDX-License-Identifier: Apache-2.0
// What evaluate found, and the files and the table that tell it.
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/formats/text_map.hpp>
#include <lamina/metrics/paired_test.hpp>

#include "evaluate_runs.hpp"

#include <nlohmann/json.hpp>

namespace evaluate_program {

/// A run at one resolution.
struct run_figures {
  resolution at = resolution::native;
  float threshold = 0;
  std::vector<std::size_t> images{};  // which truths
  std::vector<image_size> sizes{};    // of each of them
  overlap_metrics metrics = overlap_metrics();
  std::vector<protocol_figure> figures{};
  std::optional<threshold_sweep> sweep{};

  /// "128×128", or nothing where images differ.
  std::string common_size() const {
    const bool all = std::all_of(sizes.begin(), sizes.end(), [&](const image_size& s) { return s == sizes.front(); });
    return all ? to_text(sizes.front()) : "";
  }
};

/// Figures from the scores at options.resolutions[r]; of several thresholds the one with the highest `best` counts.
inline run_figures figures_of(executor& workers, const run_scores& scores, const scoring_options& options,
                              std::size_t r, const overlap_protocol& best, const bootstrap_options& bootstrap) {
  run_figures run{.at = options.resolutions[r]};
  threshold_sweep sweep(options.thresholds);
  for (std::size_t i = 0; i < scores.images.size(); ++i) {
    if (scores.images[i].empty()) continue;
    run.images.push_back(i);
    run.sizes.push_back(scores.images[i][r].size);
    sweep.add(scores.images[i][r].counts);
  }
  run.threshold = sweep.best([&best](const overlap_metrics& m) { return m.value(best); }).threshold;
  const auto chosen = std::find(options.thresholds.begin(), options.thresholds.end(), run.threshold);
  run.metrics = sweep.metrics()[static_cast<std::size_t>(chosen - options.thresholds.begin())];
  run.figures = overlap_figures(workers, run.metrics, bootstrap);
  if (options.thresholds.size() > 1) run.sweep = std::move(sweep);
  return run;
}

/// Two runs on the images that both know.
struct run_comparison {
  resolution at = resolution::native;
  index_t images = 0;
  std::vector<protocol_difference> protocols;
};

/// An image's cells by its name.
using named_cells = std::map<std::string, confusion>;

inline named_cells cells_of(const run_figures& run, const std::vector<truth_image>& truths) {
  named_cells cells;
  for (std::size_t i = 0; i < run.images.size(); ++i) cells[truths[run.images[i]].name] = run.metrics.images()[i];
  return cells;
}

/// Throws `error` that names images that only one run knows unless `allow_missing`, or where none is common.
inline run_comparison compare(executor& workers, const run_figures& run, const std::vector<truth_image>& truths,
                              const named_cells& other, const std::string& other_name, bool allow_missing,
                              const bootstrap_options& bootstrap) {
  overlap_metrics first, second;
  std::vector<std::string> lonely;
  named_cells left = other;
  for (const auto& [image, cells] : cells_of(run, truths)) {
    const auto found = left.find(image);
    if (found == left.end()) {
      lonely.push_back(image);
      continue;
    }
    first.add(cells);
    second.add(found->second);
    left.erase(found);
  }
  for (const auto& [image, cells] : left) lonely.push_back(image);
  const index_t common = static_cast<index_t>(first.images().size());
  require(common > 0 && (allow_missing || lonely.empty()), other_name, ": images in both runs: ", common,
          ", in one only: ", lonely.size(), " (", some_of(lonely), "); --allow-missing compares on those in both");
  return {run.at, common, compare_overlap(workers, first, second, bootstrap)};
}

/// A field of a CSV line, in quotes where it must be (RFC 4180).
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}
inline std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[++i];
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ',' && !quoted)
      fields.emplace_back();
    else if (line[i] != '\r')
      fields.back() += line[i];
  }
  return fields;
}

/// A row for each image and resolution: its cells, and each figure that protocols average over images.
inline void write_per_image(const std::filesystem::path& path, const std::vector<run_figures>& runs,
                            const std::vector<truth_image>& truths) {
  const std::string averaged = "_per_image_mean";
  std::string text = "resolution,name,width,height,threshold,true_positive,false_positive,false_negative,true_negative";
  for (const overlap_protocol& p : overlap_protocols)
    if (!p.pooled) text += ',' + std::string(p.name.substr(0, p.name.find(averaged)));
  for (const run_figures& run : runs)
    for (std::size_t i = 0; i < run.images.size(); ++i) {
      const confusion& c = run.metrics.images()[i];
      text += '\n' + name(run.at) + ',' + csv_field(truths[run.images[i]].name) +
              to_text(',', run.sizes[i].width, ',', run.sizes[i].height, ',') + value_to_text(run.threshold) +
              to_text(',', c.true_positive, ',', c.false_positive, ',', c.false_negative, ',', c.true_negative);
      for (const overlap_protocol& p : overlap_protocols)
        if (!p.pooled) text += ',' + value_to_text(p.figure(c));
    }
  write_file_atomically(path, text + '\n');
}

/// Reads back what `write_per_image` wrote of one resolution. Throws `file_error`: no such table, or nothing of it.
inline named_cells read_per_image(const std::filesystem::path& path, resolution at) {
  const auto bytes = read_file(path, std::uintmax_t{1} << 30);
  std::istringstream lines(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = csv_fields(line);
  named_cells cells;
  for (index_t number = 2; std::getline(lines, line); ++number) {
    const std::vector<std::string> fields = csv_fields(line);
    const auto field = [&](const char* column) {
      const auto place = static_cast<std::size_t>(std::find(header.begin(), header.end(), column) - header.begin());
      if (place >= std::min(header.size(), fields.size()))
        throw file_error(path.string(),
                         to_text("line ", number, " has no ", column, "; expected evaluate's per_image.csv"));
      return fields[place];
    };
    const auto count = [&](const char* column) {
      std::int64_t value = 0;
      if (!value_from_text(field(column), value) || value < 0)
        throw file_error(path.string(), to_text("line ", number, ": ", column, " is '", field(column), "'"));
      return value;
    };
    if (field("resolution") == name(at))
      cells[field("name")] = {count("true_positive"), count("false_positive"), count("false_negative"),
                              count("true_negative")};
  }
  if (cells.empty()) throw file_error(path.string(), "no images at " + name(at) + " resolution in it");
  return cells;
}

/// Each protocol at each threshold.
inline void write_sweep(const std::filesystem::path& path, const std::vector<run_figures>& runs) {
  std::string text = "resolution,threshold";
  for (const overlap_protocol& p : overlap_protocols) text += ',' + std::string(p.name);
  for (const run_figures& run : runs)
    for (std::size_t t = 0; t < run.sweep->thresholds().size(); ++t) {
      text += '\n' + name(run.at) + ',' + value_to_text(run.sweep->thresholds()[t]);
      for (const auto& [protocol, value] : run.sweep->metrics()[t].values()) text += ',' + value_to_text(value);
    }
  write_file_atomically(path, text + '\n');
}

inline nlohmann::ordered_json json_of(const run_figures& run) {
  nlohmann::ordered_json object{{"images", run.images.size()}, {"threshold", run.threshold}};
  if (const std::string size = run.common_size(); !size.empty()) object["size"] = size;
  for (const auto& [protocol, value, interval] : run.figures)
    object["protocols"][std::string(protocol)] = {{"value", value}, {"low", interval.low}, {"high", interval.high}};
  return object;
}
inline nlohmann::ordered_json json_of(const run_comparison& c) {
  nlohmann::ordered_json object{{"images", c.images}};
  for (const protocol_difference& d : c.protocols) {
    auto& row = object["protocols"][std::string(d.name)];
    row = {{"this", d.first}, {"other", d.second}, {"difference", d.difference}};
    row["low"] = d.interval.low, row["high"] = d.interval.high;
    if (d.p) row["wilcoxon_p"] = *d.p;
  }
  return object;
}

/// Text and blanks up to a number of characters of UTF-8.
inline std::string padded(std::string text, std::ptrdiff_t width) {
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return text.append(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, width - characters)), ' ');
}

inline void print(std::ostream& out, const std::vector<run_figures>& runs) {
  std::string line = padded("", 27);
  for (const run_figures& run : runs) {
    const std::string size = run.common_size().empty() ? "" : ", " + run.common_size();
    line += padded(name(run.at) + size + ", t = " + value_to_text(run.threshold), 32);
  }
  const auto end_line = [&] {
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  };
  for (std::size_t p = 0; p < overlap_protocols.size(); ++p) {
    end_line();
    line = padded(std::string(overlap_protocols[p].name), 27);
    for (const run_figures& run : runs) {
      const auto& [protocol, value, interval] = run.figures[p];
      line += padded(detail::formatted("%.4f  [%.4f, %.4f]", value, interval.low, interval.high), 32);
    }
  }
  end_line();
}
inline void print(std::ostream& out, const run_comparison& c, const std::string& other) {
  out << "compared with " << other << ", " << name(c.at) << " resolution, " << c.images << " images\n";
  out << detail::formatted("%-27s%-9s%-9s%-30s%s\n", "", "this", "other", "difference", "p (Wilcoxon)");
  for (const protocol_difference& d : c.protocols)
    out << padded(std::string(d.name), 27)
        << detail::formatted("%.4f   %.4f   %+.4f  [%+.4f, %+.4f]   ", d.first, d.second, d.difference, d.interval.low,
                             d.interval.high)
        << (d.p ? detail::formatted("%.3g", *d.p) : std::string("-")) << '\n';
}

}  // namespace evaluate_program
