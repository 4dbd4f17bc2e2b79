// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>

#include <array>
#include <cstdlib>
#include <ostream>
#include <string_view>

namespace lamina {

/// Instruction sets with kernels of their own. `portable` needs only the compiler's baseline.
enum class isa { portable, neon, avx2, avx512 };

/// Those that a program for this kind of processor has kernels of, in rising order.
#if defined(__aarch64__)
inline constexpr std::array<isa, 2> all_isas{isa::portable, isa::neon};
#elif defined(__x86_64__)
inline constexpr std::array<isa, 3> all_isas{isa::portable, isa::avx2, isa::avx512};
#else
inline constexpr std::array<isa, 1> all_isas{isa::portable};
#endif

constexpr std::string_view name(isa set) {
  switch (set) {
    case isa::avx512: return "avx512";
    case isa::avx2: return "avx2";
    case isa::neon: return "neon";
    default: return "portable";
  }
}
inline std::ostream& operator<<(std::ostream& out, isa set) { return out << name(set); }

/// Whether this machine can run kernels of `set`.
inline bool is_supported([[maybe_unused]] isa set) {
#if defined(__aarch64__)
  if (set == isa::neon) return true;
#elif defined(__x86_64__)
  if (set == isa::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (set == isa::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return set == isa::portable;
}

/// The set called `text`; throws `error` for an unknown name or one that this machine can't run.
inline isa isa_from_name(std::string_view text) {
  for (const isa set : {isa::portable, isa::neon, isa::avx2, isa::avx512}) {
    if (name(set) == text) {
      require(is_supported(set), "instruction set ", text, ": this processor does not have it");
      return set;
    }
  }
  fail("instruction set '", text, "' is unknown; expected portable, neon, avx2 or avx512");
}

/// The widest set this machine runs, or the one that the environment variable LAMINA_ISA names.
inline isa default_isa() {
  if (const char* forced = std::getenv("LAMINA_ISA"); forced != nullptr && *forced != '\0')
    return isa_from_name(forced);
  isa best = isa::portable;
  for (const isa set : all_isas)
    if (is_supported(set)) best = set;
  return best;
}

}  // namespace lamina
