// SPDX-License-Identifier: Apache-2.0
// A convolution whose filters are scaled while they are packed, and so a batch normalisation folded into it.
#include <lamina/ops/batch_norm2d.hpp>

#include "../support/convolution.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

const conv2d_params same{.padding = padding2d::same(3)};

const std::vector<conv_case> cases{
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
    {{2, 8, 6, 3}, {17, 3, 3, 3}, same},
    {{1, 6, 7, 12}, {33, 1, 1, 12}, {.stride = 2}},
    {{1, 7, 9, 6}, {4, 3, 3, 3}, {.stride = 2, .padding = padding2d::same(3), .groups = 2}},  // direct, in groups
    {{2, 6, 7, 19}, {19, 3, 3, 1}, {.padding = padding2d::same(3), .groups = 19}},            // depthwise
    {{1, 8, 10, 300}, {40, 3, 3, 300}, {.padding = padding2d::same(3), .algorithm = conv2d_algorithm::direct}},
    {{1, 9, 13, 16}, {33, 3, 3, 16}, same},    // Winograd's
    {{2, 8, 11, 130}, {20, 3, 3, 130}, same},  // several chunks of inputs
    {{2, 31, 34, 17}, {70, 3, 3, 17}, same},   // so many tiles that a task is a batch of them
    {{1, 8, 8, 24}, {45, 3, 3, 8}, {.padding = padding2d::same(3), .groups = 3}},
};

/// The values of a normalisation, and of a bias before it.
struct layer {
  tensor<float> b, gamma, beta, mean, variance;
  explicit layer(index_t C)
      : b(random_tensor<float>(vector_shape(C), 4)),
        gamma(random_tensor<float>(vector_shape(C), 5, -1.5, 1.5)),
        beta(random_tensor<float>(vector_shape(C), 6)),
        mean(random_tensor<float>(vector_shape(C), 7)),
        variance(random_tensor<float>(vector_shape(C), 8, 0.5, 2)) {}
};

/// w ∗ x + b, normalised, act(): in double.
template <class T>
tensor<double> expected_result(const conv_case& c, const tensor<T>& x, const tensor<float>& w, const layer& values,
                               bool biased, batch_norm2d_params norm) {
  const auto d = [](const tensor<float>& v) { return converted<double>(v); };
  tensor<double> y(c.y()), inv_std(values.variance.extents()), normalised(c.y());
  const tensor<double> b = d(values.b);
  reference::conv2d_forward<double, double>(converted<double>(x), d(w), biased ? b.view() : view<const double>(),
                                            c.params, y);
  for (index_t o = 0; o < c.w.n; ++o)
    inv_std[o] = 1 / std::sqrt(static_cast<double>(values.variance[o]) + static_cast<double>(norm.epsilon));
  reference::batch_norm2d_apply<double, double>(y, d(values.gamma), d(values.beta), d(values.mean), inv_std, norm,
                                                normalised);
  return normalised;
}

}  // namespace

TEST_CASE_TEMPLATE("conv2d with a batch norm folded in: as in double, as with one op after the other", T, float,
                   bfloat16) {
  for_each_isa([](cpu_context& ctx) {
    for (const conv_case& c : cases)
      for (const bool biased : {true, false})
        for (const float slope : {0.0f, 1.0f}) {
          CAPTURE(to_text(c));
          CAPTURE(biased);
          CAPTURE(slope);
          const auto x = random_tensor<T>(c.x, 1);
          const auto w = random_tensor<float>(c.w, 2);
          const layer values(c.w.n);
          const view<const float> b = biased ? values.b.view() : view<const float>();
          const batch_norm2d_params norm{.epsilon = 1e-3f, .activation_slope = slope};
          conv2d_params params = c.params;
          params.activation_slope = slope;

          auto scale = poisoned_tensor<float>(values.gamma.extents()), shift = poisoned_tensor<float>(scale.extents());
          batch_norm2d_fold(ctx, values.gamma, values.beta, values.mean, values.variance, b, norm, scale, shift);
          sliced_tensor<T> y(c.y());
          conv2d_forward(ctx, x.view(), w, scale, shift, params, y.slice());
          CHECK(y.surroundings_untouched());
          // gamma/σ is at most 1.5/√0.5
          const double bound = 2.2 * tolerance<T>(c.w.h * c.w.w * c.w.c, conv2d_algorithm_for(c.x, c.w, params));
          check_close<T, double>(y.slice(), expected_result(c, x, w, values, biased, norm).view(), bound);

          if constexpr (std::is_same_v<T, float>) {
            auto apart = poisoned_tensor<float>(c.y());
            conv2d_forward(ctx, x.view(), w, b, c.params, apart.view());
            batch_norm2d_inference(ctx, apart.view(), values.gamma, values.beta, values.mean, values.variance, norm,
                                   apart.view());
            check_close<T, float>(y.slice(), apart.view(), 2 * bound);
          }
        }
  });
}

TEST_CASE("conv2d with a scale: equals the reference; without one, or with ones, the same bits") {
  for_each_isa([](cpu_context& ctx) {
    for (const conv_case& c : cases) {
      CAPTURE(to_text(c));
      const auto x = random_tensor<float>(c.x, 1), w = random_tensor<float>(c.w, 2);
      const auto scale = random_tensor<float>(vector_shape(c.w.n), 3), b = random_tensor<float>(scale.extents(), 4);
      tensor<float> ones(scale.extents());
      ones.fill(1);
      tensor<float> expected(c.y()), y(c.y()), plain(c.y());
      reference::conv2d_forward<float, float>(x, w, scale, b, c.params, expected);
      conv2d_forward(ctx, x.view(), w, scale, b, c.params, y.view());
      check_close(y, expected,
                  tolerance<float>(c.w.h * c.w.w * c.w.c, conv2d_algorithm_for(c.x, c.w, c.params)));
      conv2d_forward(ctx, x.view(), w, ones, b, c.params, y.view());
      conv2d_forward(ctx, x.view(), w, b, c.params, plain.view());
      CHECK(same_bits<float>(y.view(), plain.view()));
    }
  });
}

TEST_CASE("conv2d with a scale, batch_norm2d_fold: wrong shapes are refused before anything is written") {
  cpu_context ctx;
  tensor<float> x({1, 4, 4, 3}), w({2, 3, 3, 3}), y({1, 4, 4, 2}), two(vector_shape(2)), three(vector_shape(3));
  check_error([&] { conv2d_forward(ctx, x.view(), w, three, two, same, y.view()); },
              "conv2d_forward: scale [1,1,1,3] does not fit the 2 output channels of w [2,3,3,3] OHWI");
  const auto refused = [&](view<const float> beta, view<const float> b, view<float> scale, float epsilon,
                           const char* text) {
    check_error([&] { batch_norm2d_fold(ctx, two, beta, two, two, b, {.epsilon = epsilon}, scale, two); }, text);
  };
  refused(three, {}, two, 1e-5f, "batch_norm2d_fold: gamma [1,1,1,2] and beta [1,1,1,3] differ in shape (NHWC)");
  refused(two, three, two, 1e-5f, "batch_norm2d_fold: gamma [1,1,1,2] and b [1,1,1,3] differ in shape (NHWC)");
  refused(two, {}, three, 1e-5f, "batch_norm2d_fold: gamma [1,1,1,2] and scale [1,1,1,3] differ in shape (NHWC)");
  refused(two, {}, two, 0, "batch_norm2d_fold: epsilon 0 is not positive");
}
