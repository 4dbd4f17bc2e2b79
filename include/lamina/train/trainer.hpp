// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/ema.hpp>
#include <lamina/ops/gradient_clip.hpp>
#include <lamina/train/checkpoint.hpp>
#include <lamina/train/evaluate.hpp>
#include <lamina/train/fixed_options.hpp>
#include <lamina/train/options.hpp>
#include <lamina/train/plan_training.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace lamina {

/// Trains a network that tells lesion from skin, keeps the weights with the best validation IoU, and tests those.
///
///     thread_pool pool(2);
///     cpu_context ctx(pool);
///     const train_options options{.epochs = 20, .folder = "out"};
///     trainer<float> t(ctx, make_network<float>({{"model", "unet"}, {"base_width", "16"}}),
///                      train_data_of(open_dataset("isic2017"), options), options);
///     train_progress progress(std::cout);
///     t.observe(progress);
///     std::cout << t.run().validation.iou() << '\n';       // out/best.safetensors is what a predictor takes
///
/// The same options, data and network give the same bits for any number of threads and workers, also when the run was
/// stopped, or killed, and resumed. The memory of the steps is planned before the first one. T is what activations are
/// stored in.
template <class T>
class trainer {
 public:
  /// Throws `error` for options out of range and for a network that does not fit the images.
  trainer(cpu_context& ctx, lamina::network<T> net, train_data data, train_options options)
      : ctx_(ctx),
        network_(std::move(net)),
        layout_(std::make_shared<const parameter_layout>(network_)),
        data_(std::move(data)),
        options_(settled(std::move(options))),
        weights_(layout_),
        best_(layout_),
        optimizer_(options_.optimizer, layout_),
        programs_(ctx_, network_, layout_, options_.height, options_.width, options_.direct_convolutions) {
    check(options_);
    require(!data_.training.empty(), "trainer: no training images");
    initialize(weights_, options_.seed);
    if (averages()) average_.emplace(weights_.clone());
    if (!updates_by_layer(options_)) gradients_.emplace(layout_);
    make_plan();
  }
  trainer(const trainer&) = delete;
  trainer& operator=(const trainer&) = delete;

  /// What will be needed and done; known before the first step.
  const train_plan& plan() const { return plan_; }
  /// The program of a full training batch, with its memory plan.
  const program<T>& step_program() { return programs_.at(run_mode::training, training_batch()); }
  const parameter_set<cpu>& weights() const { return weights_; }

  /// The observer, which must outlive the training, is told of everything from now on.
  void observe(train_observer& observer) { observers_.push_back(&observer); }

  /// Starts from the weights in a file instead of random ones. Throws `file_error` when they are another network's.
  void load(const weights_file& file) {
    require_same_network(file, network_.description());
    file.load(weights_);
    if (average_) file.load(*average_);
  }
  /// Goes on from a checkpoint. Throws `file_error` when it was made with another network, other numbers of images, or
  /// other options than those that `fixed_options` lets change.
  void resume(const safetensors_file& checkpoint) {
    load_checkpoint(checkpoint, parts(), state_);
    has_best_ = state_.best_epoch > 0 && !options_.folder.empty();
    if (has_best_) weights_file::read(best_path()).load(best_);
    schedule_.restore(state_.schedule);
    plan_.first_step = state_.step;
    plan_.first_epoch = state_.epoch;
  }

  /// Trains to the end, then evaluates validation and test with the best weights.
  /// Throws `error` when loss, gradient or weights are no numbers any more, before anything is written that holds such,
  /// and what observers and the reading of images throw.
  train_result run() {
    tell([&](train_observer& o) { o.started(plan_); });
    if (state_.step == 0) save();
    open_training_images();
    train_result result;
    std::optional<train_end> end;
    while (!(end = reached_end())) train_rest_of_epoch(result);
    result.end = *end;
    training_images_.reset();
    if (result.end == train_end::stop_request) return finish(result);
    if (state_.best_epoch == 0) keep_best();
    return evaluate_best(result);
  }

  /// Evaluates validation and test without training: with the best weights of a run that was resumed, else with the
  /// weights as they are.
  train_result test() {
    tell([&](train_observer& o) { o.started(plan_); });
    if (state_.best_epoch == 0) take_best();
    train_result result;
    return evaluate_best(result);
  }

