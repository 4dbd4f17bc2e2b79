// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>

namespace lamina {

/// Semantic version (semver.org): `static_assert(lamina::library_version >= lamina::version_number{0, 1, 0});`
struct version_number {
  int major, minor, patch;
  friend auto operator<=>(const version_number&, const version_number&) = default;
};

/// The build reads it here.
inline constexpr version_number library_version{0, 1, 0};

}  // namespace lamina
