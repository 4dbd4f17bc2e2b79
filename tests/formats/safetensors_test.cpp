// SPDX-License-Identifier: Apache-2.0
#include <lamina/formats/safetensors.hpp>

#include "../support/paths.hpp"
#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <cmath>
#include <csignal>

#include <sys/resource.h>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// A file from its header's text and a number of data bytes; `claimed` overrides the header's length.
std::vector<std::byte> file_bytes(std::string_view header, std::size_t data,
                                  std::optional<std::uint64_t> claimed = {}) {
  std::vector<std::byte> bytes;
  const std::uint64_t length = claimed.value_or(header.size());
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(length >> (8 * i)));
  for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
  bytes.resize(bytes.size() + data);
  return bytes;
}

void check_refused(const std::vector<std::byte>& bytes, const std::string& expected) {
  try {
    safetensors_file file("x.safetensors", bytes);
    FAIL_CHECK("accepted; expected '", expected, "'");
  } catch (const file_error& e) {
    const std::string text = e.what();
    CHECK_MESSAGE(text.starts_with("x.safetensors: safetensors: "), text);
    CHECK_MESSAGE(text.find(expected) != std::string::npos, "'", text, "' lacks '", expected, "'");
    CHECK(text.find('\n') == std::string::npos);
  }
}
void check_refused(std::string_view header, std::size_t data, const std::string& expected) {
  check_refused(file_bytes(header, data), expected);
}

}  // namespace

TEST_CASE("safetensors: what is written is read") {
  temporary_folder folder;
  const auto path = folder.path() / "a.safetensors";
  const auto weights = random_tensor<float>({4, 3, 3, 2}, 1);
  const auto half = random_tensor<bfloat16>({1, 1, 1, 5}, 2);
  const std::vector<std::int64_t> state{-1, std::int64_t{1} << 62};
  const std::vector<std::uint8_t> mask{0, 255, 7};
  const double scalar = 0.1;
  write_safetensors(
      path,
      {make_entry("mask", std::span(std::as_const(mask))), make_entry("half", half),
       make_entry("encoder.0.weight", weights), make_entry("state", std::span(std::as_const(state))),
       make_entry("scalar", std::span(&scalar, 1), {}), make_entry("empty", std::span<const float>{}, {0, 3})},
      {{"format", "lamina"}, {"note", "a \"quoted\" line\nand é"}});
  const safetensors_file file(path);
  CHECK(file.metadata().size() == 2);
  CHECK(file.metadata("note") == "a \"quoted\" line\nand é");
  CHECK(file.names().size() == 6);
  CHECK(file.contains("half"));
  CHECK_FALSE(file.contains("whole"));
  CHECK(same_bits<float>(file.read<float>("encoder.0.weight"), weights));
  CHECK(same_bits<bfloat16>(file.read<bfloat16>("half"), half));
  CHECK(file.read<float>("half")[3] == static_cast<float>(half[3]));
  CHECK(file.values<std::int64_t>("state") == state);
  CHECK(file.values<std::uint8_t>("mask") == mask);
  CHECK(file.values<float>("mask")[1] == 255);
  CHECK(file.values<double>("scalar")[0] == 0.1);
  CHECK(file.read<double>("scalar").extents() == shape{1, 1, 1, 1});
  CHECK(file.read<float>("empty").extents() == shape{1, 1, 0, 3});
  CHECK(file.entry("encoder.0.weight").extents == std::vector<index_t>{4, 3, 3, 2});
  for (const auto& entry : file.entries())
    CHECK(reinterpret_cast<std::uintptr_t>(entry.bytes.data()) % safetensors_dtype_bytes(entry.dtype) == 0);
  check_error([&] { file.entry("whole"); }, path.string() + ": safetensors: has no tensor 'whole'");
  check_error([&] { file.metadata("model"); }, "has no metadata 'model'");
}

