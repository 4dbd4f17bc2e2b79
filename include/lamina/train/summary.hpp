// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/train/log.hpp>

#include <fstream>
#include <string>
#include <string_view>

namespace lamina {

/// The most memory that this process ever held, from /proc; 0 where the system doesn't tell.
inline std::size_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

/// A word as a shell reads it: in quotes where it holds more than letters, digits and a few signs.
inline std::string shell_word(const std::string& word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

/// Writes what a run came to as one JSON object. `command` is how to do it again.
inline void write_summary(const std::filesystem::path& path, const train_result& r, const std::string& command) {
  nlohmann::ordered_json s;
  s["command"] = command;
  s["model"] = r.plan.network.at("model");
  s["network"] = r.plan.network;
  s["parameters"] = r.plan.parameters;
  s["planned_bytes"] = r.plan.planned_bytes();
  s["recomputed_share"] = r.plan.recomputed_share;
  s["peak_rss_bytes"] = peak_rss_bytes();
  s["images_per_second"] = r.images_per_second;
  s["waiting_share"] = r.waiting_share;
  s["seconds"] = r.seconds;
  s["epochs"] = r.epochs;
  s["steps"] = r.steps;
  s["end"] = name(r.end);
  s["best_epoch"] = r.best_epoch;
  s["weights_sha256"] = r.weights_sha256;
  if (!r.best_weights_sha256.empty()) s["best_weights_sha256"] = r.best_weights_sha256;
  for (const evaluation* e : {&r.validation, &r.test})
    if (!e->values.empty()) s[e->split] = detail::json_of(*e);
  s["skipped"] = detail::json_of(r.skipped);
  s["notice"] = "For research only; not a medical device.";
  write_file_atomically(path, s.dump(2) + '\n');
}

}  // namespace lamina
