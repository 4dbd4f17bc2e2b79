// SPDX-License-Identifier: Apache-2.0
#include <lamina/ops/softmax_cross_entropy.hpp>

#include "../support/losses.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Classes 0 … C−1, one pixel in five of class `ignored`.
tensor<std::int32_t> random_classes(shape extents, std::int32_t ignored) {
  tensor<std::int32_t> classes({extents.n, extents.h, extents.w, 1});
  random_stream stream({.seed = 5});
  for (std::int32_t& c : classes)
    c = stream.below(5) == 0 ? ignored : static_cast<std::int32_t>(stream.below(static_cast<std::uint32_t>(extents.c)));
  classes[0] = 0;
  return classes;
}

}  // namespace

TEST_CASE("softmax_cross_entropy: PyTorch's value and gradient") {
  const golden_file golden("losses.safetensors");
  const auto z = golden.tensor("scores");
  const auto classes = golden.tensor<std::int32_t>("classes");
  cpu_context ctx;
  CHECK(softmax_cross_entropy_forward<float>(ctx, z, classes, {}) ==
        doctest::Approx(golden.number("softmax_cross_entropy.value")).epsilon(1e-7));
  auto dz = poisoned_tensor<float>(z.extents());
  softmax_cross_entropy_backward(ctx, z.view(), classes, {}, dz.view());
  check_close(dz, golden.tensor<double>("softmax_cross_entropy.gradient"), 1e-7);
}

TEST_CASE_TEMPLATE("softmax_cross_entropy: reference and threads", T, float, bfloat16, double) {
  cpu_context ctx;
  thread_pool pool(3);
  cpu_context threaded({.workers = &pool});
  for (const shape& extents : awkward_shapes) {
    CAPTURE(to_text(extents));
    const auto z = random_tensor<T>(extents, 1, -5, 5);
    const auto classes = random_classes(extents, 255);
    const double value = softmax_cross_entropy_forward<T>(ctx, z, classes, {.ignored = 255});
    CHECK(value == doctest::Approx(reference::softmax_cross_entropy_forward<T>(z, classes, {255})).epsilon(1e-9));
    CHECK(value == softmax_cross_entropy_forward<T>(threaded, z, classes, {.ignored = 255}));
    auto dz = poisoned_tensor<T>(extents), dz_threaded = poisoned_tensor<T>(extents);
    softmax_cross_entropy_backward(ctx, z.view(), classes, {.ignored = 255}, dz.view());
    softmax_cross_entropy_backward(threaded, z.view(), classes, {.ignored = 255}, dz_threaded.view());
    CHECK(same_bits<T>(dz, dz_threaded));
  }
}

TEST_CASE("softmax_cross_entropy: gradient") {
  cpu_context ctx;
  auto z = random_tensor<double>({2, 3, 2, 4}, 1, -3, 3);
  const auto classes = random_classes(z.extents(), -1);
  auto dz = poisoned_tensor<double>(z.extents());
  softmax_cross_entropy_backward(ctx, z.view(), classes, {}, dz.view());
  check_gradient(z, dz, [&] { return reference::softmax_cross_entropy_forward<double>(z, classes, {}); });
}

TEST_CASE("softmax_cross_entropy: large scores, wrong arguments") {
  cpu_context ctx;
  tensor<float> z({1, 1, 1, 3});
  z[0] = 5000;
  tensor<std::int32_t> classes({1, 1, 1, 1});
  CHECK(softmax_cross_entropy_forward<float>(ctx, z, classes, {}) == 0);
  classes[0] = 1;
  CHECK(softmax_cross_entropy_forward<float>(ctx, z, classes, {}) == 5000);
  classes[0] = -1;
  CHECK(std::isnan(softmax_cross_entropy_forward<float>(ctx, z, classes, {})));
  classes[0] = 3;
  check_error([&] { softmax_cross_entropy_forward<float>(ctx, z, classes, {}); },
              "softmax_cross_entropy_forward: class 3 at [0,0,0] is not below 3");
  const tensor<std::int32_t> wrong({1, 1, 2, 1});
  check_error([&] { softmax_cross_entropy_backward(ctx, z.view(), wrong, {}, z.view()); },
              "softmax_cross_entropy_backward: logits [1,1,1,3] want classes [1,1,1,1], not [1,1,2,1]");
}
