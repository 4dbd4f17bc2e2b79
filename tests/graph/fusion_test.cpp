// SPDX-License-Identifier: Apache-2.0
// Ops that a tape joins for inference: what is joined, what is not, and that networks say the same.
#include <lamina/graph/add.hpp>
#include <lamina/graph/upsample2d.hpp>
#include <lamina/models/network.hpp>

#include "../support/network_fixture.hpp"

#include <string>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// The ops that a network is for inference, by name.
template <class Network>
std::string ops_of(const Network& net, shape extents, bool inference = true) {
  tape<float> t;
  const variable y = net(t, t.input(extents));
  inference ? t.fuse_for_inference(y) : t.fuse_activations(y);
  std::string names;
  for (std::size_t i = 0; i < t.size(); ++i) names += (i > 0 ? " " : "") + std::string(t.node_at(i).kind());
  for (const recorded_variable& v : t.variables()) {
    if (v.producer < 0) continue;
    REQUIRE(v.producer < static_cast<int>(t.size()));
    const auto& outputs = t.records()[static_cast<std::size_t>(v.producer)].outputs;
    const auto id = static_cast<int>(&v - t.variables().data());
    CHECK(std::count(outputs.begin(), outputs.end(), id) == 1);
  }
  return names;
}

const conv2d<float> conv(4, 4);
const batch_norm2d<float> norm(4);
std::string ops(variable (*body)(tape<float>&, variable)) { return ops_of(body, {1, 8, 8, 4}); }

const std::vector<network_description> descriptions{
    {{"model", "unet"}, {"base_width", "9"}, {"depth", "2"}},
    {{"model", "unet"}, {"base_width", "5"}, {"depth", "3"}, {"activation_slope", "0.01"}, {"skip_first", "true"}},
    {{"model", "unet"}, {"base_width", "4"}, {"depth", "2"}, {"upsampling", "bilinear"}},
    {{"model", "unet"}, {"base_width", "4"}, {"depth", "2"}, {"upsampling", "transposed"}},
    {{"model", "segnet_bn"}, {"base_width", "4"}},
    {{"model", "segnet_bn"}, {"base_width", "4"}, {"unpool_with_indices", "false"}},
};

/// `weights` of a network with batch norm as those of the same network without, each normalisation folded by hand.
parameter_set<> folded(const parameter_set<>& weights, const std::shared_ptr<const parameter_layout>& plain,
                       double epsilon) {
  parameter_set<> result(plain);
  const auto values = [&](const std::string& name) {
    const auto* entry = weights.layout().find(name);
    REQUIRE_MESSAGE(entry != nullptr, name);
    return weights[*entry];
  };
  for (const auto& e : plain->entries()) {
    const view<float> to = result[e];
    copy_elements<float>(values(e.name), to);
    const std::size_t at = e.name.rfind(".conv.");
    const std::string prefix = at == std::string::npos ? "" : e.name.substr(0, at) + ".norm.";
    if (weights.layout().find(prefix + "weight") == nullptr) continue;
    const auto gamma = converted<double>(as_const(values(prefix + "weight")));
    const auto beta = converted<double>(as_const(values(prefix + "bias")));
    const auto mean = converted<double>(as_const(values(prefix + "running_mean")));
    const auto variance = converted<double>(as_const(values(prefix + "running_var")));
    const bool bias = e.name.ends_with("bias");
    for (index_t i = 0; i < to.size(); ++i) {
      const index_t o = bias ? i : i / (to.size() / to.extents().n);
      const double scale = gamma[o] / std::sqrt(variance[o] + epsilon), w = static_cast<double>(to[i]);
      to[i] = static_cast<float>(bias ? beta[o] + (w - mean[o]) * scale : w * scale);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("fusion: of a UNet's ops, convolutions, poolings and concatenations are left; in training, norms stay") {
  const auto net = make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"depth", "1"}});
  CHECK(ops_of(net, {1, 8, 8, 3}) ==
        "conv2d conv2d max_pool2d conv2d conv2d conv2d concat conv2d conv2d conv2d");
  CHECK(ops_of(net, {1, 8, 8, 3}, false).starts_with("conv2d batch_norm2d conv2d batch_norm2d max_pool2d"));
}

