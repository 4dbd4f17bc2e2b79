// lamina::data · SPDX-License-Identifier: Apache-2.0
// The DeepHealth Toolkit Dataset Format: one YAML file that lists images, labels or masks, and splits.
#pragma once

#include <lamina/data/dataset.hpp>
#include <lamina/formats/atomic_file.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lamina {

/// What a file may cost at most. A few aliases can make a small text stand for a huge list.
struct yaml_limits {
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t entries = std::size_t{1} << 22;  // images, indices, labels and values together
};

namespace detail {

class yaml_dataset_reader {
 public:
  yaml_dataset_reader(const std::filesystem::path& file, const yaml_limits& limits) : file_(file), limits_(limits) {}

  dataset read(const std::string& text) {
    if (text.size() > limits_.bytes)
      throw file_error(file_.string(), to_text(text.size(), " bytes, more than the limit of ", limits_.bytes));
    if (text.find('\0') != std::string::npos) throw file_error(file_.string(), "not a text: it contains a NUL byte");
    try {
      read_root(YAML::Load(text));
    } catch (const YAML::Exception& e) {
      throw file_error(file_.string(), to_text("line ", e.mark.line + 1, ", column ", e.mark.column + 1, ": ", e.msg));
    }
    return std::move(data_);
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const YAML::Node& where, const Parts&... parts) const {
    throw file_error(file_.string(), to_text("line ", std::max(0, where.Mark().line) + 1, ": ", parts...));
  }

  static std::string_view kind(const YAML::Node& node) {
    switch (node.Type()) {
      case YAML::NodeType::Scalar: return "a scalar";
      case YAML::NodeType::Sequence: return "a list";
      case YAML::NodeType::Map: return "a map";
      default: return "nothing";
    }
  }
  std::string text_of(const YAML::Node& node, std::string_view what) const {
    if (!node.IsScalar() || node.Scalar().empty()) refuse(node, what, " must be a text, not ", kind(node));
    return node.Scalar();
  }
  void count_entry(const YAML::Node& where) {
    if (++entries_ > limits_.entries) refuse(where, "more than the limit of ", limits_.entries, " entries");
  }

  /// The values of `map` under the given keys, in their order; other keys are ignored, a repeated one is refused.
  template <std::size_t Count>
  std::array<YAML::Node, Count> values_of(const YAML::Node& map, const std::array<std::string_view, Count>& keys) {
    std::array<YAML::Node, Count> values;
    for (YAML::Node& value : values) value.reset(YAML::Node(YAML::NodeType::Undefined));
    for (const auto& entry : map) {
      count_entry(entry.first);
      if (!entry.first.IsScalar()) continue;
      const auto key = std::find(keys.begin(), keys.end(), entry.first.Scalar());
      if (key == keys.end()) continue;
      YAML::Node& value = values[static_cast<std::size_t>(key - keys.begin())];
      if (value.IsDefined()) refuse(entry.first, "'", *key, "' is given twice");
      value.reset(entry.second);
    }
    return values;
  }
  /// A missing value and an empty one (`key:`) are the same.
  static bool given(const YAML::Node& node) { return node.IsDefined() && !node.IsNull(); }

  void read_root(const YAML::Node& root) {
    if (!root.IsMap()) refuse(root, "expected a map with 'images' and 'split', found ", kind(root));
    const auto [name, description, classes, features, images, split] =
        values_of<6>(root, {"name", "description", "classes", "features", "images", "split"});
    data_.name = given(name) ? text_of(name, "'name'") : file_.stem().string();
    if (given(description)) data_.description = text_of(description, "'description'");
    data_.classes = names(classes, "classes");
    data_.features = names(features, "features");
    if (!given(images)) refuse(root, "'images' is missing");
    if (images.IsSequence()) {
      for (const YAML::Node& entry : images) read_sample(entry);
    } else {
      read_sample(images);
    }
    if (data_.samples.empty()) refuse(images, "'images' lists none");
    if (given(split)) read_splits(split);
  }

  std::vector<std::string> names(const YAML::Node& list, std::string_view key) {
    std::vector<std::string> found;
    if (!given(list)) return found;
    if (!list.IsSequence()) refuse(list, "'", key, "' must be a list, not ", kind(list));
    std::set<std::string> seen;
    for (const YAML::Node& entry : list) {
      count_entry(entry);
      found.push_back(text_of(entry, to_text("an entry of '", key, "'")));
      if (!seen.insert(found.back()).second) refuse(entry, "'", found.back(), "' stands twice in '", key, "'");
    }
    return found;
  }

  /// A path, a list of paths, or a map with location (either of them) and perhaps label and values.
  void read_sample(const YAML::Node& entry) {
    count_entry(entry);
    sample read;
    if (entry.IsMap()) {
      const auto [location, label, values] = values_of<3>(entry, {"location", "label", "values"});
      if (!given(location)) refuse(entry, "image ", data_.samples.size(), " has no 'location'");
      read_location(location, read);
      if (given(label)) read_label(label, read);
      if (given(values)) read_values(values, read);
    } else {
      read_location(entry, read);
    }
    data_.samples.push_back(std::move(read));
  }

