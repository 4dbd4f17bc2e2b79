// lamina::lamina · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/conv_transpose2d.hpp>

namespace lamina {

struct conv_transpose2d_options {
  index_t kernel = 2;
  index_t stride = 2;
  padding2d padding = {};
  index_t dilation = 1;
  bool bias = true;
  initializer start = initializer::glorot;
};

/// The transposed convolution with filters w [O, k, k, I] (OHWI): each input pixel is spread over k × k output pixels,
/// `stride` apart from its neighbour's.
template <class T, class Device = cpu>
class conv_transpose2d {
 public:
  conv_transpose2d(index_t in_channels, index_t out_channels, conv_transpose2d_options options = {})
      : params_{.stride = options.stride, .padding = options.padding, .dilation = options.dilation} {
    const index_t k = options.kernel;
    require(in_channels > 0 && out_channels > 0 && k > 0, "conv_transpose2d: ", in_channels, " to ", out_channels,
            " channels, kernel ", k, ": all must be positive");
    weight = {{out_channels, k, k, in_channels}, options.start, k * k * in_channels, k * k * out_channels};
    if (options.bias) bias = {vector_shape(out_channels), initializer::zeros};
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    return record_conv_transpose2d(t, x, weight, has_bias() ? &bias : nullptr, params_);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("weight", weight);
    if (has_bias()) visitor("bias", bias);
  }

  parameter weight, bias;

 private:
  bool has_bias() const { return bias.extents.size() > 0; }

  conv_transpose2d_params params_;
};

}  // namespace lamina
