// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/group_norm.hpp>

namespace lamina {

/// Normalisation of groups of channels, each image by itself (Wu & He 2018, arXiv:1803.08494): indifferent to the size
/// of the batch, the same in training and at inference. γ starts at 1, β at 0.
template <class T, class Device = cpu>
class group_norm {
 public:
  explicit group_norm(index_t channels, group_norm_params params = {})
      : weight{vector_shape(channels), initializer::ones},
        bias{vector_shape(channels), initializer::zeros},
        params_(params) {
    require(params.groups >= 1 && channels % params.groups == 0, "group_norm: ", params.groups,
            " groups don't divide ", channels, " channels");
  }

  variable operator()(tape<T, Device>& t, variable x) const { return record_group_norm(t, x, weight, bias, params_); }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("weight", weight);
    visitor("bias", bias);
  }

  parameter weight, bias;  // weight is γ, bias is β

 private:
  group_norm_params params_;
};

}  // namespace lamina
