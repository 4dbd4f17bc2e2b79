// SPDX-License-Identifier: Apache-2.0
#include <lamina/train/schedule.hpp>

#include "../support/golden.hpp"
#include "../support/tensors.hpp"

#include <limits>

using namespace lamina;
using namespace lamina::testing;

namespace {

constexpr schedule::run twenty{.base = 0.02f, .steps = 20};

void check_rates(const std::string& name, const schedule& plan) {
  CAPTURE(name);
  const auto expected = golden_file("schedules.safetensors").tensor<double>(name);
  for (index_t step = 0; step < expected.size(); ++step) {
    CAPTURE(step);
    CHECK(plan.learning_rate(step) == doctest::Approx(expected[step]).epsilon(1e-6));
  }
}

}  // namespace

TEST_CASE("schedule: PyTorch's rates") {
  check_rates("polynomial", {polynomial_schedule{}, twenty});
  check_rates("cosine", {cosine_schedule{.minimum = 0.1f}, twenty});
  check_rates("step", {step_schedule{.gamma = 0.5f, .every = 6}, twenty});
  check_rates("warm_up", {cosine_schedule{}, {.base = 0.02f, .steps = 20, .warm_up = 5}});
}

TEST_CASE("schedule: PyTorch's plateau, saved and restored at every step") {
  const golden_file golden("schedules.safetensors");
  const auto iou = golden.tensor<double>("iou");
  for (const bool higher : {true, false}) {
    const auto expected = golden.tensor<double>(higher ? "plateau.iou" : "plateau.loss");
    const plateau_schedule curve{
        .factor = 0.5f, .patience = 2, .minimum = higher ? 0.1f : 0.0f, .higher_is_better = higher};
    schedule plan(curve, twenty);
    for (index_t i = 0; i < iou.size(); ++i) {
      CAPTURE(i);
      CHECK(plan.learning_rate(i) == doctest::Approx(expected[i]).epsilon(1e-6));
      plan.observe(higher ? iou[i] : 1 - iou[i]);
      schedule resumed(curve, twenty);
      resumed.restore(plan.saved());
      CHECK(resumed.saved() == plan.saved());
      plan = resumed;
    }
  }
}

TEST_CASE("schedule: by hand") {
  const schedule constant({constant_schedule{}, {.base = 0.5f, .steps = 10, .warm_up = 4}});
  CHECK(constant.learning_rate(0) == 0.125f);
  CHECK(constant.learning_rate(2) == 0.375f);
  CHECK(constant.learning_rate(3) == 0.5f);
  CHECK(constant.learning_rate(1000) == 0.5f);
  CHECK(schedule(polynomial_schedule{}, twenty).learning_rate(10) == doctest::Approx(0.02 * std::pow(0.5, 0.9)));
  CHECK(schedule(cosine_schedule{}, twenty).learning_rate(10) == doctest::Approx(0.01));
  CHECK(schedule(cosine_schedule{}, twenty).learning_rate(25) == 0);
  const schedule thirds(step_schedule{}, {.base = 1, .steps = 30});
  CHECK(thirds.learning_rate(9) == 1);
  CHECK(thirds.learning_rate(10) == doctest::Approx(0.1));
  CHECK(thirds.learning_rate(29) == doctest::Approx(0.01));
  const schedule all_warm(cosine_schedule{}, {.base = 1, .steps = 4, .warm_up = 4});
  CHECK(all_warm.learning_rate(3) == 1);
}

TEST_CASE("schedule: NaN is no improvement") {
  schedule plan(plateau_schedule{.factor = 0.5f, .patience = 0}, twenty);
  plan.observe(std::numeric_limits<double>::quiet_NaN());
  CHECK(plan.saved().factor == 0.5);
  CHECK_FALSE(plan.saved().observed);
  plan.observe(-3);
  CHECK(plan.saved().best == -3);
  CHECK(plan.saved().factor == 0.5);
}

TEST_CASE("schedule: by name; wrong arguments are refused") {
  for (const auto& [name, curve] : known_schedules) CHECK(schedule_from_name(name, twenty).learning_rate(0) == 0.02f);
  CHECK(schedule_from_name("cosine", twenty).learning_rate(20) == 0);
  check_error([] { schedule_from_name("cosinus", twenty); },
              "schedule 'cosinus' is unknown; expected one of constant, polynomial, cosine, step, plateau");
  check_error([] { schedule(constant_schedule{}, {.steps = 5, .warm_up = 6}); }, "warm-up of 6 steps in a run of 5");
  check_error([] { schedule(constant_schedule{}, {.base = -1}); }, "base rate -1 must be finite and not negative");
  check_error([] { schedule(cosine_schedule{.minimum = 2}, twenty); }, "minimum 2 is outside [0,1]");
  check_error([] { schedule(step_schedule{.gamma = 0}, twenty); }, "gamma 0 every 0 steps");
  check_error([] { schedule(plateau_schedule{.factor = 1}, twenty); }, "plateau with factor 1");
  check_error([] { schedule(polynomial_schedule{.power = -1}, twenty); }, "power -1 is negative");
}
