// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/lovasz_hinge.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(lovasz_hinge_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return lovasz_hinge_forward(ctx, x, target, params);
  };
}
auto backward(lovasz_hinge_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    lovasz_hinge_backward(ctx, x, target, params, dx);
  };
}
auto expected(lovasz_hinge_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::lovasz_hinge_forward<T>(x, target, params);
  };
}
void check_both(const std::string& name, const std::string& input, lovasz_hinge_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("lovasz_hinge: PyTorch's values and gradients") {
  check_both("lovasz_hinge.image", "logits", {});
  check_both("lovasz_hinge.batch", "logits", {.region = loss_region::batch});
}

TEST_CASE("lovasz_hinge: reference, threads, gradient") {
  for (const lovasz_hinge_params& params : {lovasz_hinge_params{}, {.region = loss_region::batch}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
}

TEST_CASE("lovasz_hinge: with logits of -1 and 1 it is twice the Jaccard loss") {
  cpu_context ctx;
  tensor<float> z({1, 1, 4, 1}), t({1, 1, 4, 1});
  const float predicted[] = {1, 1, -1, -1}, truth[] = {1, 0, 1, 0};
  for (index_t i = 0; i < 4; ++i) z[i] = predicted[i], t[i] = truth[i];
  CHECK(lovasz_hinge_forward<float>(ctx, z, t, {}) == doctest::Approx(2 * (1 - 1.0 / 3)));
}

TEST_CASE("lovasz_hinge: a NaN among the logits is seen in the loss, and spoils nothing but its own region") {
  cpu_context ctx;
  const shape extents{2, 16, 16, 1};
  auto z = random_tensor<float>(extents, 1, -5, 5);
  const auto t = random_mask(extents, 2);
  for (const index_t i : {3, 40, 41, 200}) z[i] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(lovasz_hinge_forward<float>(ctx, z, t, {})));
  auto dz = poisoned_tensor<float>(extents);
  lovasz_hinge_backward(ctx, z.view(), t.view(), {}, dz.view());
  for (index_t i = 0; i < z.size(); ++i) CHECK(std::isnan(dz[i]) == std::isnan(z[i]));
  double second_image = 0;
  for (index_t i = 256; i < 512; ++i) second_image += std::abs(dz[i]);
  CHECK(second_image > 0);
}

TEST_CASE("lovasz_hinge: wrong arguments are refused") { check_loss_errors("lovasz_hinge", forward({}), backward({})); }
