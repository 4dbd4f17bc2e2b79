// SPDX-License-Identifier: Apache-2.0
#include "train_run.hpp"

#include <lamina/augment/print.hpp>
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/open_dataset.hpp>
#include <lamina/data/synthetic_dataset.hpp>
#include <lamina/train/log.hpp>
#include <lamina/train/pictures.hpp>
#include <lamina/train/plan_text.hpp>
#include <lamina/train/progress.hpp>
#include <lamina/train/report.hpp>
#include <lamina/train/summary.hpp>
#include <lamina/train/trainer.hpp>

#include "stop_request.hpp"

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <unistd.h>

namespace train_isic {

namespace {

dataset open_data(const command& c, const train_options& t, executor& workers) {
  require(!c.data.empty(), "which images? Name a folder, a YAML file, or synthetic");
  if (c.data != "synthetic" && !c.data.starts_with("synthetic:")) return open_dataset(c.data);
  index_t pictures = 400;
  require(c.data == "synthetic" || (value_from_text(c.data.substr(10), pictures) && pictures > 0),
          "data '", c.data, "': expected synthetic or synthetic:NUMBER");
  const std::string seed = value_to_text(t.seed);
  const auto folder = c.out / to_text("synthetic_", pictures, "_size_", t.height, "_seed_", seed);
  const index_t others = std::max<index_t>(1, pictures / 4);
  write_synthetic_dataset(workers, folder, {pictures, others, others, t.height, t.width, t.seed});
  return open_dataset(folder);
}

/// Before any image is read: parameters, arithmetic and memory of a step.
template <class T>
void print_plan(const command& c, const train_options& t, const cpu_context& ctx) {
  const auto net = make_network<T>(c.network, c.pad);
  const auto layout = std::make_shared<const parameter_layout>(net);
  workspace<> space;
  const shape input{t.batch_size, t.height, t.width, net.in_channels()};
  const std::size_t held = parameter_sets_of(t) * static_cast<std::size_t>(layout->size()) * sizeof(float);
  const program<T> step(ctx, lesion_logits(net), layout, input, run_mode::training, space, step_plan_options(t, held));
  std::cout << net.name() << ": " << plan_text(step, *layout) << "  (held: weights, the best weights, "
            << (updates_by_layer(t) ? "" : "gradients, ") << (t.average_decay > 0 ? "their average, " : "")
            << "the optimiser's moments)\n";
}

/// What the report tells besides what the trainer says.
template <class T>
train_report_options report_of(const command& c, const train_options& o, trainer<T>& t,
                               const std::string& command_line) {
  const train_options used = settled(o);
  text_map settings = fixed_options(used, t.plan(), used.warm_up, c.pad, sizeof(T));
  settings["epochs"] = value_to_text(used.epochs);
  settings.erase("augmentation");  // told in lines of its own
  return {.data = c.data,
          .command = command_line,
          .augmentation = used.augmentation ? augment::to_text(*used.augmentation) : "none",
          .memory = plan_text(t.step_program(), t.weights().layout()),
          .settings = std::move(settings)};
}

template <class T>
void run(const command& c, const std::string& command_line, thread_pool& threads) {
  cpu_context ctx(threads);
  train_options options = options_of(c);
  options.stop = &stop_requested;
  if (c.plan) return print_plan<T>(c, options, ctx);

  const auto checkpoint = c.checkpoints / "checkpoint.safetensors";
  require(!c.no_train || !c.resume.empty() || !c.weights.empty(),
          "--no-train: of which weights? Name --load or --resume");
  if (c.resume.empty() && !c.no_train && !c.overwrite && std::filesystem::exists(checkpoint))
    throw file_error(checkpoint.string(), to_text("a run is there already; go on with --resume ",
                                                  shell_word(c.checkpoints.string()), ", or give --overwrite"));
  for (const auto& folder : {c.out, c.checkpoints, c.images}) detail::create_folder(folder);
  const dataset images = open_data(c, options, threads);
  train_data data = train_data_of(images, options, c.cache);
  if (c.no_test) data.test.clear();

  trainer<T> t(ctx, make_network<T>(c.network, c.pad), data, options);
  if (!c.resume.empty())
    t.resume(open_checkpoint(checkpoint));
  else if (!c.weights.empty())
    t.load(weights_file::read(c.weights));

  train_progress progress(std::cout, {.terminal = isatty(STDOUT_FILENO) != 0});
  train_log log(c.out);
  train_pictures pictures(c.images, c.out / "log.csv", images, {.overlays = c.overlays, .every_epoch = c.save_images});
  const auto page = c.out / (c.no_train ? "evaluation.html" : "report.html");
  train_report report(page, c.images / "figures", c.out / "log.csv", images, report_of<T>(c, options, t, command_line));
  if (!c.no_train) t.observe(log);
  t.observe(pictures);
  t.observe(report);
  t.observe(progress);

  const train_result result = c.no_train ? t.test() : t.run();
  const auto summary = c.out / (c.no_train ? "evaluation.json" : "summary.json");
  write_summary(summary, result, command_line);
  std::cout << "written:";
  for (const auto& file : {page, summary, c.out / "log.csv", c.checkpoints / "best.safetensors",
                           c.images / "curves.png", c.images / "overlays.png"})
    if (std::filesystem::exists(file)) std::cout << ' ' << file.string();
  std::cout << '\n';
  if (result.end == train_end::stop_request)
    std::cout << "stopped; go on with: train_isic --resume " << shell_word(c.checkpoints.string()) << '\n';
}

}  // namespace

void run(const command& c, const std::string& command_line) {
  stop_on_interrupt();
  thread_pool threads(static_cast<int>(c.threads));
  if (c.type == "float")
    run<float>(c, command_line, threads);
  else
    run<bfloat16>(c, command_line, threads);
}

}  // namespace train_isic
