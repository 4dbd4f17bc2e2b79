// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/jaccard.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

auto forward(jaccard_params params) {
  return [=]<class T>(cpu_context& ctx, view<const T> x, view<const float> target) {
    return jaccard_forward(ctx, x, target, params);
  };
}
auto backward(jaccard_params params) {
  return [=]<class T>(cpu_context& ctx, view<const std::type_identity_t<T>> x, view<const float> target, view<T> dx) {
    jaccard_backward(ctx, x, target, params, dx);
  };
}
auto expected(jaccard_params params) {
  return [=]<class T>(view<const T> x, view<const float> target) {
    return reference::jaccard_forward<T>(x, target, params);
  };
}
void check_both(const std::string& name, const std::string& input, jaccard_params params) {
  check_golden_loss(name, input, forward(params), backward(params));
}

}  // namespace

TEST_CASE("jaccard: PyTorch's values and gradients") { check_both("jaccard.image", "logits", {}); }

TEST_CASE("jaccard: reference, threads, gradient") {
  for (const jaccard_params& params : {jaccard_params{}, {.region = loss_region::batch, .smoothing = 0.5f}})
    check_loss(-5, 5, forward(params), backward(params), expected(params));
  const jaccard_params on_probabilities{.input = prediction_kind::probabilities};
  check_loss(0, 1, forward(on_probabilities), backward(on_probabilities), expected(on_probabilities));
}

TEST_CASE("jaccard: wrong arguments are refused") { check_loss_errors("jaccard", forward({}), backward({})); }
