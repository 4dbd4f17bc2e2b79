// SPDX-License-Identifier: Apache-2.0
// A network with all that a training step needs, and what must hold for every network: the true gradient, and the same
// bits however activations are kept and whoever does the work.
#pragma once

#include <lamina/core/thread_pool.hpp>
#include <lamina/graph/program.hpp>
#include <lamina/ops/bce_with_logits.hpp>

#include "tensors.hpp"

#include <algorithm>
#include <cmath>

namespace lamina::testing {

/// Images and targets are random, and the same in each step.
template <class Network>
struct network_fixture {
  Network net;
  shape extents;
  std::shared_ptr<const parameter_layout> layout;
  parameter_set<> weights, gradients;
  workspace<> space;

  network_fixture(Network network, shape images)
      : net(std::move(network)),
        extents(images),
        layout(std::make_shared<const parameter_layout>(net)),
        weights(layout),
        gradients(layout) {
    initialize(weights, 3);
  }
  network_fixture(const network_fixture&) = delete;
  network_fixture& operator=(const network_fixture&) = delete;

  program<float> make(cpu_context& ctx, run_mode mode, bool rebuild = true) {
    return program<float>(ctx, net, layout, extents, mode, space, rebuild);
  }
  tensor<float> target(const program<float>& p) const { return random_tensor<float>(p.output_extents(), 2, 0, 1); }

  /// Returns the loss.
  double forward(cpu_context& ctx, program<float>& p) {
    fill_random(p.input(), 1);
    p.set_random({5, 7});
    p.forward(ctx, weights);
    return bce_with_logits_forward(ctx, p.output(), target(p).view(), {});
  }
  /// Assigns the gradients.
  void step(cpu_context& ctx, program<float>& p) {
    fill(ctx, 0.0f, gradients.all());
    forward(ctx, p);
    bce_with_logits_backward(ctx, p.output(), target(p).view(), {}, p.output_gradient());
    p.backward(ctx, weights, gradients);
  }

  /// Fails the test unless the gradients, which a step of p has left, agree with the loss along their own direction.
  void check_gradient_along_itself(cpu_context& ctx, program<float>& p) {
    // Long steps meet kinks of ReLU and pooling, short ones drown in the loss's rounding; between them there is a
    // length at which a true gradient agrees. What a step is after rounding to float weights is taken from the weights
    // themselves.
    const auto kept = weights.clone();
    const index_t count = layout->trainable_size();
    double squares = 0;
    for (index_t i = 0; i < count; ++i) squares += std::pow(static_cast<double>(gradients.all()[i]), 2);
    const auto at = [&](double by, double& predicted) {  // the loss there, and how much of it the gradient predicts
      for (index_t i = 0; i < count; ++i) {
        float& w = weights.all()[i];
        w = static_cast<float>(kept.all()[i] + by * gradients.all()[i]);
        predicted += (static_cast<double>(w) - kept.all()[i]) * gradients.all()[i];
      }
      return forward(ctx, p);
    };
    double least_error = 1;
    for (const double length : {1e-3, 1e-4, 1e-5}) {
      double above = 0, below = 0;
      const double by = length / std::sqrt(squares), difference = at(by, above) - at(-by, below);
      least_error = std::min(least_error, std::abs(difference / (above - below) - 1));
    }
    CHECK(least_error < 0.01);
  }
};

/// The gradient is true; it has the same bits whether activations are kept or rebuilt, and for any number of threads.
template <class Network>
void check_network(const Network& net, shape images) {
  cpu_context ctx;
  network_fixture<Network> rebuilt(net, images), kept(net, images);
  auto with = rebuilt.make(ctx, run_mode::training, true), without = kept.make(ctx, run_mode::training, false);
  rebuilt.step(ctx, with);
  kept.step(ctx, without);
  CHECK(same_bits<float>(rebuilt.gradients.all(), kept.gradients.all()));
  for (const int threads : {2, 5}) {
    thread_pool pool(threads);
    cpu_context parallel(pool);
    network_fixture<Network> several(net, images);
    auto p = several.make(parallel, run_mode::training);
    several.step(parallel, p);
    CHECK(same_bits<float>(rebuilt.gradients.all(), several.gradients.all()));
  }
  rebuilt.check_gradient_along_itself(ctx, with);
}

}  // namespace lamina::testing
