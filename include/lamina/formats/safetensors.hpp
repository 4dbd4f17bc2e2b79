// lamina::safetensors · SPDX-License-Identifier: Apache-2.0
// The safetensors format (https://github.com/huggingface/safetensors): 8 bytes with the length of the header, little
// endian; the header, JSON that gives each tensor's dtype, shape and place; then the data, without gaps.
// It includes nlohmann-json, which takes a second or so to compile: for few sources.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/formats/atomic_file.hpp>
#include <lamina/formats/safetensors_dtype.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// One tensor of a file: how its bytes are to be read. The bytes belong to somebody else.
struct safetensors_entry {
  std::string name;
  std::string dtype;             // "F32", "BF16", "I64", …
  std::vector<index_t> extents;  // any number of them; none is a scalar
  byte_span bytes;               // row-major, little endian
};

/// An entry for `values`, which must outlive it. T is float, double, bfloat16 or an integer.
template <class T>
safetensors_entry make_entry(std::string name, std::span<const T> values, std::vector<index_t> extents) {
  return {std::move(name), std::string(safetensors_dtype_of<T>()), std::move(extents), std::as_bytes(values)};
}
template <class T>
safetensors_entry make_entry(std::string name, std::span<const T> values) {
  return make_entry(std::move(name), values, {static_cast<index_t>(values.size())});
}
/// The four extents as they are. Throws `error` unless x is contiguous.
template <class T>
safetensors_entry make_entry(std::string name, view<T> x) {
  require(x.contiguous() || x.size() == 0, "make_entry: '", name, "' ", x.extents(), " is not contiguous");
  const auto [N, H, W, C] = x.extents();
  return make_entry(std::move(name),
                    std::span<const std::remove_const_t<T>>(x.data(), static_cast<std::size_t>(x.size())),
                    {N, H, W, C});
}
template <class T>
safetensors_entry make_entry(std::string name, const tensor<T>& x) {
  return make_entry(std::move(name), x.view());
}

using safetensors_metadata = std::map<std::string, std::string>;

/// What a reader accepts at most. The header's limit is the format's own.
struct safetensors_limits {
  std::uintmax_t file_bytes = std::uintmax_t{16} << 30;
  std::uint64_t header_bytes = 100'000'000;
};

/// A file, read whole and believed only after every number in its header has been checked against the others.
///
///     const safetensors_file file("best.safetensors");
///     const tensor<float> w = file.read<float>("encoder.0.conv1.weight");
class safetensors_file {
 public:
  /// Throws `file_error` in one line with the file's name and the offending values: for a header that is no JSON, is
  /// longer than the file or a limit, nests or repeats names; for a tensor whose dtype is unknown, whose shape does not
  /// fit its bytes, which overlaps another, leaves a gap or ends outside the file.
  explicit safetensors_file(const std::filesystem::path& path, safetensors_limits limits = {})
      : safetensors_file(path.string(), read_file(path, limits.file_bytes), limits) {}
  /// The same from memory; `name` stands for the path in errors.
  safetensors_file(std::string name, std::vector<std::byte> bytes, safetensors_limits limits = {})
      : path_(std::move(name)), bytes_(std::move(bytes)) {
    parse(limits);
  }
  // entries point into bytes_, whose memory moves along with it; a copy's would not
  safetensors_file(safetensors_file&&) = default;
  safetensors_file& operator=(safetensors_file&&) = default;

