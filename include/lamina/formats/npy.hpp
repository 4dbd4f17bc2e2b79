// lamina::formats · SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), read strictly. Not
// through xtensor's `load_npy`, whose release 0.24 misreads headers of 128 to 255 bytes (signed characters) and does
// not notice that a file is cut short.
#pragma once

#include <lamina/core/tensor.hpp>
#include <lamina/formats/atomic_file.hpp>
#include <lamina/formats/safetensors_dtype.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace lamina {

namespace detail {

struct npy_type {
  std::string_view descr, dtype;  // NumPy's name and the one of safetensors_dtype.hpp
};
// clang-format off
inline constexpr std::array<npy_type, 12> npy_types{{
    {"<f8", "F64"}, {"<f4", "F32"}, {"<f2", "F16"}, {"<i8", "I64"}, {"<i4", "I32"}, {"<i2", "I16"},
    {"|i1", "I8"},  {"<u8", "U64"}, {"<u4", "U32"}, {"<u2", "U16"}, {"|u1", "U8"},  {"|b1", "BOOL"}}};
// clang-format on

/// What the dictionary at the head of a file says.
struct npy_header {
  std::string descr;
  std::vector<index_t> extents;
};

/// Reads {'descr':'<f4','fortran_order':False,'shape':(2,3),}, from which blanks were removed.
class npy_header_scanner {
 public:
  npy_header_scanner(const std::string& path, std::string_view text) : path_(path), rest_(text) {}

  npy_header scan() {
    npy_header header;
    expect("{'descr':'");
    header.descr = rest_.substr(0, rest_.find('\''));
    rest_.remove_prefix(header.descr.size());
    expect("','fortran_order':");
    if (accept("True")) throw file_error(path_, "npy: columns come first (fortran_order), rows are wanted");
    expect("False,'shape':(");
    while (!accept(")")) {
      index_t extent = -1;
      const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (problem != std::errc{} || extent < 0) refuse("an extent");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      header.extents.push_back(extent);
      if (!accept(",") && !rest_.starts_with(')')) refuse("',' or ')'");
    }
    accept(",");
    expect("}");
    return header;
  }

 private:
  bool accept(std::string_view token) {
    const bool there = rest_.starts_with(token);
    if (there) rest_.remove_prefix(token.size());
    return there;
  }
  void expect(std::string_view token) {
    if (!accept(token)) refuse(token);
  }
  [[noreturn]] void refuse(std::string_view expected) const {
    std::string found(rest_.substr(0, 20));
    for (char& c : found)
      if (c < ' ' || c > '~') c = '?';
    throw file_error(path_, to_text("npy: the header has '", found, "' where ", expected, " is expected"));
  }

  const std::string& path_;
  std::string_view rest_;
};

}  // namespace detail

/// The array as T, converted where the file's type is another: up to four extents, right aligned, [5,7] is [1,1,5,7].
/// Throws `file_error` with the file's name: no .npy file, big endian, column-major, objects or complex numbers, more
/// than four extents, or a shape that does not fit the file's length.
template <class T>
tensor<T> read_npy(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t{16} << 30) {
  const std::string name = path.string();
  const auto refuse = [&](const auto&... parts) { throw file_error(name, to_text("npy: ", parts...)); };
  const std::vector<std::byte> bytes = read_file(path, limit);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("\x93NUMPY") || text.size() < 12) refuse("does not begin with NumPy's signature");
  const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
  const std::size_t version = byte(6), start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3) refuse("version ", version, " is unknown");
  const std::size_t length = byte(8) | byte(9) << 8 | (version == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > text.size() - start)
    refuse("a header of ", length, " bytes does not fit the file's ", text.size(), " bytes");

  std::string dictionary(text.substr(start, length));
  std::erase_if(dictionary, [](char c) { return c == ' ' || c == '\n'; });
  const detail::npy_header header = detail::npy_header_scanner(name, dictionary).scan();
  const auto type = std::find_if(detail::npy_types.begin(), detail::npy_types.end(),
                                 [&](const detail::npy_type& known) { return known.descr == header.descr; });
  if (type == detail::npy_types.end()) refuse("type '", header.descr.substr(0, 40), "' can't be read");
  if (header.extents.size() > 4) refuse(header.extents.size(), " extents, at most 4 fit");

  const byte_span data = byte_span(bytes).subspan(start + length);
  auto expected = static_cast<index_t>(safetensors_dtype_bytes(type->dtype));
  for (const index_t extent : header.extents)
    if (__builtin_mul_overflow(expected, extent, &expected)) refuse("its extents overflow");
  if (expected != static_cast<index_t>(data.size()))
    refuse("its shape asks for ", expected, " bytes, ", data.size(), " follow");
  index_t aligned[4] = {1, 1, 1, 1};
  std::copy_backward(header.extents.begin(), header.extents.end(), aligned + 4);
  tensor<T> result({aligned[0], aligned[1], aligned[2], aligned[3]}, uninitialized);
  convert_elements(type->dtype, data, result.data());
  return result;
}

/// Writes the four extents of x, in one step. Throws `error` unless x is contiguous, `file_error` as
/// `write_file_atomically` does. T is float, double or an integer.
template <class T>
void write_npy(const std::filesystem::path& path, view<T> x) {
  require(x.contiguous() || x.size() == 0, "write_npy: ", x.extents(), " is not contiguous");
  constexpr std::string_view dtype = safetensors_dtype_of<std::remove_const_t<T>>();
  static_assert(dtype != "BF16", "NumPy has no bfloat16");
  const auto* type = std::find_if(detail::npy_types.begin(), detail::npy_types.end(),
                                  [&](const detail::npy_type& known) { return known.dtype == dtype; });
  const auto [N, H, W, C] = x.extents();
  std::string head = to_text("{'descr': '", type->descr, "', 'fortran_order': False, 'shape': (", N, ", ", H, ", ", W,
                             ", ", C, "), }");
  head.append(63 - (10 + head.size()) % 64, ' ');  // data begin at a multiple of 64
  head += '\n';
  const std::string signature = {
      '\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(head.size() & 255), static_cast<char>(head.size() >> 8)};
  const byte_span parts[] = {bytes_of(signature), bytes_of(head),
                             std::as_bytes(std::span(x.data(), static_cast<std::size_t>(x.size())))};
  write_file_atomically(path, parts);
}

}  // namespace lamina