  std::filesystem::path resolve(const std::string& path) const {
    return (file_.parent_path() / path).lexically_normal();  // an absolute path stays as it is
  }

  void read_location(const YAML::Node& location, sample& read) {
    const auto what = [&] { return to_text("the path of image ", data_.samples.size()); };
    if (location.IsSequence()) {
      for (const YAML::Node& path : location) {
        count_entry(path);
        if (read.image.empty()) {
          read.image = resolve(text_of(path, what()));
        } else {
          read.further_images.push_back(resolve(text_of(path, what())));
        }
      }
      if (read.image.empty()) refuse(location, what(), " is an empty list");
    } else {
      read.image = resolve(text_of(location, what()));
    }
    read.name = read.image.stem().string();
  }

  static bool is_index(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    return node.Tag() != "!" && !text.empty() && text.size() < 18 &&  // tag "!": the text is quoted
           text.find_first_not_of("0123456789", text[0] == '-' ? 1 : 0) == std::string::npos && text != "-";
  }
  static index_t index_of(const YAML::Node& node) {
    index_t value = 0;
    const std::string& text = node.Scalar();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  /// The name of a class, its number, or a list of those; a text that names no class is the path of the mask.
  void read_label(const YAML::Node& label, sample& read) {
    if (label.IsSequence()) {
      for (const YAML::Node& entry : label) {
        count_entry(entry);
        if (!read_class(entry, read)) refuse(entry, "label '", text_of(entry, "a label"), "' names no class");
      }
    } else if (!read_class(label, read)) {
      read.mask = resolve(text_of(label, "a label"));
    }
  }
  bool read_class(const YAML::Node& label, sample& read) {
    const std::string text = text_of(label, "a label");
    const auto found = std::find(data_.classes.begin(), data_.classes.end(), text);
    if (found != data_.classes.end()) {
      read.labels.push_back(found - data_.classes.begin());
      return true;
    }
    if (!is_index(label)) return false;
    const index_t number = index_of(label);
    if (data_.classes.empty()) refuse(label, "label ", number, " is the number of a class, but there are no 'classes'");
    if (number < 0 || number >= static_cast<index_t>(data_.classes.size()))
      refuse(label, "label ", number, " is out of range: there are ", data_.classes.size(),
             " classes, numbered from 0");
    read.labels.push_back(number);
    return true;
  }

  /// A list in the order of 'features' (empty entries are left out), or a map from feature to value.
  void read_values(const YAML::Node& values, sample& read) {
    if (values.IsSequence()) {
      if (values.size() > data_.features.size())
        refuse(values, values.size(), " values for ", data_.features.size(), " features");
      std::size_t i = 0;
      for (const YAML::Node& value : values) {
        count_entry(value);
        if (given(value)) read.values[data_.features[i]] = text_of(value, "a value");
        ++i;
      }
    } else if (values.IsMap()) {
      for (const auto& entry : values) {
        count_entry(entry.first);
        const std::string feature = text_of(entry.first, "a feature");
        if (std::find(data_.features.begin(), data_.features.end(), feature) == data_.features.end())
          refuse(entry.first, "value for '", feature, "', which is not in 'features'");
        if (given(entry.second)) read.values[feature] = text_of(entry.second, "a value");
      }
    } else {
      refuse(values, "'values' must be a list or a map, not ", kind(values));
    }
  }

  void read_splits(const YAML::Node& splits) {
    if (!splits.IsMap()) refuse(splits, "'split' must be a map from names to lists of indices, not ", kind(splits));
    std::vector<std::string> owner(data_.samples.size());  // the usual split that has the sample
    for (const auto& entry : splits) {
      const std::string name = text_of(entry.first, "the name of a split");
      if (data_.has_split(name)) refuse(entry.first, "split '", name, "' is given twice");
      std::vector<index_t>& indices = data_.splits[name];
      if (!given(entry.second)) continue;
      if (!entry.second.IsSequence())
        refuse(entry.second, "split '", name, "' must be a list of indices, not ", kind(entry.second));
      const bool usual = name == "training" || name == "validation" || name == "test";
      std::vector<bool> seen(data_.samples.size());
      for (const YAML::Node& node : entry.second) {
        count_entry(node);
        if (!node.IsScalar() || !is_index(node))
          refuse(node, "split '", name, "' has ", node.IsScalar() ? "'" + node.Scalar() + "'" : std::string(kind(node)),
                 " where an index is expected");
        const index_t index = index_of(node);
        if (index < 0 || index >= static_cast<index_t>(data_.samples.size()))
          refuse(node, "split '", name, "': index ", index, " is out of range: there are ", data_.samples.size(),
                 " images, numbered from 0");
        const auto i = static_cast<std::size_t>(index);
        if (seen[i]) refuse(node, "split '", name, "' has index ", index, " twice");
        if (usual && !owner[i].empty())
          refuse(node, "index ", index, " is in split '", owner[i], "' and in '", name, "'");
        seen[i] = true;
        if (usual) owner[i] = name;
        indices.push_back(index);
      }
    }
  }

  std::filesystem::path file_;
  yaml_limits limits_;
  std::size_t entries_ = 0;
  dataset data_;
};

}  // namespace detail

/// The data set that `text` describes in the DeepHealth Toolkit Dataset Format; relative paths start at the folder of
/// `file`, which need not exist. `name` is the file's name where absent. Image files are not opened, and images without
/// mask are kept: `apply` refuses them or leaves them out.
/// Throws `file_error` with file and line for a text that is no YAML, a value of the wrong kind, a number out of range,
/// an index that stands twice in a split or in two of training, validation and test, and for what exceeds `limits`.
inline dataset parse_yaml_dataset(const std::string& text, const std::filesystem::path& file,
                                  const yaml_limits& limits = {}) {
  return detail::yaml_dataset_reader(file, limits).read(text);
}

/// The same for a file.
inline dataset read_yaml_dataset(const std::filesystem::path& file, const yaml_limits& limits = {}) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw file_error(file.string(), "can't be opened");
  std::error_code unknown_size;
  if (const auto bytes = std::filesystem::file_size(file, unknown_size); !unknown_size && bytes > limits.bytes)
    throw file_error(file.string(), to_text(bytes, " bytes, more than the limit of ", limits.bytes));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) throw file_error(file.string(), "can't be read");
  return parse_yaml_dataset(text, file, limits);
}

