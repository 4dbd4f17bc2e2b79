// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/batch_norm2d.hpp>

namespace lamina {

/// Batch normalisation over N, H, W for each channel (Ioffe & Szegedy 2015, arXiv:1502.03167). γ starts at 1, β at 0,
/// the running mean at 0, the running variance at 1.
template <class T, class Device = cpu>
class batch_norm2d {
 public:
  explicit batch_norm2d(index_t channels, batch_norm2d_params params = {})
      : weight{vector_shape(channels), initializer::ones},
        bias{vector_shape(channels), initializer::zeros},
        running_mean{vector_shape(channels), initializer::zeros, 1, 1, false},
        running_var{vector_shape(channels), initializer::ones, 1, 1, false},
        params_(params) {}

  variable operator()(tape<T, Device>& t, variable x) const {
    return record_batch_norm2d(t, x, weight, bias, running_mean, running_var, params_);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("weight", weight);
    visitor("bias", bias);
    visitor("running_mean", running_mean);
    visitor("running_var", running_var);
  }

  parameter weight, bias, running_mean, running_var;  // weight is γ, bias is β

 private:
  batch_norm2d_params params_;
};

}  // namespace lamina
