// SPDX-License-Identifier: Apache-2.0
// What a command line gave, kept as text, so that a later command line can change one option and keep the others.
#pragma once

#include <lamina/train/summary.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

/// The words of each option that was given, by its name.
class given_options {
 public:
  /// Reads a command line into the program's variables, in place of what was given for the same options before. An
  /// option called `forgotten` is read but not kept.
  void parse(CLI::App& app, std::vector<std::string> words, const std::string& forgotten) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(words);
    for (const CLI::Option* o : app.get_options()) {
      if (o->count() == 0 || o->check_lname(forgotten)) continue;
      std::vector<std::string>& kept = given_[o->get_name()] = o->reduced_results();
      if (o->get_items_expected_max() == 0)
        kept = {o->get_name() + '=' + kept.back()};  // a flag
      else if (o->nonpositional())
        kept.insert(kept.begin(), o->get_name());
    }
  }
  /// Reads what `text` gave.
  void parse_text(CLI::App& app, const std::string& text, const std::string& forgotten) {
    std::vector<std::string> words;
    std::istringstream lines(text);
    for (std::string word; std::getline(lines, word);) words.push_back(word);
    given_.clear();
    parse(app, words, forgotten);
  }

  std::vector<std::string> words() const {
    std::vector<std::string> all;
    for (const auto& [option, words] : given_) all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  /// How to call the program so once more.
  std::string command_line(std::string program) const {
    for (const std::string& word : words()) program += ' ' + lamina::shell_word(word);
    return program;
  }
  /// A word a line.
  std::string text() const {
    std::string lines;
    for (const std::string& word : words()) lines += word + '\n';
    return lines;
  }

 private:
  std::map<std::string, std::vector<std::string>> given_;
};
