// lamina::train · SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lamina/ops/ema.hpp>
#include <lamina/ops/gradient_clip.hpp>
#include <lamina/train/checkpoint.hpp>
#include <lamina/train/evaluate.hpp>
#include <lamina/train/options.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace lamina {

/// Trains a network that tells lesion from skin, keeps the weights with the best validation IoU, and tests those.
///
///     thread_pool pool(2);
///     cpu_context ctx(pool);
///     const auto data = train_data_of(open_dataset("isic2017"), {.height = 256, .width = 256});
///     trainer<float> t(ctx, make_network<float>({{"model", "unet"}, {"base_width", "16"}}), data,
///                      {.epochs = 20, .folder = "out"});
///     train_progress progress(std::cout);
///     t.observe(progress);
///     std::cout << t.run().validation.iou() << '\n';       // out/best.safetensors is what a predictor takes
///
/// The same options, data and network give the same bits for any number of threads and workers, also when the run was
/// stopped, or killed, and resumed. All memory of the steps is planned before the first one. T is what activations are
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
        options_(std::move(options)),
        weights_(layout_),
        gradients_(layout_),
        best_(layout_),
        optimizer_(options_.optimizer, layout_),
        programs_(ctx_, network_, layout_, options_.height, options_.width) {
    check(options_);
    const std::string& classes = network_.description().at("classes");
    require(!data_.training.empty(), "trainer: no training images");
    require(classes == "1", "trainer: the network has ", classes, " classes; lesions are told from skin with 1");
    initialize(weights_, options_.seed);
    if (averages()) average_.emplace(weights_.clone());
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
    file.load(weights_);
    if (average_) file.load(*average_);
  }
  /// Goes on from a checkpoint. Throws `file_error` when it was made with other options, data or network.
  void resume(const safetensors_file& checkpoint) {
    load_checkpoint(checkpoint, parts(), state_);
    if (state_.best_epoch > 0 && !options_.folder.empty()) weights_file::read(best_path()).load(best_);
    schedule_.restore(state_.schedule);
    plan_.first_step = state_.step;
    plan_.first_epoch = state_.epoch;
  }

  /// Trains to the end, then evaluates validation and test with the best weights.
  /// Throws `error` when the loss is no number any more, and what observers and the reading of images throw.
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

  /// Evaluates validation and test with the weights as they are, without training.
  train_result test() {
    tell([&](train_observer& o) { o.started(plan_); });
    std::ranges::copy(weights_.all().data(), weights_.all().data() + weights_.all().size(), best_.all().data());
    train_result result;
    return evaluate_best(result);
  }

 private:
  using clock = std::chrono::steady_clock;
  static double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
  }

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

  index_t training_batch() const { return std::min(options_.batch_size, static_cast<index_t>(data_.training.size())); }
  void make_plan() {
    const auto count = [](const std::vector<index_t>& samples) { return static_cast<index_t>(samples.size()); };
    const index_t batch = options_.batch_size, all = count(data_.training);
    const bool short_batch = all % batch != 0 && !(options_.drop_last && all > batch);
    programs_.at(run_mode::training, training_batch());
    if (short_batch) programs_.at(run_mode::training, all % batch);
    for (const auto* split : {&data_.validation, &data_.test}) {
      if (count(*split) >= batch) programs_.at(run_mode::inference, batch);
      if (count(*split) % batch != 0) programs_.at(run_mode::inference, count(*split) % batch);
    }
    programs_.reserve();
    plan_.block_bytes = programs_.block_bytes();
    plan_.scratch_bytes = programs_.scratch_bytes();
    const std::size_t sets = 3 + optimizer_.moments().size() + (average_ ? 1 : 0);
    plan_.network = network_.description();
    plan_.parameters = layout_->trainable_count();
    plan_.parameter_bytes = sets * static_cast<std::size_t>(layout_->size()) * sizeof(float);
    plan_.flops_per_image = step_program().flops() / static_cast<double>(training_batch());
    plan_.training_images = all;
    plan_.validation_images = count(data_.validation);
    plan_.test_images = count(data_.test);
    plan_.epochs = options_.epochs;
    plan_.batches_per_epoch = all / batch + (short_batch ? 1 : 0);
    plan_.steps = options_.epochs * ceil_div(plan_.batches_per_epoch, options_.accumulate);
    schedule_ = {options_.schedule,
                 {.base = learning_rate_of(options_.optimizer),
                  .steps = plan_.steps,
                  .warm_up = std::min(options_.warm_up, plan_.steps / 10)}};
    if (options_.max_steps > 0) plan_.steps = std::min(plan_.steps, options_.max_steps);
  }

  void open_training_images() {
    loader_options o = loading_of(options_);
    o.shuffle = true;
    o.batch_size = training_batch();
    o.drop_last = options_.drop_last;
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
    while (const batch* b = ended ? nullptr : training_images_->next()) {
      add_gradients(*b, pending);
      images += b->images.extents().n;
      state_.batch = b->number + 1;
      const bool last = state_.batch == plan_.batches_per_epoch;
      if (++pending.batches < options_.accumulate && !last) continue;

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
    }

    told.seconds = seconds_since(begin);
    const double waited = training_images_->waited().count() - waited_before, all = result.seconds + told.seconds;
    result.waiting_share = (result.waiting_share * result.seconds + waited) / all;
    result.images_per_second = (result.images_per_second * result.seconds + static_cast<double>(images)) / all;
    result.seconds = all;
    if (ended) return;
    told.images_per_second = static_cast<double>(images) / told.seconds;
    told.waiting_share = waited / told.seconds;
    end_epoch(told);
  }

  /// An update of the weights on its way.
  struct update {
    index_t batches = 0, images = 0, group_images = 0;
    double loss = 0;  // mean over the images so far
    double gradient_norm = 0;
  };

  /// Forward, loss, backward. The gradients of several batches add up to those of one batch of all their images.
  void add_gradients(const batch& b, update& u) {
    const index_t N = b.images.extents().n;
    if (u.batches == 0) {
      std::fill_n(gradients_.all().data(), gradients_.all().size(), 0.0f);
      const index_t first = b.number * training_batch();
      u.group_images = std::min(options_.accumulate * training_batch(), training_images_->samples_per_epoch() - first);
    }
    program<T>& step = programs_.at(run_mode::training, N);
    network_input(ctx_, b.images, step.input());
    step.forward(ctx_, weights_);
    const double value = loss_forward_backward<T>(ctx_, step.output(), masks_of(b, step.output_extents()),
                                                  options_.loss, step.output_gradient());
    if (!std::isfinite(value)) fail_loss(value);
    if (options_.accumulate > 1) {
      const view<T> dy = step.output_gradient();
      const float share = static_cast<float>(N) / static_cast<float>(u.group_images);
      for (index_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<T>(static_cast<float>(dy[i]) * share);
    }
    step.backward(ctx_, weights_, gradients_);
    u.loss =
        (u.loss * static_cast<double>(u.images) + value * static_cast<double>(N)) / static_cast<double>(u.images + N);
    u.images += N;
    state_.epoch_loss += value * static_cast<double>(N);
    state_.epoch_images += N;
  }
  [[noreturn]] void fail_loss(double value) const {
    fail("training: the loss is ", std::isnan(value) ? "NaN" : "infinite", " in epoch ", state_.epoch + 1, ", step ",
         state_.step + 1, ", learning rate ", learning_rate(), "; ",
         options_.folder.empty()
             ? "no checkpoint was asked for"
             : to_text("the last checkpoint is ", checkpoint_path().string(), " of step ", saved_step_));
  }

  double learning_rate() const { return schedule_.learning_rate(state_.step); }
  /// Returns the learning rate.
  double make_step(update& u) {
    if (options_.clip_norm > 0) u.gradient_norm = clip_by_global_norm(ctx_, options_.clip_norm, gradients_.trainable());
    const double rate = learning_rate();
    ++state_.step;
    optimizer_.step(ctx_, gradients_, rate, state_.step, weights_);
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
      keep_best();
    } else {
      ++state_.epochs_since_best;
    }
    told.best_iou = state_.best_iou;
    told.best_epoch = state_.best_epoch;
    save();
    tell([&](train_observer& o) { o.epoch_ended(told); });
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
    result.weights_sha256 = weights_sha256(weights_);
    result.best_weights_sha256 = weights_sha256(best_);
    tell([&](train_observer& o) { o.finished(result); });
    return result;
  }

  // Files.

  checkpoint_parts parts() {
    checkpoint_parts all{{{"weights", &weights_}}, network_.description(), {}, options_.notes};
    if (average_) all.sets.push_back({"average", &*average_});
    for (auto& [name, moment] : optimizer_.moments()) all.sets.push_back({name, &moment});
    const text_writer write{all.options, ""};
    write("batch_size", options_.batch_size);
    write("accumulate", options_.accumulate);
    write("height", options_.height);
    write("width", options_.width);
    write("seed", options_.seed);
    write("training_images", plan_.training_images);
    write("activation_bytes", sizeof(T));
    write("average", averages());
    write("optimizer", std::string(optimizer_.name()));
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
    const view<const float> from = evaluated_weights().all();
    std::copy_n(from.data(), from.size(), best_.all().data());
    if (options_.folder.empty()) return;
    const auto& [mean, deviation] = options_.normalisation;
    save_weights(best_path(), best_, network_.description(),
                 {.height = options_.height,
                  .width = options_.width,
                  .mean = {mean.begin(), mean.end()},
                  .deviation = {deviation.begin(), deviation.end()},
                  .threshold = options_.threshold},
                 {{"epoch", value_to_text(state_.epoch)}, {"validation_iou", value_to_text(state_.best_iou)}});
    tell([&](train_observer& o) { o.saved(best_path(), state_.step); });
  }

  cpu_context& ctx_;
  lamina::network<T> network_;
  std::shared_ptr<const parameter_layout> layout_;
  train_data data_;
  train_options options_;

  parameter_set<cpu> weights_, gradients_, best_;
  std::optional<parameter_set<cpu>> average_;
  optimizer optimizer_;
  schedule schedule_;
  train_state state_;
  index_t saved_step_ = 0;

  program_cache<T> programs_;
  train_plan plan_;
  std::unique_ptr<loader> training_images_;
  std::vector<train_observer*> observers_;
};

}  // namespace lamina