  const std::string& path() const { return path_; }
  const safetensors_metadata& metadata() const { return metadata_; }
  /// The value of a metadata key. Throws `file_error` when it is absent.
  const std::string& metadata(const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) refuse("has no metadata '", key, "'");
    return found->second;
  }
  /// In the order of their data.
  const std::vector<safetensors_entry>& entries() const { return entries_; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : entries_) all.push_back(entry.name);
    return all;
  }
  bool contains(const std::string& name) const { return by_name_.contains(name); }
  /// Throws `file_error` when there is no such tensor.
  const safetensors_entry& entry(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) refuse("has no tensor '", name, "'");
    return entries_[found->second];
  }

  /// The elements as T, converted where the file's dtype is another; bits are kept where it is the same.
  /// Throws `file_error` for an absent name, or a dtype without a conversion (8-bit floats).
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const safetensors_entry& source = entry(name);
    std::vector<T> result(source.bytes.size() / safetensors_dtype_bytes(source.dtype));
    convert(source, result.data());
    return result;
  }
  /// The elements as T in a tensor: up to four extents, right aligned, [5,7] is [1,1,5,7]. Throws `file_error` as
  /// `values` does, and for more than four extents.
  template <class T>
  tensor<T> read(const std::string& name) const {
    const safetensors_entry& source = entry(name);
    if (source.extents.size() > 4) refuse("tensor '", name, "' has ", source.extents.size(), " extents, at most 4 fit");
    index_t extents[4] = {1, 1, 1, 1};
    std::copy_backward(source.extents.begin(), source.extents.end(), extents + 4);
    tensor<T> result({extents[0], extents[1], extents[2], extents[3]}, uninitialized);
    convert(source, result.data());
    return result;
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw file_error(path_, to_text("safetensors: ", parts...));
  }
  template <class T>
  void convert(const safetensors_entry& source, T* to) const {
    if (!convert_elements(source.dtype, source.bytes, to))
      refuse("tensor '", source.name, "' is ", source.dtype, ", which can't be read as numbers");
  }

  void parse(const safetensors_limits& limits) {
    if (bytes_.size() < 8) refuse("the file has ", bytes_.size(), " bytes, the length of the header alone takes 8");
    std::uint64_t header_bytes = 0;
    for (std::size_t i = 0; i < 8; ++i) header_bytes |= std::to_integer<std::uint64_t>(bytes_[i]) << (8 * i);
    if (header_bytes > limits.header_bytes)
      refuse("a header of ", header_bytes, " bytes exceeds the limit of ", limits.header_bytes);
    if (header_bytes > bytes_.size() - 8)
      refuse("a header of ", header_bytes, " bytes does not fit the file's ", bytes_.size(), " bytes");
    const byte_span all(bytes_);
    const nlohmann::json header = parse_json(all.subspan(8, header_bytes));
    const byte_span data = all.subspan(8 + header_bytes);
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__")
        read_metadata(value);
      else
        read_entry(name, value, data);
    }
    check_layout(data);
  }

  /// Duplicate names and deep nesting are refused while parsing, before anything is built from them.
  nlohmann::json parse_json(byte_span text) const {
    constexpr int deepest = 3;  // header > tensor > shape
    const auto* first = reinterpret_cast<const char*>(text.data());
    if (text.empty() || *first != '{') refuse("the header does not begin with '{'");
    std::vector<std::set<std::string>> keys;  // of the objects that are open now
    using event_t = nlohmann::json::parse_event_t;
    const auto inspect = [&](int depth, event_t event, const nlohmann::json& parsed) {
      if ((event == event_t::object_start || event == event_t::array_start) && depth >= deepest)
        refuse("the header nests deeper than ", deepest, " levels");
      if (event == event_t::object_start) keys.emplace_back();
      if (event == event_t::object_end) keys.pop_back();
      if (event == event_t::key && !keys.back().insert(parsed.get_ref<const std::string&>()).second)
        refuse("the name ", quoted(parsed.get_ref<const std::string&>()), " occurs twice");
      return true;
    };
    try {
      return nlohmann::json::parse(first, first + text.size(), inspect);
    } catch (const nlohmann::json::exception& problem) {
      std::string reason = problem.what();
      for (char& c : reason)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
      refuse("the header is no JSON: ", reason.substr(0, 300));
    }
  }

  /// For messages: one line of printable text whatever a file contains.
  static std::string quoted(const std::string& text) {
    std::string all = nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    return all.size() <= 120 ? all : all.substr(0, 120) + "…";
  }

  void read_metadata(const nlohmann::json& map) {
    if (!map.is_object()) refuse("__metadata__ is ", map.type_name(), ", not a map of strings");
    for (const auto& [key, value] : map.items()) {
      if (!value.is_string()) refuse("metadata ", quoted(key), " is ", value.type_name(), ", not a string");
      metadata_[key] = value.get<std::string>();
    }
  }

  void read_entry(const std::string& name, const nlohmann::json& value, byte_span data) {
    const std::string who = "tensor " + quoted(name);
    if (name.find('\0') != std::string::npos) refuse(who, " has a NUL in its name");
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      refuse(who, " is not described by exactly dtype, shape and data_offsets");
    if (!value["dtype"].is_string()) refuse(who, " has a dtype that is no string");
    const auto dtype = value["dtype"].get<std::string>();
    const std::uint64_t element_bytes = safetensors_dtype_bytes(dtype);
    if (element_bytes == 0) refuse(who, " has the unknown dtype ", quoted(dtype));

    const auto extents = naturals(who, "shape", value["shape"]);
    std::uint64_t expected = element_bytes;
    for (const std::uint64_t extent : extents)
      if (extent > max_bytes || __builtin_mul_overflow(expected, extent, &expected) || expected > max_bytes)
        refuse(who, " of shape ", value["shape"].dump().substr(0, 120), " and dtype ", dtype, " is too large");
    const auto offsets = naturals(who, "data_offsets", value["data_offsets"]);
    if (offsets.size() != 2) refuse(who, " has ", offsets.size(), " data_offsets instead of 2");
    const auto [begin, end] = std::pair(offsets[0], offsets[1]);
    if (begin > end || end > data.size()) refuse(who, " claims bytes ", begin, " to ", end, " of ", data.size());
    if (end - begin != expected)
      refuse(who, " claims ", end - begin, " bytes, but ", dtype, " of shape ", value["shape"].dump().substr(0, 120),
             " takes ", expected);
    entries_.push_back({name, dtype, {extents.begin(), extents.end()}, data.subspan(begin, end - begin)});
  }

  std::vector<std::uint64_t> naturals(const std::string& who, const char* key, const nlohmann::json& list) const {
    if (!list.is_array()) refuse(who, ": ", key, " is ", list.type_name(), ", not a list");
    std::vector<std::uint64_t> numbers;
    for (const auto& number : list) {
      if (!number.is_number_unsigned()) refuse(who, ": ", key, " holds what is no natural number");
      numbers.push_back(number.get<std::uint64_t>());
    }
    return numbers;
  }

  /// The data are covered by the tensors once, without gap or rest.
  void check_layout(byte_span data) {
    std::sort(entries_.begin(), entries_.end(), [](const safetensors_entry& a, const safetensors_entry& b) {
      return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
    });
    std::size_t covered = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& [name, dtype, extents, bytes] = entries_[i];
      const auto begin = static_cast<std::size_t>(bytes.data() - data.data());
      if (begin != covered)
        refuse("tensor ", quoted(name), " begins at byte ", begin, ", the one before ends at ", covered,
               begin < covered ? ": they overlap" : ": a gap");
      covered += bytes.size();
      by_name_[name] = i;
    }
    if (covered != data.size()) refuse("the tensors cover ", covered, " of ", data.size(), " bytes of data");
  }

  static constexpr std::uint64_t max_bytes = std::numeric_limits<index_t>::max();

  std::string path_;
  std::vector<std::byte> bytes_;
  std::vector<safetensors_entry> entries_;
  std::map<std::string, std::size_t> by_name_;
  safetensors_metadata metadata_;
};

