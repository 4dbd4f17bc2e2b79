// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/graph/parameter_set.hpp>
#include <lamina/ops/adam.hpp>
#include <lamina/ops/sgd.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lamina {

/// An optimiser's parameters; which of them is given decides which optimiser it is. A schedule changes the learning
/// rate.
using optimizer_params = std::variant<adam_params, sgd_params>;

inline float learning_rate_of(const optimizer_params& params) {
  return std::visit([](const auto& p) { return p.learning_rate; }, params);
}

/// An optimiser chosen at run time, with its moments.
class optimizer {
 public:
  optimizer(const optimizer_params& params, const std::shared_ptr<const parameter_layout>& layout) : params_(params) {
    const bool adam = std::holds_alternative<adam_params>(params);
    for (const char* name : adam ? std::vector{"first_moment", "second_moment"} : std::vector{"velocity"})
      moments_.emplace_back(name, parameter_set<cpu>(layout));
  }

  /// What it remembers from step to step, by name.
  std::vector<std::pair<std::string, parameter_set<cpu>>>& moments() { return moments_; }
  std::string_view name() const { return std::holds_alternative<adam_params>(params_) ? "adam" : "sgd"; }

  /// Update number `step`, from 1, of the trainable weights.
  void step(cpu_context& ctx, const parameter_set<cpu>& gradients, double learning_rate, index_t step,
            parameter_set<cpu>& weights) {
    update(ctx, gradients.trainable(), learning_rate, step, weights.trainable(),
           [this](std::size_t i) { return moments_[i].second.trainable(); });
  }
  /// The same of one parameter: as every number is updated by itself, all of them together come to the same bits.
  void step(cpu_context& ctx, const parameter_layout::entry& parameter, view<const float> gradient,
            double learning_rate, index_t step, parameter_set<cpu>& weights) {
    update(ctx, gradient, learning_rate, step, weights[parameter],
           [&](std::size_t i) { return moments_[i].second[parameter]; });
  }

 private:
  template <class Moment>
  void update(cpu_context& ctx, view<const float> gradient, double learning_rate, index_t step, view<float> weights,
              Moment&& moment) {
    if (auto* adam = std::get_if<adam_params>(&params_)) {
      adam->learning_rate = static_cast<float>(learning_rate);
      adam_step(ctx, gradient, *adam, step, weights, moment(0), moment(1));
    } else if (auto* sgd = std::get_if<sgd_params>(&params_)) {
      sgd->learning_rate = static_cast<float>(learning_rate);
      sgd_step(ctx, gradient, *sgd, weights, moment(0));
    }
  }

  optimizer_params params_;
  std::vector<std::pair<std::string, parameter_set<cpu>>> moments_;
};

}  // namespace lamina
