// SPDX-License-Identifier: Apache-2.0
// A network as a user of the library would write it, from blocks that UNet and SegNet do without.
#pragma once

#include <lamina/graph/activation.hpp>
#include <lamina/graph/add.hpp>
#include <lamina/graph/average_pool2d.hpp>
#include <lamina/graph/dropout.hpp>
#include <lamina/graph/upsample2d.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/layers/group_norm.hpp>

namespace lamina::testing {

/// conv → norm → ReLU → dropout → conv → norm, plus what went in, then ReLU.
template <class T>
struct residual_block {
  conv2d<T> conv1, conv2;
  group_norm<T> norm1, norm2;
  dropout_params drop;

  residual_block(index_t channels, dropout_params dropped)
      : conv1(channels, channels),
        conv2(channels, channels),
        norm1(channels, {.groups = 4}),
        norm2(channels, {.groups = 4}),
        drop(dropped) {}

  variable operator()(tape<T>& t, variable x) const {
    const variable inner = dropout(t, relu(t, norm1(t, conv1(t, x))), drop);
    return relu(t, add(t, norm2(t, conv2(t, inner)), x));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("conv1", conv1);
    visitor("norm1", norm1);
    visitor("conv2", conv2);
    visitor("norm2", norm2);
  }
};

/// Two scales that are added. One logit a pixel.
template <class T>
struct residual_segmenter {
  struct options_type {
    index_t in_channels = 3, classes = 1;
  };

  conv2d<T> stem{3, 8}, head{8, 1, {.kernel = 1}};
  residual_block<T> fine{8, {0.1f}}, coarse{8, {0.2f, true}};

  variable operator()(tape<T>& t, variable x) const {
    x = fine(t, stem(t, x));
    const variable context = upsample_bilinear2d(t, coarse(t, average_pool2d(t, x)));
    return head(t, add(t, x, context));
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    visitor("stem", stem);
    visitor("fine", fine);
    visitor("coarse", coarse);
    visitor("head", head);
  }

  options_type options() const { return {}; }
  index_t size_multiple() const { return 2; }
};

}  // namespace lamina::testing
