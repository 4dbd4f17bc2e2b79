// SPDX-License-Identifier: Apache-2.0
#include <lamina/models/network.hpp>
#include <lamina/graph/parameter_set.hpp>

#include "../support/tensors.hpp"

#include <set>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE("models: parameter counts are the published ones") {
  CHECK(parameter_layout(unet<float>()).trainable_count() == 22'727'489);
  CHECK(parameter_layout(segnet<float>()).trainable_count() == 29'427'713);
  CHECK(parameter_layout(segnet<float>({.blocks = {.batch_norm = true}})).trainable_count() == 29'443'585);
  CHECK(parameter_layout(unet<float>(unet_options::classic())).trainable_count() == 31'043'521);  // "31.04 M"
  CHECK(parameter_layout(unet<float>(unet_options::paper())).trainable_count() == 31'031'745);
  CHECK(parameter_layout(unet<float>({.bottleneck = 1024})).trainable_count() == 34'527'041);
}

TEST_CASE("models: names are unique, hierarchical and stable") {
  const unet<float> net({.base_width = 2});
  std::set<std::string> names;
  for_each_parameter(net, [&](const std::string& name, const parameter&) { CHECK(names.insert(name).second); });
  for (const char* name : {"encoder.0.0.conv.weight", "encoder.4.1.norm.running_var", "decoder.0.up.conv.bias",
                           "decoder.3.join.1.norm.weight", "head.weight"})
    CHECK_MESSAGE(names.count(name) == 1, name);
}

TEST_CASE("models: the same seed gives the same start, another seed another") {
  const unet<float> net({.base_width = 2});
  const auto layout = std::make_shared<const parameter_layout>(net);
  parameter_set<> a(layout), b(layout), c(layout);
  initialize(a, 7);
  initialize(b, 7);
  initialize(c, 8);
  CHECK(same_bits<float>(a.all(), b.all()));
  CHECK_FALSE(same_bits<float>(a.all(), c.all()));
  // Glorot: |w| ≤ sqrt(6 / (fan_in + fan_out)), and the variance of that uniform distribution
  const auto& e = *layout->find("encoder.3.1.conv.weight");
  const float limit = std::sqrt(6.0f / (9 * 16 + 9 * 16));
  double squares = 0;
  for (index_t i = 0; i < e.parameter.extents.size(); ++i) {
    CHECK(std::abs(a[e][i]) <= limit);
    squares += static_cast<double>(a[e][i]) * a[e][i];
  }
  CHECK(squares / static_cast<double>(e.parameter.extents.size()) == doctest::Approx(limit * limit / 3).epsilon(0.06));
}

TEST_CASE("models: a description makes the same network again") {
  const auto net = make_network<float>({{"model", "unet"}, {"base_width", "4"}, {"upsampling", "bilinear"}});
  const auto again = make_network<float>(net.description());
  CHECK(net.description() == again.description());
  CHECK(parameter_layout(net).trainable_count() == parameter_layout(again).trainable_count());
  check_error([] { make_network<float>({{"model", "resnet"}}); },
              "model 'resnet' is unknown; expected unet, segnet or segnet_bn");
  check_error([] { make_network<float>({{"model", "unet"}, {"base_width", "wide"}}); }, "base_width = 'wide'");
  check_error([] { make_network<float>({{"model", "unet"}, {"colour", "red"}}); },
              "network description: option 'colour' = 'red' is not one of unet's");
  check_error([] { make_network<float>({{"model", "segnet"}, {"base_width", "8"}, {"depth", "3"}}); },
              "network description: option 'depth' = '3' is not one of segnet's");
  CHECK(make_network<float>({{"model", "segnet"}, {"base_width", "2"}, {"in_channels", "1"}}).in_channels() == 1);
  CHECK(make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"classes", "7"}}).classes() == 7);
}

TEST_CASE("models: widths that no network has are refused before anything is allocated") {
  const auto refused = [](const network_description& text, const std::string& expected) {
    check_error([&] { make_network<float>(text); }, expected);
  };
  refused({{"model", "unet"}, {"base_width", "1000000000"}}, "unet: depth 4, base width 1000000000, ");
  refused({{"model", "unet"}, {"base_width", "4096"}}, "every level's channels 1 to 8192");  // 32768 at the bottom
  refused({{"model", "unet"}, {"bottleneck", "-1"}}, "bottleneck -1");
  refused({{"model", "unet"}, {"depth", "9223372036854775807"}}, "depth must be 1 to 10");
  refused({{"model", "unet"}, {"classes", "9223372036854775807"}}, "9223372036854775807 classes");
  refused({{"model", "segnet"}, {"base_width", "1025"}}, "segnet: base width 1025, 3 input channels, 1 classes: base");
  refused({{"model", "segnet"}, {"in_channels", "8193"}}, "8193 input channels");
  refused({{"model", "segnet"}, {"same_padding", "false"}}, "segnet: same_padding = false; unpooling needs");
}

TEST_CASE("models: sizes that the network can't divide are refused, or padded on request") {
  tape<float> t;
  const auto net = make_network<float>({{"model", "unet"}, {"base_width", "2"}});
  check_error([&] { net(t, t.input({1, 40, 64, 3})); }, "unet: 40×64 pixels; height and width must be divisible by 16");
  const auto segments = make_network<float>({{"model", "segnet"}, {"base_width", "2"}});
  check_error([&] { segments(t, t.input({1, 64, 48, 3})); },
              "segnet: 64×48 pixels; height and width must be divisible by 32");
  const auto padded = make_network<float>({{"model", "unet"}, {"base_width", "2"}}, true);
  tape<float> u;
  CHECK(u.extents(padded(u, u.input({1, 41, 63, 3}))) == shape{1, 41, 63, 1});
  const auto valid = make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"same_padding", "false"}}, true);
  CHECK(valid.size_multiple() == 1);
  tape<float> v;
  CHECK(v.extents(valid(v, v.input({1, 189, 205, 3}))) == shape{1, 4, 20, 1});
}

TEST_CASE("models: the paper's UNet turns 572×572 into 388×388") {
  tape<float> t;
  auto options = unet_options::paper();
  options.base_width = 2;
  options.bottleneck = 32;
  const unet<float> net(options);
  CHECK(t.extents(net(t, t.input({1, 572, 572, 3}))) == shape{1, 388, 388, 1});
}
