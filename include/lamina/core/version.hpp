// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

/// Semantic version (semver.org) as one number, 10000·major + 100·minor + patch: `#if LAMINA_VERSION >= 100` is 0.1.0
/// and later. The build reads it here.
#define LAMINA_VERSION 100

namespace lamina {

struct version_number {
  int major, minor, patch;
  friend bool operator==(version_number, version_number) = default;
};

inline constexpr version_number library_version{LAMINA_VERSION / 10000, LAMINA_VERSION / 100 % 100, LAMINA_VERSION % 100};

}  // namespace lamina
