// SPDX-License-Identifier: Apache-2.0
#include "../support/convolution.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

conv2d_params winograd(padding2d padding, index_t groups = 1) {
  return {.padding = padding, .groups = groups, .algorithm = conv2d_algorithm::winograd};
}

const std::vector<conv2d_algorithm> both{conv2d_algorithm::winograd, conv2d_algorithm::winograd_6x6};

conv_case with(conv2d_algorithm algorithm, conv_case c) {
  c.params.algorithm = algorithm;
  return c;
}

const std::vector<conv_case> cases{
    {{1, 1, 1, 1}, {1, 3, 3, 1}, winograd(padding2d::same(3))},
    {{1, 1, 1, 3}, {5, 3, 3, 3}, winograd(padding2d::all(2))},
    {{1, 3, 3, 2}, {2, 3, 3, 2}, winograd({})},
    {{1, 5, 7, 3}, {17, 3, 3, 3}, winograd(padding2d::same(3))},
    {{2, 8, 6, 17}, {3, 3, 3, 17}, winograd(padding2d::same(3))},
    {{1, 6, 26, 5}, {48, 3, 3, 5}, winograd({})},
    {{2, 9, 13, 16}, {33, 3, 3, 16}, winograd({0, 1, 2, 0})},
    {{3, 2, 9, 33}, {64, 3, 3, 33}, winograd({3, 4, 5, 6})},
    {{1, 4, 31, 64}, {65, 3, 3, 64}, winograd(padding2d::same(3))},
    {{1, 8, 11, 130}, {20, 3, 3, 130}, winograd(padding2d::same(3))},    // several chunks of inputs
    {{1, 7, 6, 12}, {9, 3, 3, 4}, winograd(padding2d::same(3), 3)},      // groups
    {{2, 6, 7, 5}, {5, 3, 3, 1}, winograd(padding2d::same(3), 5)},       // depthwise
    {{2, 31, 34, 17}, {70, 3, 3, 17}, winograd(padding2d::same(3))},     // so many tiles that a task is a batch of them
    {{1, 45, 46, 260}, {3, 3, 3, 260}, winograd(padding2d::same(3))},    // several batches of shared inputs
    {{2, 63, 66, 5}, {17, 3, 3, 5}, winograd(padding2d::same(3))},       // parts of dw, added in order
    {{1, 5, 5, 260}, {257, 3, 3, 260}, winograd(padding2d::same(3))},    // several blocks of filters
    {{0, 4, 4, 3}, {2, 3, 3, 3}, winograd(padding2d::same(3))},
};

/// ‖actual − expected‖ / ‖expected‖.
double relative_error(view<const float> actual, view<const double> expected) {
  double error = 0, norm = 0;
  const auto [N, H, W, C] = actual.extents();
  for (index_t n = 0; n < N; ++n)
    for (index_t h = 0; h < H; ++h)
      for (index_t w = 0; w < W; ++w)
        for (index_t c = 0; c < C; ++c) {
          const double e = expected(n, h, w, c), difference = static_cast<double>(actual(n, h, w, c)) - e;
          error += difference * difference;
          norm += e * e;
        }
  return std::sqrt(error / norm);
}

}  // namespace

TEST_CASE_TEMPLATE("conv2d_winograd: every instruction set equals the reference", T, float, bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const conv2d_algorithm algorithm : both) {
      for (const conv_case& c : cases) check_convolution<T>(ctx, with(algorithm, c), 1);
      check_convolution<T>(ctx, with(algorithm, cases[3]), 0);
      check_convolution<T>(ctx, with(algorithm, cases[6]), 0.25f);
      check_convolution<T>(ctx, with(algorithm, cases[12]), 0);
    }
  });
}

TEST_CASE("conv2d_winograd: the stated error") {
  struct statement {
    conv2d_algorithm algorithm;
    index_t inputs;
    double bound;
  };
  constexpr auto four = conv2d_algorithm::winograd, six = conv2d_algorithm::winograd_6x6;
  for (const statement& stated : {statement{four, 64, 1.5e-6}, {four, 256, 2.5e-6}, {four, 1024, 4e-6},
                                  {six, 64, 4e-6}, {six, 256, 8e-6}, {six, 1024, 16e-6}}) {
    const auto [algorithm, inputs, bound] = stated;
    CAPTURE(algorithm);
    CAPTURE(inputs);
    const shape extents{1, 12, 12, inputs}, filter{16, 3, 3, inputs};
    conv2d_params params = winograd(padding2d::same(3));
    params.algorithm = algorithm;
    const auto x = random_tensor<float>(extents, 1), w = random_tensor<float>(filter, 2);
    tensor<double> expected(conv2d_output_shape(extents, filter, params));
    reference::conv2d_forward<double, double>(converted<double>(x), converted<double>(w), {}, params, expected);
    for_each_isa([&, limit = bound](cpu_context& ctx) {
      auto y = poisoned_tensor<float>(expected.extents());
      conv2d_forward(ctx, x.view(), w, {}, params, y.view());
      const double error = relative_error(y.view(), expected.view());
      CHECK_MESSAGE(error <= limit, error, " is more than ", limit);
      CHECK(error > 1e-8);  // not a comparison of a thing with itself
    });
  }
  for (const auto& [size, six_by_six] : {std::pair<index_t, bool>{16, false}, {96, false}, {16, true}, {96, true}}) {
    CAPTURE(size);
    CAPTURE(six_by_six);
    const shape extents{1, size, size, 20}, filter{18, 3, 3, 20};
    conv2d_params params = winograd(padding2d::same(3));
    if (six_by_six) params.algorithm = six;
    const double bound = six_by_six ? 5e-6 : 2e-6;
    const auto x = random_tensor<float>(extents, 1), dy = random_tensor<float>({1, size, size, 18}, 2);
    tensor<double> expected(filter), sums(vector_shape(18));
    reference::conv2d_backward_weights<double, double>(converted<double>(x), converted<double>(dy), params, expected,
                                                       sums);
    for_each_isa([&](cpu_context& ctx) {
      tensor<float> dw(filter);
      conv2d_backward_weights(ctx, x.view(), dy.view(), params, dw, {});
      const double error = relative_error(as_const(dw.view()), expected.view());
      CHECK_MESSAGE(error <= bound, error, " is more than ", bound);
      CHECK(error > 1e-8);
    });
  }
}

