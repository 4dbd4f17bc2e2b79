// SPDX-License-Identifier: Apache-2.0
// A network of a user's own, from group norm, dropout, average pooling and residual sums, trained in his own loop.
#include <lamina/core/thread_pool.hpp>
#include <lamina/graph/program.hpp>
#include <lamina/ops/adam.hpp>
#include <lamina/ops/bce_with_logits.hpp>

#include "../support/residual_segmenter.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Noise with a bright disc, and where the disc is.
template <class T>
void draw_discs(view<T> x, view<float> mask) {
  const auto [N, H, W, C] = x.extents();
  fill_random(x, 1, -1, 1);
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w) {
        const index_t down = h - 5 - 2 * n, right = w - 9;
        const bool inside = down * down + right * right < 20;
        mask(n, h, w, 0) = inside ? 1 : 0;
        for (index_t c = 0; c < C; ++c)
          x(n, h, w, c) = static_cast<T>(static_cast<float>(x(n, h, w, c)) + (inside ? 0.8f : 0.0f));
      }
}

struct outcome {
  double untrained, trained;  // losses at inference
  parameter_set<> weights;
};

template <class T>
outcome train(int threads) {
  thread_pool pool(threads);
  cpu_context ctx(pool);
  const residual_segmenter<T> net;
  const auto layout = std::make_shared<const parameter_layout>(net);
  parameter_set<> weights(layout), gradients(layout), m(layout), v(layout);
  initialize(weights, 1);
  const shape images{4, 16, 18, 3};
  tensor<T> x(images);
  tensor<float> mask({images.n, images.h, images.w, 1});
  draw_discs(x.view(), mask.view());

  workspace<> space;
  program<T> step(ctx, net, layout, images, run_mode::training, space);
  program<T> inference(ctx, net, layout, images, run_mode::inference, space);
  const auto loss = [&] {
    copy(ctx, as_const(x.view()), inference.input());
    inference.forward(ctx, weights);
    return bce_with_logits_forward(ctx, inference.output(), mask.view(), {});
  };
  const double untrained = loss();
  for (index_t number = 1; number <= 60; ++number) {
    copy(ctx, as_const(x.view()), step.input());
    step.forward(ctx, weights);
    bce_with_logits_backward(ctx, step.output(), mask.view(), {}, step.output_gradient());
    fill(ctx, 0.0f, gradients.all());
    step.backward(ctx, weights, gradients);
    adam_step(ctx, as_const(gradients.trainable()), {.learning_rate = 1e-2f}, number, weights.trainable(),
              m.trainable(), v.trainable());
  }
  return {untrained, loss(), std::move(weights)};
}

}  // namespace

TEST_CASE_TEMPLATE("a custom network learns, with the same bits for any number of threads", T, float, bfloat16) {
  const outcome serial = train<T>(1), parallel = train<T>(3);
  MESSAGE("loss ", serial.untrained, " before, ", serial.trained, " after 60 steps");
  CHECK(serial.trained < serial.untrained / 4);
  CHECK(same_bits<float>(serial.weights.all(), parallel.weights.all()));
}
