// SPDX-License-Identifier: Apache-2.0
// The augmentation language from any bytes: a recipe, which prints and reads back as itself, or a lamina::error.
// clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -I include tests/fuzz/augment_fuzz.cpp -ljpeg -lpng
#include <lamina/augment/augment.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::optional<lamina::augment::recipe> read;
  try {
    read = lamina::augment::parse_recipe(text, "fuzz.aug");
  } catch (const lamina::error&) {
    return 0;
  }
  // What was read can be printed, and what was printed must be read as the same.
  const std::string printed = to_text(*read);
  if (to_text(lamina::augment::parse_recipe(printed, "printed.aug")) != printed) __builtin_trap();
  return 0;
}