TEST_CASE("fusion: a convolution takes one normalisation, then one ReLU, and an upsampling") {
  CHECK(ops([](auto& t, variable x) { return relu(t, norm(t, conv(t, upsample_nearest2d(t, x, 3)))); }) == "conv2d");
  CHECK(ops([](auto& t, variable x) { return norm(t, norm(t, conv(t, x))); }) == "conv2d batch_norm2d");
  CHECK(ops([](auto& t, variable x) { return relu(t, norm(t, norm(t, conv(t, x)))); }) == "conv2d batch_norm2d");
  CHECK(ops([](auto& t, variable x) { return norm(t, relu(t, conv(t, x))); }) == "conv2d batch_norm2d");
  CHECK(ops([](auto& t, variable x) { return norm(t, relu(t, x)); }) == "relu batch_norm2d");
  CHECK(ops([](auto& t, variable x) {
          return conv(t, upsample_nearest2d(t, upsample_nearest2d(t, x), 3));
        }) == "upsample_nearest2d conv2d");
  CHECK(ops([](auto& t, variable x) { return conv(t, upsample_bilinear2d(t, x)); }) == "upsample_bilinear2d conv2d");
}

TEST_CASE("fusion: what others read, or what the network returns, is made") {
  CHECK(ops([](auto& t, variable x) {
          const variable y = conv(t, x);
          return add(t, norm(t, y), y);
        }) == "conv2d batch_norm2d add");
  CHECK(ops([](auto& t, variable x) {
          const variable y = conv(t, x);
          norm(t, y);
          return y;
        }) == "conv2d batch_norm2d");
  CHECK(ops([](auto& t, variable x) {
          const variable large = upsample_nearest2d(t, x);
          return add(t, conv(t, large), large);
        }) == "upsample_nearest2d conv2d add");
  CHECK(ops([](auto& t, variable x) {
          static const conv2d<float> strided(4, 4, {.stride = 2});
          return strided(t, upsample_nearest2d(t, x));
        }) == "upsample_nearest2d conv2d");
  CHECK(ops([](auto& t, variable x) {
          static const batch_norm2d<float> active(4, {.activation_slope = 0});
          return active(t, conv(t, x));
        }) == "conv2d batch_norm2d");
}

TEST_CASE("fusion: a network's result is that of the network without norms whose filters were folded by hand") {
  const shape extents{2, 64, 96, 3};
  for (const auto& description : descriptions) {
    CAPTURE(to_text(description.at("model"), " ", description.at("base_width")));
    network_description without = description;
    without["batch_norm"] = "false";
    if (without["model"] == "segnet_bn") without["model"] = "segnet", without.erase("batch_norm");
    network_fixture net(make_network<float>(description), extents);
    network_fixture plain(make_network<float>(without), extents);
    std::uint32_t number = 4;  // norms that are not at their start, and let pass what they see
    for (const auto& e : net.layout->entries()) {
      const view<float> values = net.weights[e];
      if (e.name.ends_with("running_mean") || e.name.ends_with("bias")) fill_random(values, number++, -0.1, 0.2);
      if (e.name.ends_with("running_var")) fill_random(values, number++, 0.2, 0.9);
      if (e.name.ends_with("norm.weight")) fill_random(values, number++, 0.7, 1.5);
    }
    plain.weights = folded(net.weights, plain.layout, 1e-5);

    for (const int threads : {1, 2}) {
      thread_pool pool(threads);
      cpu_context ctx(pool);
      auto fused = net.make(ctx, run_mode::inference), apart = plain.make(ctx, run_mode::training);
      plain.forward(ctx, apart);
      const auto expected = converted<float>(apart.output());
      net.forward(ctx, fused);
      double largest = 0;
      for (const float v : expected) largest = std::max(largest, static_cast<double>(std::abs(v)));
      CHECK(largest > 0.01);
      check_close<float, float>(fused.output(), expected.view(), 1e-5 * std::max(1.0, largest));
    }
  }
}

TEST_CASE("fusion: a UNet's memory at inference is that of its joined images and one more") {
  network_fixture f(make_network<float>({{"model", "unet"}, {"base_width", "8"}}), {1, 128, 96, 3});
  cpu_context ctx;
  const auto p = f.make(ctx, run_mode::inference);
  CHECK(p.plan().block_bytes == std::size_t{128 * 96} * (16 + 8 + 4 + 2 + 1) * sizeof(float));
}
