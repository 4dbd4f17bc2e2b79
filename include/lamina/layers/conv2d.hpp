// lamina::lamina · SPDX-License-Identifier: Apache-2.0
// layers: parameters, and one call that records what is done with them.
#pragma once

#include <lamina/graph/conv2d.hpp>

namespace lamina {

struct conv2d_options {
  index_t kernel = 3;
  index_t stride = 1;
  std::optional<padding2d> padding = std::nullopt;  // absent: "same", kernel − 1 in all, the odd pixel bottom and right
  index_t dilation = 1;
  index_t groups = 1;
  bool bias = true;
  initializer start = initializer::glorot;
};

/// y = x ∗ w + b with filters w [O, k, k, I/groups] (OHWI). Fan-in and fan-out count k·k·channels.
template <class T, class Device = cpu>
class conv2d {
 public:
  conv2d(index_t in_channels, index_t out_channels, conv2d_options options = {})
      : params_{.stride = options.stride,
                .padding = options.padding.value_or(padding2d::same(options.kernel, options.dilation)),
                .dilation = options.dilation,
                .groups = options.groups} {
    const auto [k, groups] = std::pair(options.kernel, options.groups);
    require(in_channels > 0 && out_channels > 0 && k > 0 && groups > 0, "conv2d: ", in_channels, " to ", out_channels,
            " channels, kernel ", k, ", ", groups, " groups: all must be positive");
    require(in_channels % groups == 0 && out_channels % groups == 0, "conv2d: ", groups, " groups divide neither ",
            in_channels, " nor ", out_channels, " channels");
    weight = {{out_channels, k, k, in_channels / groups},
              options.start,
              k * k * (in_channels / groups),
              k * k * (out_channels / groups)};
    if (options.bias) bias = {vector_shape(out_channels), initializer::zeros};
  }

  variable operator()(tape<T, Device>& t, variable x) const {
    return record_conv2d(t, x, weight, has_bias() ? &bias : nullptr, params_);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("weight", weight);
    if (has_bias()) visitor("bias", bias);
  }

  parameter weight, bias;

 private:
  bool has_bias() const { return bias.extents.size() > 0; }

  conv2d_params params_;
};

}  // namespace lamina
