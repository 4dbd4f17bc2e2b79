// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/core/error.hpp>
#include <lamina/core/scalar.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lamina {

// The curves of a schedule: a factor f(t) of the base rate, where t counts the steps after the warm-up and T is how
// many of them there are.

/// f = 1.
struct constant_schedule {};
/// f = (1 − t/T)^power.
struct polynomial_schedule {
  float power = 0.9f;
};
/// f = m + (1 − m)·(1 + cos(π·t/T))/2. Loshchilov & Hutter: SGDR, 2016, arXiv:1608.03983, without restarts.
struct cosine_schedule {
  float minimum = 0;  // m in [0,1], of the base rate
};
/// f = gamma^⌊t / every⌋.
struct step_schedule {
  float gamma = 0.1f;
  index_t every = 0;  // steps; 0: a third of T
};
/// f is multiplied by `factor` whenever the metric has not improved for more than `patience` observations.
struct plateau_schedule {
  float factor = 0.1f;
  index_t patience = 10;
  float threshold = 1e-4f;       // an improvement is one by more than this share of the best value
  float minimum = 0;             // f never falls below
  bool higher_is_better = true;  // IoU; false: a loss
};

/// The learning rate of every step of a run: a curve, after a linear warm-up from base/warm_up to base.
///
///     schedule plan{cosine_schedule{}, {.base = 1e-3f, .steps = 30 * steps_per_epoch, .warm_up = 500}};
///     params.learning_rate = plan.learning_rate(step);
struct schedule {
  struct run {
    float base = 1e-3f;   // the learning rate that f multiplies
    index_t steps = 1;    // of the whole run, warm-up included
    index_t warm_up = 0;  // steps
  };
  /// All that changes while a schedule is used. Saved and restored, a run continues exactly.
  struct state {
    double factor = 1;      // of a plateau schedule
    bool observed = false;  // whether there is a best metric
    double best = 0;
    index_t bad = 0;  // observations since the last improvement or reduction

    friend bool operator==(const state&, const state&) = default;
  };
  using curve = std::variant<constant_schedule, polynomial_schedule, cosine_schedule, step_schedule, plateau_schedule>;

  schedule() = default;
  /// Throws `error` for a negative rate, no steps, a warm-up longer than the run, or a parameter out of its range.
  schedule(curve chosen, run plan) : curve_(chosen), run_(plan) {
    require(run_.base >= 0 && std::isfinite(run_.base), "schedule: base rate ", run_.base,
            " must be finite and not negative");
    require(run_.steps >= 1 && run_.warm_up >= 0 && run_.warm_up <= run_.steps, "schedule: warm-up of ", run_.warm_up,
            " steps in a run of ", run_.steps);
    if (const auto* p = std::get_if<polynomial_schedule>(&curve_))
      require(p->power >= 0, "schedule: power ", p->power, " is negative");
    if (const auto* c = std::get_if<cosine_schedule>(&curve_))
      require(c->minimum >= 0 && c->minimum <= 1, "schedule: minimum ", c->minimum, " is outside [0,1]");
    if (const auto* s = std::get_if<step_schedule>(&curve_))
      require(s->gamma > 0 && s->every >= 0, "schedule: gamma ", s->gamma, " every ", s->every, " steps");
    if (const auto* p = std::get_if<plateau_schedule>(&curve_))
      require(p->factor > 0 && p->factor < 1 && p->patience >= 0 && p->threshold >= 0 && p->minimum >= 0,
              "schedule: plateau with factor ", p->factor, ", patience ", p->patience, ", threshold ", p->threshold,
              ", minimum ", p->minimum);
  }

  /// The rate of step 0, 1, …; behind the last step that of the end.
  float learning_rate(index_t step) const {
    if (step < run_.warm_up) {
      const double risen = static_cast<double>(step + 1) / static_cast<double>(run_.warm_up);
      return static_cast<float>(run_.base * risen * state_.factor);
    }
    const auto T = static_cast<double>(std::max<index_t>(1, run_.steps - run_.warm_up));
    const double t = std::min(static_cast<double>(step - run_.warm_up), T);
    return static_cast<float>(run_.base * std::visit([&](const auto& chosen) { return factor(chosen, t, T); }, curve_));
  }

  /// Tells a validation's metric. Only a plateau schedule listens; NaN is no improvement.
  void observe(double metric) {
    const auto* plateau = std::get_if<plateau_schedule>(&curve_);
    if (plateau == nullptr) return;
    const double margin = plateau->threshold * std::abs(state_.best);
    const bool better = !state_.observed            ? !std::isnan(metric)
                        : plateau->higher_is_better ? metric > state_.best + margin
                                                    : metric < state_.best - margin;
    if (better) {
      state_.observed = true;
      state_.best = metric;
      state_.bad = 0;
    } else if (++state_.bad > plateau->patience) {
      state_.factor = std::max<double>(state_.factor * plateau->factor, plateau->minimum);
      state_.bad = 0;
    }
  }

  const state& saved() const { return state_; }
  void restore(const state& saved) { state_ = saved; }
  const run& plan() const { return run_; }

 private:
  double factor(constant_schedule, double, double) const { return 1; }
  double factor(polynomial_schedule p, double t, double T) const { return std::pow(1 - t / T, p.power); }
  double factor(cosine_schedule c, double t, double T) const {
    return c.minimum + (1 - c.minimum) * (1 + std::cos(std::numbers::pi * t / T)) / 2;
  }
  double factor(step_schedule s, double t, double T) const {
    const double every = s.every > 0 ? static_cast<double>(s.every) : std::max(1.0, std::ceil(T / 3));
    return std::pow(s.gamma, std::floor(t / every));
  }
  double factor(plateau_schedule, double, double) const { return state_.factor; }

  curve curve_ = constant_schedule{};
  run run_;
  state state_;
};

inline constexpr std::array<std::pair<std::string_view, schedule::curve>, 5> known_schedules{{
    {"constant", constant_schedule{}},
    {"polynomial", polynomial_schedule{}},
    {"cosine", cosine_schedule{}},
    {"step", step_schedule{}},
    {"plateau", plateau_schedule{}},
}};

/// The curve called `name`, with its default parameters. Throws `error` with all names for an unknown one.
inline schedule::curve schedule_curve_from_name(std::string_view name) {
  std::string names;
  for (const auto& [known, curve] : known_schedules) {
    if (known == name) return curve;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  fail("schedule '", name, "' is unknown; expected one of ", names);
}
/// The schedule with that curve. Throws `error` as it does, and as the constructor does.
inline schedule schedule_from_name(std::string_view name, schedule::run plan) {
  return {schedule_curve_from_name(name), plan};
}

}  // namespace lamina
