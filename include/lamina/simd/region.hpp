// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// Compiler target regions: functions between LAMINA_BEGIN_REGION and LAMINA_END_REGION are compiled for the named
// instruction sets whatever -march says. Inside a region: no standard includes, no friends defined in a class.
#pragma once

#include <lamina/core/scalar.hpp>

#if defined(__x86_64__)
#include <immintrin.h>

#define LAMINA_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define LAMINA_BEGIN_REGION(sets) \
  LAMINA_PRAGMA(clang attribute push(__attribute__((target(sets))), apply_to = function))
#define LAMINA_END_REGION _Pragma("clang attribute pop")
#else
#define LAMINA_BEGIN_REGION(sets) _Pragma("GCC push_options") LAMINA_PRAGMA(GCC target(sets))
#define LAMINA_END_REGION _Pragma("GCC pop_options")
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>  // needs no region: every AArch64 processor has it
#endif
