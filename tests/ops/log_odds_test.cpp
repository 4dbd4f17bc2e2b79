// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/log_odds.hpp>
#include <lamina/ops/sigmoid.hpp>

#include "../support/tensors.hpp"

#include <array>

using namespace lamina;
using namespace lamina::testing;

TEST_CASE_TEMPLATE("log_odds: differences and their gradient, in a channel slice", T, float, bfloat16) {
  cpu_context ctx;
  for (const auto& [N, H, W] : {std::array<index_t, 3>{1, 1, 1}, {2, 5, 7}, {1, 40, 300}}) {
    const auto x = random_tensor<T>({N, H, W, 2}, 1, -8, 8), dy = random_tensor<T>({N, H, W, 1}, 2);
    sliced_tensor<T> y({N, H, W, 1}), dx({N, H, W, 2});
    log_odds_forward(ctx, x.view(), y.slice());
    log_odds_backward(ctx, dy.view(), dx.slice());
    index_t wrong = 0;
    for (index_t i = 0; i < N * H * W; ++i) {
      const index_t n = i / (H * W), h = i / W % H, w = i % W;
      const T difference = static_cast<T>(static_cast<float>(x[2 * i + 1]) - static_cast<float>(x[2 * i]));
      wrong += static_cast<float>(y.slice()(n, h, w, 0)) != static_cast<float>(difference);
      wrong += static_cast<float>(dx.slice()(n, h, w, 1)) != static_cast<float>(dy[i]);
      wrong += static_cast<float>(dx.slice()(n, h, w, 0)) != -static_cast<float>(dy[i]);
    }
    CHECK(wrong == 0);
    CHECK(y.surroundings_untouched());
    CHECK(dx.surroundings_untouched());
  }
}

TEST_CASE("log_odds: the sigmoid of the difference is softmax's second probability") {
  cpu_context ctx;
  const auto x = random_tensor<float>({1, 3, 4, 2}, 3, -6, 6);
  tensor<float> y({1, 3, 4, 1});
  log_odds_forward(ctx, x.view(), y.view());
  for (index_t i = 0; i < y.size(); ++i) {
    const double a = std::exp(static_cast<double>(x[2 * i])), b = std::exp(static_cast<double>(x[2 * i + 1]));
    CHECK(reference::sigmoid(static_cast<double>(y[i])) == doctest::Approx(b / (a + b)).epsilon(1e-6));
  }
}

TEST_CASE("log_odds: wrong shapes are refused") {
  cpu_context ctx;
  tensor<float> three({1, 2, 2, 3}), one({1, 2, 2, 1}), other({1, 2, 3, 2});
  check_error([&] { log_odds_forward(ctx, three.view(), one.view()); },
              "log_odds_forward: x [1,2,2,3] and y [1,2,2,1] are not [N,H,W,2] and [N,H,W,1]");
  check_error([&] { log_odds_backward(ctx, one.view(), other.view()); },
              "log_odds_backward: dx [1,2,3,2] and dy [1,2,2,1] are not [N,H,W,2] and [N,H,W,1]");
}