/// Writes the entries, widest elements first so that all are aligned, else in the given order; replaces the file in one
/// step. Throws `error` for a name that occurs twice or whose bytes don't fit its shape, `file_error` as
/// `write_file_atomically` does.
inline void write_safetensors(const std::filesystem::path& path, std::vector<safetensors_entry> entries,
                              const safetensors_metadata& metadata = {}) {
  std::stable_sort(entries.begin(), entries.end(), [](const safetensors_entry& a, const safetensors_entry& b) {
    return safetensors_dtype_bytes(a.dtype) > safetensors_dtype_bytes(b.dtype);
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string> names{"__metadata__"};
  std::vector<byte_span> parts(2);
  std::size_t offset = 0;
  for (const auto& [name, dtype, extents, bytes] : entries) {
    require(names.insert(name).second, "write_safetensors: the name '", name, "' is used twice or reserved");
    std::size_t expected = safetensors_dtype_bytes(dtype);
    for (const index_t extent : extents) expected *= static_cast<std::size_t>(extent);
    require(expected == bytes.size() && safetensors_dtype_bytes(dtype) > 0, "write_safetensors: '", name, "' has ",
            bytes.size(), " bytes, its dtype ", dtype, " and shape ask for ", expected);
    header.push_back({name, {{"dtype", dtype}, {"shape", extents}, {"data_offsets", {offset, offset + bytes.size()}}}});
    parts.push_back(bytes);
    offset += bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::byte length[8];
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::byte>(text.size() >> (8 * i));
  parts[0] = length;
  parts[1] = bytes_of(text);
  write_file_atomically(path, parts);
}

}  // namespace lamina