TEST_CASE("safetensors: a file of the original implementation") {
  const safetensors_file golden(repository_folder() / "tests" / "golden" / "safetensors_dtypes.safetensors");
  CHECK(golden.metadata("maker") == "safetensors");
  for (const char* name : {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8"}) {
    CAPTURE(name);
    CHECK(golden.values<float>(name) == std::vector<float>{-2, 0, 1, 100});
  }
  CHECK(golden.values<float>("U8") == std::vector<float>{0, 1, 200, 255});
  CHECK(golden.values<int>("BOOL") == std::vector<int>{1, 0, 1});
  // Smallest, largest subnormal, largest, ∞, −∞, NaN, −0.
  const auto special = golden.values<float>("F16_special");
  CHECK(special[0] == 0x1p-24f);
  CHECK(special[1] == 0x3ffp-24f);
  CHECK(special[2] == 65504);
  CHECK(special[3] == INFINITY);
  CHECK(special[4] == -INFINITY);
  CHECK(std::isnan(special[5]));
  CHECK(std::signbit(special[6]));
  CHECK(golden.read<float>("matrix").extents() == shape{1, 1, 2, 3});
  CHECK(golden.read<float>("matrix")(0, 0, 1, 0) == 3);
  CHECK_THROWS_AS(golden.read<float>("F8_E4M3"), file_error);
  check_error([&] { golden.read<float>("five"); }, "tensor 'five' has 5 extents, at most 4 fit");
}

TEST_CASE("safetensors: a lying header is refused in one line") {
  check_refused(std::vector<std::byte>(7), "the file has 7 bytes");
  check_refused(file_bytes("{}", 0, 3), "a header of 3 bytes does not fit the file's 10 bytes");
  check_refused(file_bytes("{}", 0, ~std::uint64_t{0}), "a header of 18446744073709551615 bytes exceeds the limit");
  check_refused("", 0, "does not begin with '{'");
  check_refused("[1]", 0, "does not begin with '{'");
  check_refused("{\"a\":", 0, "is no JSON");
  check_refused(std::string_view("{\0}", 3), 0, "is no JSON");
  check_refused("{} x", 0, "is no JSON");
  check_refused("{\"a\xff\":1}", 0, "is no JSON");
  check_refused("{\"a\":" + std::string(100000, '[') + "}", 0, "nests deeper than 3 levels");
  check_refused(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
      "the name \"a\" occurs twice");
  check_refused(R"({"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1, "\"shape\" occurs twice");
  check_refused(R"({"a\u0000b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1, "has a NUL in its name");
  check_refused(R"({"a":{"dtype":"U8","shape":[1]}})", 1, "not described by exactly");
  check_refused(R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4, "unknown dtype \"F31\"");
  check_refused(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4, "dtype that is no string");
  check_refused(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4,
                "shape holds what is no natural number");
  check_refused(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4,
                "shape holds what is no natural number");
  check_refused(R"({"a":{"dtype":"F32","shape":3,"data_offsets":[0,4]}})", 4, "shape is number, not a list");
  check_refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
                "claims 4 bytes, but F32 of shape [2] takes 8");
  check_refused(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, "is too large");
  check_refused(R"({"a":{"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]}})", 0, "is too large");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "has 1 data_offsets instead of 2");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 4, "claims bytes 4 to 8 of 4");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "claims bytes 4 to 0 of 4");
  check_refused(
      R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3,
      "tensor \"b\" begins at byte 1, the one before ends at 2: they overlap");
  check_refused(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})", 3,
      "tensor \"b\" begins at byte 2, the one before ends at 1: a gap");
  check_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 3, "the tensors cover 1 of 3 bytes");
  check_refused(R"({"__metadata__":[]})", 0, "__metadata__ is array, not a map of strings");
  check_refused(R"({"__metadata__":{"a":1}})", 0, "metadata \"a\" is number, not a string");
}

TEST_CASE("safetensors: what can't be read says why") {
  temporary_folder folder;
  check_error([&] { safetensors_file{folder.path() / "none"}; }, folder.path().string() + "/none: no such file");
  check_error([&] { safetensors_file{folder.path()}; }, folder.path().string() + ": is not a regular file");
  write_file_atomically(folder.path() / "long", std::string_view("0123456789"));
  check_error([&] { safetensors_file(folder.path() / "long", safetensors_limits{.file_bytes = 9}); },
              "10 bytes exceed the limit of 9");
}

TEST_CASE("safetensors: a failed write leaves the old file and nothing else") {
  temporary_folder folder;
  const auto path = folder.path() / "a.safetensors";
  const tensor<float> x({1, 100, 100, 1});
  write_safetensors(path, {make_entry("x", x)}, {{"version", "old"}});
  // a file size limit stands for the full disk: write() fails alike
  const rlimit generous{RLIM_INFINITY, RLIM_INFINITY}, tight{20000, RLIM_INFINITY};
  std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  check_error(
      [&] {
        write_safetensors(path, {make_entry("x", x)}, {{"version", "new"}});
      },
      path.string() + ".partial: write failed: File too large");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &generous) == 0);
  CHECK(safetensors_file(path).metadata("version") == "old");
  CHECK_FALSE(std::filesystem::exists(path.string() + ".partial"));
  check_error([&] { write_safetensors(folder.path() / "no/such/folder", {}); },
              "open failed: No such file or directory");
}

TEST_CASE("safetensors: entries that can't be written are refused") {
  temporary_folder folder;
  const tensor<float> x({1, 1, 1, 3});
  check_error(
      [&] {
        write_safetensors(folder.path() / "a", {make_entry("x", x), make_entry("x", x)});
      },
      "'x' is used twice");
  check_error([&] { write_safetensors(folder.path() / "a", {make_entry("x", std::span(x.data(), 3), {2})}); },
              "'x' has 12 bytes, its dtype F32 and shape ask for 8");
  const tensor<float> wide({1, 2, 2, 4});
  check_error([&] { make_entry("x", wide.view().channels(1, 2)); }, "'x' [1,2,2,2] is not contiguous");
  CHECK(std::filesystem::is_empty(folder.path()));
}
