// lamina::train · SPDX-License-Identifier: Apache-2.0
// The options that decide the bits of a run, as text: a checkpoint keeps them, and training goes on with the same only.
#pragma once

#include <lamina/predict/weights_file.hpp>
#include <lamina/train/options.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace lamina {

namespace detail {

/// Writes what was chosen under `name`, and its parameters under name.parameter.
class choice_writer {
 public:
  choice_writer(text_map& map, std::string name) : map_(map), name_(std::move(name)) {}

  void operator()(const bce_params& p) const { write("bce", "input", p.input, "epsilon", p.epsilon); }
  void operator()(const bce_with_logits_params& p) const {
    write("bce_with_logits", "positive_weight", p.positive_weight);
  }
  void operator()(const dice_params& p) const {
    write("dice", "input", p.input, "region", p.region, "smoothing", p.smoothing, "gradient", p.gradient);
  }
  void operator()(const bce_dice_params& p) const {
    choice_writer(map_, name_ + ".bce")(p.bce);
    choice_writer(map_, name_ + ".dice")(p.dice);
    write("bce_dice", "bce_weight", p.bce_weight, "dice_weight", p.dice_weight);
  }
  void operator()(const focal_params& p) const { write("focal", "gamma", p.gamma, "alpha", p.alpha); }
  void operator()(const tversky_params& p) const {
    write("tversky", "input", p.input, "region", p.region, "false_positive_weight", p.false_positive_weight,
          "false_negative_weight", p.false_negative_weight, "smoothing", p.smoothing);
  }
  void operator()(const jaccard_params& p) const {
    write("jaccard", "input", p.input, "region", p.region, "smoothing", p.smoothing);
  }
  void operator()(const lovasz_hinge_params& p) const { write("lovasz", "region", p.region); }

  void operator()(const adam_params& p) const {
    write("adam", "learning_rate", p.learning_rate, "beta1", p.beta1, "beta2", p.beta2, "epsilon", p.epsilon,
          "epsilon_inside_root", p.epsilon_inside_root, "weight_decay", p.weight_decay, "decoupled_decay",
          p.decoupled_decay);
  }
  void operator()(const sgd_params& p) const {
    write("sgd", "learning_rate", p.learning_rate, "momentum", p.momentum, "nesterov", p.nesterov, "weight_decay",
          p.weight_decay);
  }

  void operator()(const constant_schedule&) const { write("constant"); }
  void operator()(const polynomial_schedule& s) const { write("polynomial", "power", s.power); }
  void operator()(const cosine_schedule& s) const { write("cosine", "minimum", s.minimum); }
  void operator()(const step_schedule& s) const { write("step", "gamma", s.gamma, "every", s.every); }
  void operator()(const plateau_schedule& s) const {
    write("plateau", "factor", s.factor, "patience", s.patience, "threshold", s.threshold, "minimum", s.minimum,
          "higher_is_better", s.higher_is_better);
  }

 private:
  /// The choice, then parameter after parameter: name, value.
  template <class... Parameters>
  void write(const char* choice, const Parameters&... parameters) const {
    map_[name_] = choice;
    write_parameters(parameters...);
  }
  void write_parameters() const {}
  template <class Value, class... Further>
  void write_parameters(const char* parameter, const Value& value, const Further&... further) const {
    if constexpr (std::is_enum_v<Value>)
      map_[name_ + '.' + parameter] = value_to_text(static_cast<int>(value));
    else
      map_[name_ + '.' + parameter] = value_to_text(value);
    write_parameters(further...);
  }

  text_map& map_;
  std::string name_;
};

/// Whether a schedule's curve is stretched to the length of the run.
inline bool depends_on_length(const schedule::curve& curve) {
  if (const auto* step = std::get_if<step_schedule>(&curve)) return step->every == 0;
  return std::holds_alternative<polynomial_schedule>(curve) || std::holds_alternative<cosine_schedule>(curve);
}

}  // namespace detail

/// What prediction must know of how the network was trained. Images come to their size as for validation: as the
/// augmentation brings them to it, where it begins with that.
inline prediction_settings prediction_settings_of(const train_options& o) {
  const auto& [mean, deviation] = o.normalisation;
  prediction_settings s{.height = o.height,
                        .width = o.width,
                        .mean = {mean.begin(), mean.end()},
                        .deviation = {deviation.begin(), deviation.end()},
                        .threshold = o.threshold};
  if (!o.augmentation || o.transform) return s;
  if (const auto leading = leading_size_of(*o.augmentation)) {
    s.resampling = name(leading->method);
    s.keep_aspect = leading->keep_aspect;
    s.around = leading->around;
  }
  return s;
}

/// The steps of the augmentation on one line; "none" where there is none.
inline std::string augmentation_text(const train_options& o) {
  if (!o.augmentation) return "none";
  std::string text = o.augmentation->fuse() ? "" : "(not fused) ";
  const auto append = [&text](const auto& self, const augment::augmentation& step) -> void {
    text += step.line().value_or("an augmentation of the caller's own");
    if (step.children() == nullptr) return;
    for (const char* before = " { "; const augment::augmentation& child : *step.children()) {
      text += std::exchange(before, "; ");
      self(self, child);
    }
    text += " }";
  };
  append(append, o.augmentation->root());
  return text;
}

/// All options that may not change when a run goes on, because its steps would be others. What may change: max_steps,
/// workers, queue, policy, memory_limit, patience, checkpoint_every, folder, notes, stop; and `epochs` where neither
/// the schedule nor its warm-up looks at them. Of a `transform` of the caller's only that there is one.
///   warm_up           steps, as the schedule has them
///   pads              whether the network pads sizes that it can't divide
///   activation_bytes  of an element
inline text_map fixed_options(const train_options& o, const train_plan& plan, index_t warm_up, bool pads,
                              std::size_t activation_bytes) {
  text_map text;
  const text_writer write{text, ""};
  write("batch_size", o.batch_size);
  write("accumulate", o.accumulate);
  write("height", o.height);
  write("width", o.width);
  write("seed", o.seed);
  std::visit(detail::choice_writer(text, "loss"), o.loss);
  std::visit(detail::choice_writer(text, "optimizer"), o.optimizer);
  std::visit(detail::choice_writer(text, "schedule"), o.schedule);
  if (detail::depends_on_length(o.schedule)) write("epochs", o.epochs);
  write("warm_up", warm_up);
  write("clip_norm", o.clip_norm);
  write("average_decay", o.average_decay);
  write("augmentation", augmentation_text(o));
  write("mixup", o.mix.mixup);
  write("cutmix", o.mix.cutmix);
  write("transform", static_cast<bool>(o.transform));
  write("mean", prediction_settings_of(o).mean);
  write("deviation", prediction_settings_of(o).deviation);
  write("threshold", o.threshold);
  write("drop_last", o.drop_last);
  write("pad", pads);
  write("direct_convolutions", o.direct_convolutions);
  write("activation_bytes", activation_bytes);
  write("training_images", plan.training_images);
  write("validation_images", plan.validation_images);
  return text;
}

}  // namespace lamina