 private:
  using clock = std::chrono::steady_clock;
  static double seconds_since(clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); }

  bool averages() const { return options_.average_decay > 0; }
  std::filesystem::path checkpoint_path() const { return options_.folder / "checkpoint.safetensors"; }
  std::filesystem::path best_path() const { return options_.folder / "best.safetensors"; }
  /// What is validated and kept.
  parameter_set<cpu>& evaluated_weights() { return average_ ? *average_ : weights_; }

  template <class Tell>
  void tell(Tell&& tell_one) {
    for (train_observer* o : observers_) tell_one(*o);
  }

  // The plan.

  index_t training_batch() const { return training_loading_of(options_, data_).batch_size; }
  void make_plan() {
    plan_ = plan_training(options_, data_, network_, *layout_, programs_);
    schedule_ = {options_.schedule,
                 {.base = learning_rate_of(options_.optimizer),
                  .steps = plan_.steps,
                  .warm_up = std::min(options_.warm_up, plan_.steps / 10)}};
    if (options_.max_steps > 0) plan_.steps = std::min(plan_.steps, options_.max_steps);
  }

  void open_training_images() {
    loader_options o = training_loading_of(options_, data_);
    o.first_epoch = state_.epoch;
    o.first_batch = state_.batch;
    training_images_ = std::make_unique<loader>(data_.source, data_.training, transform_of(options_, true), o);
  }

  // Training.

  bool stop_requested() const { return options_.stop != nullptr && *options_.stop; }
  bool at_step_limit() const { return options_.max_steps > 0 && state_.step >= options_.max_steps; }
  std::optional<train_end> reached_end() const {
    if (stop_requested()) return train_end::stop_request;
    if (state_.epoch >= options_.epochs) return train_end::completed;
    if (at_step_limit()) return train_end::step_limit;
    if (options_.patience > 0 && state_.epochs_since_best >= options_.patience) return train_end::early_stopping;
    return std::nullopt;
  }

  /// The rest of the epoch that the state stands in, and its end, unless training ends before.
  void train_rest_of_epoch(train_result& result) {
    const auto begin = clock::now();
    const double waited_before = training_images_->waited().count();
    train_epoch told{.epoch = state_.epoch + 1, .epochs = options_.epochs};
    index_t images = 0;
    bool ended = false;
    auto step_begin = begin;
    double step_waited = waited_before;

    update pending;
    const batch* b = nullptr;
    do {  // when an epoch's last batch was skipped whole, those gathered before it still make a step
      b = training_images_->next();
      if (b != nullptr) {
        add_gradients(mixer_(*b), pending);
        images += b->images.extents().n;
      }
      state_.batch = b != nullptr ? b->number + 1 : plan_.batches_per_epoch;
      const bool last = state_.batch == plan_.batches_per_epoch;
      if (pending.batches < options_.accumulate && !last) continue;
      if (pending.batches == 0) break;

      told.learning_rate = make_step(pending);
      const double waited = training_images_->waited().count();
      const train_step step{
          told.epoch,   state_.step,        state_.batch,          plan_.batches_per_epoch,   pending.images,
          pending.loss, told.learning_rate, pending.gradient_norm, seconds_since(step_begin), waited - step_waited};
      tell([&](train_observer& o) { o.stepped(step); });
      step_begin = clock::now();
      step_waited = waited;
      pending = {};
      ended = stop_requested() || (at_step_limit() && !last);
      if (ended || (options_.checkpoint_every > 0 && state_.step % options_.checkpoint_every == 0)) save();
    } while (b != nullptr && !ended);

    told.seconds = seconds_since(begin);
    add_skipped(training_images_->skipped());
    const double waited = training_images_->waited().count() - waited_before, all = result.seconds + told.seconds;
    result.waiting_share = (result.waiting_share * result.seconds + waited) / all;
    result.images_per_second = (result.images_per_second * result.seconds + static_cast<double>(images)) / all;
    result.seconds = all;
    if (ended) return;
    if (images > 0) {
      told.images_per_second = static_cast<double>(images) / told.seconds;
      told.waiting_share = waited / told.seconds;
    }
    told.learning_rate = schedule_.learning_rate(state_.step - 1);
    told.skipped = training_images_->samples_per_epoch() - state_.epoch_images;
    end_epoch(told);
  }

  /// An update of the weights on its way.
  struct update {
    index_t batches = 0, images = 0;
    double loss = 0;  // mean over the images so far
    double gradient_norm = 0;
  };

  /// Forward, loss, backward; the update of the weights, too, where that is made layer by layer. Where several batches
  /// make a step, the gradients are summed over their images.
  void add_gradients(const batch& b, update& u) {
    const index_t N = b.images.extents().n;
    if (u.batches++ == 0 && gradients_) fill(ctx_, 0.0f, gradients_->all());
    program<T>& step = programs_.at(run_mode::training, N);
    network_input(ctx_, b.images, step.input());
    step.set_random({options_.seed, static_cast<std::uint32_t>(state_.epoch * plan_.batches_per_epoch + b.number)});
    step.forward(ctx_, weights_);
    const double value = loss_forward_backward<T>(ctx_, step.output(), masks_of(b, step.output_extents()),
                                                  options_.loss, step.output_gradient());
    require_finite("loss", value);
    if (options_.accumulate > 1) scale(ctx_, static_cast<float>(N), step.output_gradient());
    if (gradients_)
      step.backward(ctx_, weights_, *gradients_);
    else
      update_by_layer(step, u);
    u.loss =
        (u.loss * static_cast<double>(u.images) + value * static_cast<double>(N)) / static_cast<double>(u.images + N);
    u.images += N;
    state_.epoch_loss += value * static_cast<double>(N);
    state_.epoch_images += N;
  }
  /// Ends training in the step that is being made, while checkpoint and best weights still hold numbers.
  void require_finite(const char* what, double value) const {
    if (std::isfinite(value)) return;
    fail("training: the ", what, " is ", std::isnan(value) ? "NaN" : "infinite", " in epoch ", state_.epoch + 1,
         ", step ", state_.step + 1, ", learning rate ", learning_rate(), "; ",
         options_.folder.empty()
             ? "no checkpoint was asked for"
             : to_text("the last checkpoint is ", checkpoint_path().string(), " of step ", saved_step_));
  }

  double learning_rate() const { return schedule_.learning_rate(state_.step); }
  /// Backward, with each parameter's update right behind its gradient. No number that is none gets into the weights.
  void update_by_layer(program<T>& step, update& u) {
    double squares = 0;
    step.backward_by_layer(ctx_, weights_, [&](const parameter_layout::entry& e, view<const float> gradient) {
      squares += squared_norm(ctx_, gradient);
      require_finite("gradient's norm", std::sqrt(squares));
      optimizer_.step(ctx_, e, gradient, learning_rate(), state_.step + 1, weights_);
    });
    u.gradient_norm = std::sqrt(squares);
  }
  void update_at_once(update& u) {
    const view<float> g = gradients_->trainable();
    if (options_.accumulate > 1) scale(ctx_, 1 / static_cast<float>(u.images), g);
    u.gradient_norm = options_.clip_norm > 0 ? clip_by_global_norm(ctx_, options_.clip_norm, g) : global_norm(ctx_, g);
    require_finite("gradient's norm", u.gradient_norm);
    optimizer_.step(ctx_, *gradients_, learning_rate(), state_.step + 1, weights_);
  }
  double make_step(update& u) {  // returns the learning rate
    const double rate = learning_rate();
    if (gradients_) update_at_once(u);
    require_finite("norm of the weights", global_norm(ctx_, weights_.all()));
    ++state_.step;
    if (average_)
      ema_step(ctx_, as_const(weights_.all()), ema_decay_at(options_.average_decay, state_.step), average_->all());
    return rate;
  }

  void end_epoch(train_epoch& told) {
    told.step = state_.step;
    told.loss = state_.epoch_loss / static_cast<double>(state_.epoch_images);
    ++state_.epoch;
    state_.batch = 0;
    state_.epoch_loss = 0;
    state_.epoch_images = 0;
    if (!data_.validation.empty()) {
      told.validation = evaluate_split("validation", data_.validation, evaluated_weights(), false);
      told.improved = told.validation.iou() > state_.best_iou;
      schedule_.observe(told.validation.iou());
      state_.schedule = schedule_.saved();
    } else {
      told.improved = true;  // nothing to choose by: the last weights
    }
    if (told.improved) {
      state_.best_iou = data_.validation.empty() ? -1 : told.validation.iou();
      state_.best_epoch = state_.epoch;
      state_.epochs_since_best = 0;
    } else {
      ++state_.epochs_since_best;
    }
    told.best_iou = state_.best_iou;
    told.best_epoch = state_.best_epoch;
    // Told before it is saved: who is killed in between tells the epoch once more, instead of never.
    tell([&](train_observer& o) { o.epoch_ended(told); });
    if (told.improved) keep_best();
    save();
  }

  // Evaluation.

  evaluation evaluate_split(const std::string& split, const std::vector<index_t>& samples,
                            const parameter_set<cpu>& weights, bool final) {
    loader images(data_.source, samples, transform_of(options_, false), loading_of(options_));
    evaluation result =
        evaluate(ctx_, programs_, weights, images, {options_.loss, options_.threshold},
                 [&](const batch& b, view<const float> probabilities) {
                   const evaluated_batch told{split,         state_.epoch,      final, b, options_.normalisation,
                                              probabilities, options_.threshold};
                   tell([&](train_observer& o) { o.evaluated(told); });
                 });
    result.split = split;
    result.epoch = state_.epoch;
    add_skipped(result.skipped);
    return result;
  }
  train_result& evaluate_best(train_result& result) {
    const auto one = [&](const char* split, const std::vector<index_t>& samples, evaluation& into) {
      if (samples.empty()) return;
      into = evaluate_split(split, samples, best_, true);
      tell([&](train_observer& o) { o.tested(into); });
    };
    one("validation", data_.validation, result.validation);
    one("test", data_.test, result.test);
    return finish(result);
  }
  train_result& finish(train_result& result) {
    result.plan = plan_;
    result.epochs = state_.epoch;
    result.steps = state_.step;
    result.best_epoch = state_.best_epoch;
    result.best_iou = state_.best_iou;
    result.skipped = skipped_;
    result.weights_sha256 = weights_sha256(weights_);
    if (has_best_) result.best_weights_sha256 = weights_sha256(best_);
    tell([&](train_observer& o) { o.finished(result); });
    return result;
  }

  void take_best() {
    copy(ctx_, as_const(evaluated_weights().all()), best_.all());
    has_best_ = true;
  }
  void add_skipped(const std::map<index_t, std::string>& more) { skipped_.insert(more.begin(), more.end()); }

  // Files.

  checkpoint_parts parts() {
    checkpoint_parts all{{{"weights", &weights_}},
                         network_.description(),
                         fixed_options(options_, plan_, schedule_.plan().warm_up, network_.pads(), sizeof(T)),
                         options_.notes};
    if (average_) all.sets.push_back({"average", &*average_});
    for (auto& [name, moment] : optimizer_.moments()) all.sets.push_back({name, &moment});
    return all;
  }
  void save() {
    saved_step_ = state_.step;
    if (options_.folder.empty()) return;
    save_checkpoint(checkpoint_path(), parts(), state_);
    tell([&](train_observer& o) { o.saved(checkpoint_path(), state_.step); });
  }
  /// Written before the checkpoint that mentions it: a run killed in between computes the same best weights once more.
  void keep_best() {
    take_best();
    if (options_.folder.empty()) return;
    save_weights(best_path(), best_, network_.description(), prediction_settings_of(options_),
                 {{"epoch", value_to_text(state_.epoch)}, {"validation_iou", value_to_text(state_.best_iou)}});
    tell([&](train_observer& o) { o.saved(best_path(), state_.step); });
  }

  cpu_context& ctx_;
  lamina::network<T> network_;
  std::shared_ptr<const parameter_layout> layout_;
  train_data data_;
  train_options options_;

  parameter_set<cpu> weights_, best_;
  std::optional<parameter_set<cpu>> average_, gradients_;
  optimizer optimizer_;
  batch_mixer mixer_{options_.mix, options_.seed};
  schedule schedule_;
  train_state state_;
  index_t saved_step_ = 0;
  bool has_best_ = false;  // whether best_ holds weights

  program_cache<T> programs_;
  train_plan plan_;
  std::unique_ptr<loader> training_images_;
  std::map<index_t, std::string> skipped_;  // samples, and why
  std::vector<train_observer*> observers_;
};

}  // namespace lamina
