// lamina::predict · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/log_odds.hpp>
#include <lamina/models/network.hpp>

namespace lamina {

/// A network's answer as one logit of lesion a pixel: a network of one class as it is; of two, skin and lesion, the
/// difference of their logits, so that the sigmoid is softmax's probability of lesion and every loss on one logit
/// serves. Recorded in place of the network, which must outlive it.
///
///     program<float> step(ctx, lesion_logits(net), layout, {8, 256, 256, 3}, run_mode::training, space);
template <class T, class Device = cpu>
class lesion_logits {
 public:
  /// Throws `error` for a network of other than one or two classes.
  explicit lesion_logits(const network<T, Device>& net) : network_(net) {
    require(net.classes() == 1 || net.classes() == 2, "the network has ", net.classes(),
            " classes; lesions are told from skin with 1, or with 2 (skin and lesion)");
  }
  variable operator()(tape<T, Device>& t, variable x) const {
    const variable y = network_(t, x);
    return network_.classes() == 1 ? y : log_odds(t, y);
  }
  template <class Visitor>
  void visit(Visitor&& visitor) const {
    network_.visit(visitor);
  }

 private:
  const network<T, Device>& network_;
};

}  // namespace lamina
