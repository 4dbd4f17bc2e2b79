// SPDX-License-Identifier: Apache-2.0
// A tensor is copied by clone() only, so that no copy goes unseen.
#include <lamina/core/tensor.hpp>

lamina::tensor<float> f(const lamina::tensor<float>& x) {
#ifdef CORRECT
  return x.clone();
#else
  return x;
#endif
}
