// SPDX-License-Identifier: Apache-2.0
// How evaluate tells what it found: tables of images and thresholds, a summary, and what a person reads.
#pragma once

#include <lamina/formats/atomic_file.hpp>
#include <lamina/formats/text_map.hpp>

#include "evaluate_results.hpp"

#include <nlohmann/json.hpp>

namespace evaluate_program {

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

/// A row for each image and resolution: its cells, each figure that protocols average over images, and distances.
inline void write_per_image(const std::filesystem::path& path, const std::vector<run_figures>& runs,
                            const std::vector<truth_image>& truths) {
  const std::string averaged = "_per_image_mean";
  std::string text = "resolution,name,width,height,threshold,true_positive,false_positive,false_negative,true_negative";
  for (const overlap_protocol& p : overlap_protocols)
    if (!p.pooled) text += ',' + std::string(p.name.substr(0, p.name.find(averaged)));
  const bool surfaces = !runs.front().distances.empty();
  for (const distance_protocol& d : distance_protocols)
    if (surfaces) text += std::string(",") + d.name;
  for (const run_figures& run : runs)
    for (std::size_t i = 0; i < run.images.size(); ++i) {
      const confusion& c = run.metrics.images()[i];
      text += '\n' + name(run.at) + ',' + csv_field(truths[run.images[i]].name) +
              to_text(',', run.sizes[i].width, ',', run.sizes[i].height, ',') + value_to_text(run.threshold) +
              to_text(',', c.true_positive, ',', c.false_positive, ',', c.false_negative, ',', c.true_negative);
      for (const overlap_protocol& p : overlap_protocols)
        if (!p.pooled) text += ',' + value_to_text(p.figure(c));
      if (!surfaces) continue;
      for (const double distance : run.distances[i]) text += ',' + value_to_text(distance);
    }
  write_file_atomically(path, text + '\n');
}

/// Reads back what `write_per_image` wrote of one resolution. Throws `file_error`: no such table, or nothing of it.
inline named_worth read_per_image(const std::filesystem::path& path, resolution at) {
  const auto bytes = read_file(path, std::uintmax_t{1} << 30);
  std::istringstream lines(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = csv_fields(line);
  named_worth images;
  for (index_t number = 2; std::getline(lines, line); ++number) {
    const std::vector<std::string> fields = csv_fields(line);
    const auto field = [&](const char* column) {
      const auto place = static_cast<std::size_t>(std::find(header.begin(), header.end(), column) - header.begin());
      if (place >= std::min(header.size(), fields.size()))
        throw file_error(path.string(),
                         to_text("line ", number, " has no ", column, "; expected evaluate's per_image.csv"));
      return fields[place];
    };
    const auto number_in = [&](const char* column, auto& value) {
      if (!value_from_text(field(column), value) || !(value >= 0))
        throw file_error(path.string(), to_text("line ", number, ": ", column, " is '", field(column), "'"));
    };
    if (field("resolution") != name(at)) continue;
    image_worth& image = images[field("name")];
    number_in("true_positive", image.cells.true_positive);
    number_in("false_positive", image.cells.false_positive);
    number_in("false_negative", image.cells.false_negative);
    number_in("true_negative", image.cells.true_negative);
    if (std::find(header.begin(), header.end(), distance_protocols.front().name) == header.end()) continue;
    image.distances.emplace();
    for (std::size_t d = 0; d < distance_protocols.size(); ++d)
      number_in(distance_protocols[d].name, (*image.distances)[d]);
  }
  if (images.empty()) throw file_error(path.string(), "no images at " + name(at) + " resolution in it");
  return images;
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
  nlohmann::ordered_json object{{"images", run.images.size()}};
  object["threshold"] = std::stod(value_to_text(run.threshold));  // 0.3, not what the float nearest to it is
  if (const std::string size = run.common_size(); !size.empty()) object["size"] = size;
  for (const auto& [protocol, value, interval] : run.figures)
    object["protocols"][std::string(protocol)] = {{"value", value}, {"low", interval.low}, {"high", interval.high}};
  for (const distance_figure& d : run.distance_figures) {
    auto& row = object["distances_in_pixels"][d.name] = {{"images", d.images}};
    if (d.images > 0) row["value"] = d.value, row["low"] = d.interval.low, row["high"] = d.interval.high;
  }
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
  for (const auto& [d, first, second, p] : c.distances) {
    auto& row = object["distances_in_pixels"][d.name] = {{"images", d.images}};
    if (d.images == 0) continue;
    row["this"] = first, row["other"] = second, row["difference"] = d.value;
    row["low"] = d.interval.low, row["high"] = d.interval.high, row["wilcoxon_p"] = p;
  }
  return object;
}

/// Text and blanks up to a number of characters of UTF-8.
inline std::string padded(std::string text, std::ptrdiff_t width) {
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return text.append(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, width - characters)), ' ');
}

inline void print(std::ostream& out, const std::vector<run_figures>& runs) {
  std::string line = padded("", 32);
  for (const run_figures& run : runs) line += padded(run.heading(), 32);
  const auto end_line = [&] {
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  };
  for (std::size_t p = 0; p < overlap_protocols.size(); ++p) {
    end_line();
    line = padded(std::string(overlap_protocols[p].name), 32);
    for (const run_figures& run : runs) {
      const auto& [protocol, value, interval] = run.figures[p];
      line += padded(detail::formatted("%.4f  [%.4f, %.4f]", value, interval.low, interval.high), 32);
    }
  }
  end_line();
  for (std::size_t d = 0; d < runs.front().distance_figures.size(); ++d) {
    line = padded(runs.front().distance_figures[d].name, 32);
    for (const run_figures& run : runs) {
      const distance_figure& f = run.distance_figures[d];
      const std::string text = detail::formatted("%.3f  [%.3f, %.3f]", f.value, f.interval.low, f.interval.high);
      line += padded(f.images > 0 ? text : "-", 32);
    }
    end_line();
  }
  if (!runs.front().distance_figures.empty()) out << "distances are in pixels\n";
  for (const run_figures& run : runs)
    if (const auto without = static_cast<index_t>(run.distances.size()) -
                             (run.distances.empty() ? 0 : run.distance_figures.front().images);
        without > 0)
      out << name(run.at) << ": " << without << " of " << run.images.size()
          << " images have no distance, since one of the masks is empty\n";
}
inline void print(std::ostream& out, const run_comparison& c, const std::string& other) {
  out << "compared with " << other << ", " << name(c.at) << " resolution, " << c.images << " images\n";
  const auto row = [&](std::string_view named, double first, double second, double difference,
                       const confidence_interval& i, const std::optional<double>& p, int digits) {
    out << padded(std::string(named), 32)
        << padded(detail::formatted("%.*f", digits, first), 9) << padded(detail::formatted("%.*f", digits, second), 9)
        << padded(detail::formatted("%+.*f  [%+.*f, %+.*f]", digits, difference, digits, i.low, digits, i.high), 30)
        << (p ? detail::formatted("%.3g", *p) : std::string("-")) << '\n';
  };
  out << padded("", 32) << padded("this", 9) << padded("other", 9) << padded("difference", 30) << "p (Wilcoxon)\n";
  for (const protocol_difference& d : c.protocols) row(d.name, d.first, d.second, d.difference, d.interval, d.p, 4);
  for (const auto& [d, first, second, p] : c.distances)
    if (d.images > 0) row(d.name, first, second, d.value, d.interval, p, 3);
}

}  // namespace evaluate_program