/// `data` in the same format; paths are written relative to `folder` where they lie below it.
inline std::string yaml_text(const dataset& data, const std::filesystem::path& folder) {
  const std::filesystem::path root = std::filesystem::absolute(folder).lexically_normal();
  const auto path_text = [&](const std::filesystem::path& path) {
    const std::filesystem::path full = std::filesystem::absolute(path).lexically_normal();
    const std::filesystem::path relative = full.lexically_relative(root);
    return (relative.empty() || *relative.begin() == ".." ? full : relative).generic_string();
  };
  YAML::Emitter out;
  const auto key = [&](const std::string& text) -> YAML::Emitter& { return out << YAML::Key << text << YAML::Value; };
  // Texts are quoted, so that none reads as a number, and lists stand on one line.
  const auto write_texts = [&](const std::vector<std::string>& texts) {
    out << YAML::Flow << YAML::BeginSeq;
    for (const std::string& text : texts) out << YAML::DoubleQuoted << text;
    out << YAML::EndSeq;
  };
  const auto write_numbers = [&](const std::vector<index_t>& numbers) {
    out << YAML::Flow << YAML::BeginSeq;
    for (const index_t number : numbers) out << number;
    out << YAML::EndSeq;
  };
  const auto write_sample = [&](const sample& entry) {
    out << YAML::BeginMap;
    key("location");
    if (entry.further_images.empty()) {
      out << YAML::DoubleQuoted << path_text(entry.image);
    } else {
      std::vector<std::string> paths{path_text(entry.image)};
      for (const auto& path : entry.further_images) paths.push_back(path_text(path));
      write_texts(paths);
    }
    if (!entry.mask.empty()) {
      key("label") << YAML::DoubleQuoted << path_text(entry.mask);
    } else if (!entry.labels.empty()) {
      key("label");
      write_numbers(entry.labels);
    }
    if (!entry.values.empty()) {
      key("values") << YAML::Flow << YAML::BeginMap;
      for (const auto& [feature, value] : entry.values) key(feature) << YAML::DoubleQuoted << value;
      out << YAML::EndMap;
    }
    out << YAML::EndMap;
  };

  out << YAML::BeginMap;
  key("name") << YAML::DoubleQuoted << data.name;
  if (!data.description.empty()) key("description") << YAML::DoubleQuoted << data.description;
  if (!data.classes.empty()) {
    key("classes");
    write_texts(data.classes);
  }
  if (!data.features.empty()) {
    key("features");
    write_texts(data.features);
  }
  key("images") << YAML::BeginSeq;
  for (const sample& entry : data.samples) write_sample(entry);
  out << YAML::EndSeq;
  if (!data.splits.empty()) {
    key("split") << YAML::BeginMap;
    for (const auto& [name, indices] : data.splits) {
      key(name);
      write_numbers(indices);
    }
    out << YAML::EndMap;
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

/// Writes `data` to `file` in one step. Throws `file_error` when that fails; what was there before then stays.
inline void write_yaml_dataset(const dataset& data, const std::filesystem::path& file) {
  write_file_atomically(file, yaml_text(data, std::filesystem::absolute(file).parent_path()));
}

}  // namespace lamina
