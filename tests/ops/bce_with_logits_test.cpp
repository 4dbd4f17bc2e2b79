// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/bce_with_logits.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(bce_with_logits_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return bce_with_logits_forward(ctx, x, target, params);
  };
}
auto backward(bce_with_logits_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    bce_with_logits_backward(ctx, x, target, params, dx);
  };
}
auto expected(bce_with_logits_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::bce_with_logits_forward<T>(x, target, {}, params);
  };
}
void check_both(const std::string& name, const std::string& input, bce_with_logits_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("bce_with_logits: PyTorch's values and gradients") {
  check_both("bce_with_logits", "logits", {});
  const golden_file golden("losses.safetensors");
  const auto weights = golden.tensor("weights");
  const bce_with_logits_params params{.positive_weight = 3};
  check_golden_loss(
      "bce_with_logits.weighted", "logits",
      [&](cpu_context& ctx, view<const float> x, view<const float> target) {
        return bce_with_logits_forward(ctx, x, target, weights, params);
      },
      [&](cpu_context& ctx, view<const float> x, view<const float> target, view<float> dx) {
        bce_with_logits_backward(ctx, x, target, weights, params, dx);
      });
}

TEST_CASE("bce_with_logits: reference, threads, gradient") {
  for (const bce_with_logits_params& params : {bce_with_logits_params{}, {.positive_weight = 2.5f}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
}

TEST_CASE("bce_with_logits: neither overflows nor vanishes") {
  cpu_context ctx;
  tensor<float> z({1, 1, 1, 2}), t({1, 1, 1, 2}), dz({1, 1, 1, 2});
  const shape row{1, 1, 2, 1};
  z[0] = -2000, t[0] = 1;  // certain and wrong
  z[1] = 2000, t[1] = 1;   // certain and right
  const view<const float> logits(z.data(), row), target(t.data(), row);
  CHECK(bce_with_logits_forward(ctx, logits, target, {}) == 1000);
  bce_with_logits_backward(ctx, logits, target, {}, view<float>(dz.data(), row));
  CHECK(dz[0] == -0.5f);
  CHECK(dz[1] == 0);
}

TEST_CASE("bce_with_logits: wrong arguments are refused") {
  check_loss_errors("bce_with_logits", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error([&] { bce_with_logits_forward<float>(ctx, x, x, {.positive_weight = -1}); },
              "bce_with_logits_forward: positive_weight -1 is negative");
  const tensor<float> wrong({1, 1, 2, 1});
  check_error([&] { bce_with_logits_forward<float>(ctx, x, x, wrong, {}); },
              "bce_with_logits_forward: prediction [1,1,1,1] and weights [1,1,2,1] differ in shape");
}
