// lamina::image · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/isa.hpp>
#include <lamina/simd/integer.hpp>

#include <algorithm>
#include <span>
#include <type_traits>

#define LAMINA_KERNEL <lamina/kernels/weighted_sum.inl>
#include <lamina/simd/foreach_isa.hpp>

namespace lamina::detail {

/// y[e] = Σ weights[i] · at[i][e] for e < count, in float, the same bits with every instruction set; rounded to nearest
/// and saturated where y holds integers. Up to 64 elements more are read and written.
template <class From, class To>
void weighted_sum(isa set, const From* const* at, std::span<const float> weights, index_t count, To* y) {
  const auto terms = static_cast<index_t>(weights.size());
  if (terms % 2 == 1 && std::equal(weights.begin(), weights.begin() + terms / 2, weights.rbegin())) {
    const auto sum = [&](auto half) { LAMINA_DISPATCH(set, symmetric_sum(at, weights.data(), half, count, y)); };
    switch (terms / 2) {
      case 1: return sum(std::integral_constant<index_t, 1>{});
      case 2: return sum(std::integral_constant<index_t, 2>{});
      case 3: return sum(std::integral_constant<index_t, 3>{});
      default: return sum(terms / 2);
    }
  }
  LAMINA_DISPATCH(set, weighted_sum(at, weights.data(), terms, count, y));
}

}  // namespace lamina::detail
