// SPDX-License-Identifier: Apache-2.0
// Any bytes are either read or refused with file_error. Build and run by hand:
//
//     clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/safetensors_fuzz.cpp -o fuzz
//     ./fuzz -runs=1000000 -max_len=512 tests/golden
#include <lamina/formats/safetensors.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  try {
    const lamina::safetensors_file file("fuzz", std::vector<std::byte>(bytes, bytes + size));
    double sum = 0;
    for (const auto& entry : file.entries()) {
      try {
        for (const float value : file.values<float>(entry.name)) sum += value;
        const auto x = file.read<lamina::bfloat16>(entry.name);
        if (x.size() > 0) sum += static_cast<double>(x[x.size() - 1]);
      } catch (const lamina::file_error&) {  // a dtype without a conversion, more than four extents
      }
    }
    static volatile double result;
    result = sum;
  } catch (const lamina::file_error& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();  // one line, always
  }
  return 0;
}
