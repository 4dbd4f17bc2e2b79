// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/focal.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(focal_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return focal_forward(ctx, x, target, params);
  };
}
auto backward(focal_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    focal_backward(ctx, x, target, params, dx);
  };
}
auto expected(focal_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::focal_forward<T>(x, target, params);
  };
}
void check_both(const std::string& name, const std::string& input, focal_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("focal: PyTorch's values and gradients") { check_both("focal", "logits", {}); }

TEST_CASE("focal: reference, threads, gradient") {
  for (const focal_params& params :
       {focal_params{}, {.gamma = 0, .alpha = -1}, {.gamma = 0.5f}, {.gamma = 3, .alpha = 1}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
}

TEST_CASE("focal: a saturated pixel has no NaN") {
  cpu_context ctx;
  tensor<float> z({1, 1, 1, 1}), t({1, 1, 1, 1}), dz({1, 1, 1, 1});
  t[0] = 1;
  for (const float logit : {-2000.0f, 2000.0f}) {
    z[0] = logit;
    focal_backward(ctx, z.view(), t.view(), {.gamma = 0.5f}, dz.view());
    CHECK(dz[0] == (logit < 0 ? -0.25f : 0.0f));
    CHECK(focal_forward<float>(ctx, z, t, {.gamma = 0.5f}) == (logit < 0 ? 500 : 0));
  }
}

TEST_CASE("focal: wrong arguments are refused") {
  check_loss_errors("focal", forward({}), backward({}));
  cpu_context ctx;
  tensor<float> x({1, 1, 1, 1});
  check_error([&] { focal_forward<float>(ctx, x, x, {.gamma = -1}); }, "focal_forward: gamma -1 is negative");
  check_error([&] { focal_forward<float>(ctx, x, x, {.alpha = 2}); }, "focal_forward: alpha 2 is above 1");
}
