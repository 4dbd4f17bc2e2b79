// SPDX-License-Identifier: Apache-2.0
// What a trainer owes a network with dropout: masks that depend on the place in the run alone.
#include "../support/paths.hpp"
#include "../support/residual_segmenter.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <set>

using namespace lamina;
using namespace lamina::testing;

namespace {

network<float> segmenter() {
  return {residual_segmenter<float>(), {{"model", "residual_segmenter"}, {"classes", "1"}}};
}

class losses final : public train_observer {
 public:
  void stepped(const train_step& s) override { all.push_back(s.loss); }
  std::vector<double> all;
};

}  // namespace

TEST_CASE("dropout: a run that was killed in the middle of an epoch and resumed has the bits of the whole one") {
  cpu_context ctx;
  const temporary_folder folder;
  train_options o = tiny_options(folder.path());
  o.epochs = 2;
  o.checkpoint_every = 1;
  train_options without_files = o;
  without_files.folder.clear();
  losses whole, rest;
  trainer<float> uninterrupted(ctx, segmenter(), made_up_data(), without_files);
  uninterrupted.observe(whole);
  const train_result expected = uninterrupted.run();

  trainer<float> killed(ctx, segmenter(), made_up_data(), o);
  crash_after sixth(6);
  killed.observe(sixth);
  CHECK_THROWS_AS(killed.run(), crash);
  trainer<float> resumed(ctx, segmenter(), made_up_data(), o);
  resumed.resume(open_checkpoint(folder.path() / "checkpoint.safetensors"));
  resumed.observe(rest);
  const train_result made = resumed.run();
  CHECK(made.plan.first_step == 5);
  CHECK(made.weights_sha256 == expected.weights_sha256);
  CHECK(rest.all == std::vector<double>(whole.all.begin() + 5, whole.all.end()));
}

TEST_CASE("dropout: the same image meets another mask in each epoch and in each batch, also of one step") {
  const auto losses_with = [](index_t accumulate) {
    cpu_context ctx;
    train_options o = tiny_options();
    o.batch_size = 1;
    o.accumulate = accumulate;
    o.augmentation.reset();
    o.optimizer = sgd_params{.learning_rate = 0};
    train_data data = made_up_data(1, 0, 0);
    data.training = {0, 0, 0, 0};  // one image, and weights that stay: only masks differ
    losses seen;
    trainer<float> t(ctx, segmenter(), data, o);
    t.observe(seen);
    t.run();
    return seen.all;
  };
  const std::vector<double> single = losses_with(1), pairs = losses_with(2);
  REQUIRE(single.size() == 12);
  REQUIRE(pairs.size() == 6);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    CHECK(pairs[i] == doctest::Approx((single[2 * i] + single[2 * i + 1]) / 2).epsilon(1e-12));
  CHECK(std::set<double>(single.begin(), single.end()).size() == single.size());
}
