// SPDX-License-Identifier: Apache-2.0
// A data set's description from any bytes: either a data set or a lamina::error, never anything else.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/yaml_fuzz.cpp -lyaml-cpp
#include <lamina/data/yaml_dataset.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > 512) return -1;  // not worth keeping: small files reach every path, many times a second
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  try {
    const lamina::dataset data =
        lamina::parse_yaml_dataset(text, "/data/fuzz.yml", {.bytes = 1 << 20, .entries = 1 << 16});
    // What was read can be written and read again.
    lamina::parse_yaml_dataset(lamina::yaml_text(data, "/data"), "/data/fuzz.yml", {.entries = 1 << 18});
  } catch (const lamina::error&) {
  }
  return 0;
}
