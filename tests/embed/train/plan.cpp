// SPDX-License-Identifier: Apache-2.0
// The trainer over made-up lesions, from the installed package: every library of lamina's is compiled and linked.
#include <lamina/augment/augment.hpp>
#include <lamina/data/synthetic.hpp>
#include <lamina/train/plan_text.hpp>
#include <lamina/train/trainer.hpp>

#include <iostream>

using namespace lamina;

int main() {
  cpu_context ctx;
  const sample_source lesions = [](index_t number, sample_pixels& pixels) {
    synthetic_picture made = synthetic_lesion(/*seed=*/1, number, 32, 32);
    pixels = {std::move(made.image), std::move(made.mask)};
  };
  const network<float> net = make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"depth", "1"}});
  train_options options{.epochs = 1, .batch_size = 2, .height = 32, .width = 32};
  options.augmentation = augment::recipe(augment::sequential{augment::mirror{.5f}});
  trainer<float> t(ctx, net, {lesions, {0, 1, 2, 3}, {4}, {5}}, options);
  std::cout << plan_text(t.step_program(), parameter_layout(net));
  return t.plan().steps == 2 ? 0 : 1;
}