TEST_CASE("conv2d_winograd: the same bits for any number of workers, within the stated scratch memory") {
  for (const conv2d_algorithm algorithm : both)
    for (const conv_case& c : {cases[8], cases[9], cases[10], cases[12], cases[13], cases[14]})
      check_bits_and_scratch(with(algorithm, c));
}

TEST_CASE("conv2d_winograd: a part that begins on a tile has the bits of the whole, however the work is cut") {
  for_each_isa([](cpu_context& ctx) {
    for (const conv2d_algorithm algorithm : both) {
      conv2d_params params = winograd(padding2d::same(3));
      params.algorithm = algorithm;
      const index_t edge = tile_edge(algorithm);
      const auto x = random_tensor<float>({1, 44, 40, 20}, 1), w = random_tensor<float>({18, 3, 3, 20}, 2);
      tensor<float> whole({1, 44, 40, 18}), part({1, 16, 40, 18});
      conv2d_forward(ctx, x.view(), w, {}, params, whole.view());
      const auto rows = [](view<const float> v, index_t first, index_t count) {
        const auto [N, H, W, C] = v.extents();
        return view<const float>(v.pixel(0, first, 0), {N, count, W, C}, v.image_stride(), v.row_stride(),
                                 v.pixel_stride());
      };
      conv2d_forward(ctx, rows(x.view(), 2 * edge, 16), w, {}, params, part.view());
      CHECK(same_bits<float>(rows(part.view(), edge, edge), rows(whole.view(), 3 * edge, edge)));
    }
  });
}

TEST_CASE("conv2d_winograd: the rule") {
  const auto rule = [](shape x, shape w, const conv2d_params& params) { return conv2d_algorithm_for(x, w, params); };
  const conv2d_params same{.padding = padding2d::same(3)};
  CHECK(rule({1, 63, 64, 64}, {64, 3, 3, 64}, same) == conv2d_algorithm::winograd);
  CHECK(rule({1, 64, 64, 64}, {64, 3, 3, 64}, same) == conv2d_algorithm::winograd_6x6);
  CHECK(rule({1, 64, 64, 257}, {64, 3, 3, 257}, same) == conv2d_algorithm::winograd);
  CHECK(rule({1, 64, 64, 256}, {257, 3, 3, 256}, same) == conv2d_algorithm::winograd);
  CHECK(rule({1, 64, 64, 64}, {64, 3, 3, 64}, {.padding = padding2d::same(3), .algorithm = conv2d_algorithm::direct}) ==
        conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 3}, {64, 3, 3, 3}, same) == conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 64}, {1, 3, 3, 64}, same) == conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 64}, {64, 3, 3, 1}, {.padding = padding2d::same(3), .groups = 64}) ==
        conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 64}, {64, 1, 1, 64}, {}) == conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 64}, {64, 3, 3, 64}, {.stride = 2}) == conv2d_algorithm::direct);
  CHECK(rule({1, 64, 64, 64}, {64, 3, 3, 64}, {.dilation = 2}) == conv2d_algorithm::direct);
  CHECK(rule({1, 1, 1, 64}, {64, 3, 3, 64}, same) == conv2d_algorithm::direct);
  CHECK(rule({1, 2, 2, 64}, {64, 3, 3, 64}, same) == conv2d_algorithm::direct);
  CHECK(rule({1, 5, 5, 64}, {64, 3, 3, 64}, same) == conv2d_algorithm::winograd);
  CHECK(rule({1, 32, 32, 8}, {8, 3, 3, 8}, same) == conv2d_algorithm::winograd);
}

TEST_CASE("conv2d_winograd: where it does not fit, it is refused before anything is written") {
  cpu_context ctx;
  tensor<float> x({1, 8, 8, 4}), w({2, 3, 3, 4}), y({1, 3, 3, 2});
  const conv2d_params params{.stride = 2, .algorithm = conv2d_algorithm::winograd};
  check_error([&] { conv2d_forward(ctx, x.view(), w, {}, params, y.view()); },
              "conv2d_forward: Winograd's algorithm needs 3×3 taps, stride 1 and dilation 1, not stride 2 and dilation "
              "1 (w [2,3,3,4] OHWI)");
  check_error([&] { conv2d_backward_data(ctx, y.view(), w, params, x.view()); }, "conv2d_backward_data: Winograd's");
}
