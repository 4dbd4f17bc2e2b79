// SPDX-License-Identifier: Apache-2.0
#include <lamina/graph/conv2d.hpp>

#include <doctest/doctest.h>

using namespace lamina;

TEST_CASE("conv2d_node: chooses its algorithm by shapes, and runs with another when told") {
  const shape x{1, 64, 64, 32}, w{32, 3, 3, 32};
  conv2d_params params{.padding = padding2d::same(3)};
  const auto id = [](conv2d_algorithm algorithm) { return static_cast<int>(algorithm); };
  conv2d_node<float, cpu> node(x, w, params), part({1, 2, 2, 32}, w, params);
  CHECK(node.algorithm() == id(conv2d_algorithm::winograd_6x6));
  CHECK(part.algorithm() == id(conv2d_algorithm::direct));
  part.use_algorithm(node.algorithm());
  CHECK(part.algorithm() == node.algorithm());

  const cpu_context ctx;
  const auto scratch = [&](conv2d_algorithm algorithm) {
    params.algorithm = algorithm;
    return conv2d_forward_scratch<float>(x, w, params, ctx.isa(), 1);
  };
  REQUIRE(scratch(conv2d_algorithm::winograd) != scratch(conv2d_algorithm::direct));
  CHECK(node.scratch(ctx, pass_kind::forward) == scratch(conv2d_algorithm::winograd_6x6));
  node.limit_tiles(6);
  CHECK(node.algorithm() == id(conv2d_algorithm::winograd_6x6));
  node.limit_tiles(5);
  CHECK(node.scratch(ctx, pass_kind::forward) == scratch(conv2d_algorithm::winograd));
  node.limit_tiles(1);
  CHECK(node.algorithm() == id(conv2d_algorithm::direct));
  node.use_algorithm(id(conv2d_algorithm::winograd));
  CHECK(node.scratch(ctx, pass_kind::forward) == scratch(conv2d_algorithm::winograd));
  node.use_algorithm(id(conv2d_algorithm::direct));
  CHECK(node.scratch(ctx, pass_kind::forward) == scratch(conv2d_algorithm::direct));
}
