// SPDX-License-Identifier: Apache-2.0
// One training step equals PyTorch's: tests/golden/make_train_step.py made the golden values in double precision.
#include <lamina/graph/program.hpp>
#include <lamina/models/network.hpp>
#include <lamina/ops/adam.hpp>
#include <lamina/ops/bce_with_logits.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

double largest(const tensor<float>& x) {
  double most = 0;
  for (const float v : x) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// |actual − expected| ≤ 2e-4 · the largest |expected| of the tensor, for every element that `counts`. Through all
/// those normalisations direct convolutions reach 0.75e-4; Winograd's, which round about twice as much, 1.13e-4.
template <class Counts>
void check_relative(view<const float> actual, const tensor<float>& expected, Counts&& counts) {
  REQUIRE(actual.size() == expected.size());
  double worst = 0;
  index_t left_out = 0;
  for (index_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (counts(i))
      worst = std::max(worst, difference);
    else
      ++left_out;
  }
  CHECK_MESSAGE(worst <= 2e-4 * largest(expected), "largest difference ", worst, " at a scale of ", largest(expected));
  CHECK_MESSAGE(left_out <= actual.size() / 50, left_out, " of ", actual.size(), " left out");
}
void check_relative(view<const float> actual, const tensor<float>& expected) {
  check_relative(actual, expected, [](index_t) { return true; });
}

/// The bias of a convolution before a batch norm: its true gradient is zero, so both sides hold rounding errors, which
/// Adam's first step blows up to ± the learning rate.
bool has_no_gradient(const parameter_layout& layout, const std::string& name) {
  const std::size_t end = name.rfind("conv.bias");
  return end != std::string::npos && layout.find(name.substr(0, end) + "norm.bias") != nullptr;
}

void check_step(const std::string& file, const network_description& description, isa set) {
  CAPTURE(file);
  CAPTURE(name(set));
  const golden_file golden(file);
  const auto net = make_network<float>(description);
  const auto layout = std::make_shared<const parameter_layout>(net);
  parameter_set<> weights(layout), gradients(layout), m(layout), v(layout);
  initialize(weights, 1);
  for (const auto& e : layout->entries()) {
    if (!e.parameter.trainable) continue;
    const auto before = golden.tensor("before." + e.name);
    REQUIRE(before.size() == e.parameter.extents.size());
    std::copy(before.begin(), before.end(), weights[e].data());
  }

  cpu_context ctx({.isa = set});
  const auto x = golden.tensor("x"), target = golden.tensor("target");
  workspace<> space;
  program<float> step(ctx, net, layout, x.extents(), run_mode::training, space);
  copy(ctx, x.view(), step.input());
  step.forward(ctx, weights);
  check_relative(step.output(), golden.tensor("logits"));
  const double loss = bce_with_logits_forward(ctx, step.output(), target.view(), {});
  CHECK(loss == doctest::Approx(golden.number("loss")).epsilon(1e-5));
  bce_with_logits_backward(ctx, step.output(), target.view(), {}, step.output_gradient());
  step.backward(ctx, weights, gradients);
  adam_step(ctx, as_const(gradients.trainable()), {.learning_rate = 1e-3f}, 1, weights.trainable(), m.trainable(),
            v.trainable());

  for (const auto& e : layout->entries()) {
    CAPTURE(e.name);
    if (has_no_gradient(*layout, e.name)) {
      for (index_t i = 0; i < e.parameter.extents.size(); ++i) CHECK(std::abs(gradients[e][i]) < 1e-6);
      continue;
    }
    if (!e.parameter.trainable) {
      check_relative(weights[e], golden.tensor("after." + e.name));
      continue;
    }
    const auto gradient = golden.tensor("gradient." + e.name);
    check_relative(gradients[e], gradient);
    // Adam's first step is ± the learning rate by the sign alone, so an element whose gradient is rounding noise beside
    // its tensor's is no measure; zero, as behind a dead ReLU, is
    const double noise = 1e-5 * largest(gradient);
    check_relative(weights[e], golden.tensor("after." + e.name),
                   [&](index_t i) { return gradient[i] == 0 || std::abs(static_cast<double>(gradient[i])) > noise; });
  }
}

void check_step_everywhere(const std::string& file, const network_description& description) {
  for (const isa set : all_isas)
    if (is_supported(set)) check_step(file, description, set);
}

}  // namespace

TEST_CASE("train step: UNet equals PyTorch's") {
  check_step_everywhere("train_step_unet.safetensors", {{"model", "unet"}, {"base_width", "2"}, {"bottleneck", "16"}});
}
TEST_CASE("train step: UNet with transposed convolutions equals PyTorch's") {
  check_step_everywhere("train_step_unet_classic.safetensors", {{"model", "unet"},
                                                                {"base_width", "2"},
                                                                {"bottleneck", "32"},
                                                                {"upsampling", "transposed"},
                                                                {"skip_first", "true"}});
}
TEST_CASE("train step: SegNet with pooling indices equals PyTorch's") {
  check_step_everywhere("train_step_segnet.safetensors", {{"model", "segnet"}, {"base_width", "2"}});
}
TEST_CASE("train step: SegNet with batch norm equals PyTorch's") {
  check_step_everywhere("train_step_segnet_bn.safetensors", {{"model", "segnet_bn"}, {"base_width", "2"}});
}
