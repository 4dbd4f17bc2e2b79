// lamina::formats · SPDX-License-Identifier: Apache-2.0
// Element types as the safetensors format names them, and their conversion.
#pragma once

#include <lamina/core/scalar.hpp>

#include <bit>
#include <concepts>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

static_assert(std::endian::native == std::endian::little, "files are little endian and read as they are");

namespace lamina {

/// Bytes of one element; 0 for a name that the format does not know.
constexpr std::size_t safetensors_dtype_bytes(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "U8" || dtype == "I8" || dtype == "BOOL" || dtype == "F8_E4M3" || dtype == "F8_E5M2") return 1;
  return 0;
}

/// The format's name of a C++ type.
template <class T>
constexpr std::string_view safetensors_dtype_of() {
  if constexpr (std::is_same_v<T, float>) {
    return "F32";
  } else if constexpr (std::is_same_v<T, double>) {
    return "F64";
  } else if constexpr (std::is_same_v<T, bfloat16>) {
    return "BF16";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "BOOL";
  } else {
    static_assert(std::is_integral_v<T>, "no dtype for this type");
    constexpr std::string_view names[2][4] = {{"U8", "U16", "U32", "U64"}, {"I8", "I16", "I32", "I64"}};
    return names[std::is_signed_v<T>][std::bit_width(sizeof(T)) - 1];
  }
}

/// IEEE 754 binary16 as stored in files. It only converts.
struct float16_bits {
  std::uint16_t bits = 0;

  explicit operator double() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t exponent = (bits >> 10) & 31u, mantissa = bits & 1023u;
    if (exponent == 0) {  // zero and subnormal: mantissa · 2^-24, exact in float
      const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;  // rebias 15 to 127; infinity and NaN stay
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
  }
};

namespace detail {

/// Elements of type From in unaligned bytes, each converted to To: floats through double, integers directly.
template <class From, class To>
void convert_all(std::span<const std::byte> bytes, To* to) {
  if constexpr (std::is_same_v<From, To>) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  } else {
    for (std::size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
      From element;
      std::memcpy(&element, bytes.data() + i * sizeof(From), sizeof(From));
      if constexpr (std::is_integral_v<From> && std::is_integral_v<To>)
        to[i] = static_cast<To>(element);
      else
        to[i] = static_cast<To>(static_cast<double>(element));
    }
  }
}

}  // namespace detail

/// Converts elements of `dtype` in `bytes` to `to[0]` and on. False, nothing written, for a dtype without a conversion.
template <class To>
bool convert_elements(std::string_view dtype, std::span<const std::byte> bytes, To* to) {
  if (dtype == "F32") return detail::convert_all<float>(bytes, to), true;
  if (dtype == "F64") return detail::convert_all<double>(bytes, to), true;
  if (dtype == "F16") return detail::convert_all<float16_bits>(bytes, to), true;
  if (dtype == "BF16") return detail::convert_all<bfloat16>(bytes, to), true;
  if (dtype == "U8" || dtype == "BOOL") return detail::convert_all<std::uint8_t>(bytes, to), true;
  if (dtype == "I8") return detail::convert_all<std::int8_t>(bytes, to), true;
  if (dtype == "I16") return detail::convert_all<std::int16_t>(bytes, to), true;
  if (dtype == "U16") return detail::convert_all<std::uint16_t>(bytes, to), true;
  if (dtype == "I32") return detail::convert_all<std::int32_t>(bytes, to), true;
  if (dtype == "U32") return detail::convert_all<std::uint32_t>(bytes, to), true;
  if (dtype == "I64") return detail::convert_all<std::int64_t>(bytes, to), true;
  if (dtype == "U64") return detail::convert_all<std::uint64_t>(bytes, to), true;
  return false;
}

}  // namespace lamina
