// SPDX-License-Identifier: Apache-2.0
// Trains UNet or SegNet to outline the lesion in dermoscopic photographs, and says how well it does.
//
//     train_isic isic2017 --model unet --base 16 --size 128 --epochs 20 --out run      (a folder, or a YAML file)
//     train_isic synthetic:400 --base 8 --size 96 --epochs 10 --out run                (made-up lesions)
//     train_isic --resume run                                                          (after Ctrl-C, or a power cut)
//
// run/best.safetensors is what `predict` takes; run/summary.json says what came out of it.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/open_dataset.hpp>
#include <lamina/data/synthetic_dataset.hpp>
#include <lamina/train/log.hpp>
#include <lamina/train/pictures.hpp>
#include <lamina/train/plan_text.hpp>
#include <lamina/train/progress.hpp>
#include <lamina/train/summary.hpp>
#include <lamina/train/trainer.hpp>

#include "given_options.hpp"

#include <atomic>
#include <csignal>
#include <iostream>

#include <unistd.h>

using namespace lamina;

namespace {

std::atomic<bool> stop_requested = false;

/// The first Ctrl-C asks the trainer to save and stop; a second one ends the program at once.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

/// What the command line says, besides what goes straight into the library's own options.
struct command {
  std::string data, type = "float", device = "cpu", name;
  std::string loss = "bce_dice", optimizer = "adamw", schedule = "cosine";
  std::filesystem::path out = "run", checkpoints, images, resume, weights;
  network_description network{{"model", "unet"}, {"base_width", "64"}};
  index_t size = 256, overlays = 8, queue_ratio = 2, threads = 0;
  float learning_rate = 1e-3f, weight_decay = 1e-2f, momentum = 0.9f;
  std::vector<float> mean, deviation;
  bool pad = false, plan = false, no_train = false, no_test = false, no_flips = false, save_images = false,
       skip = false;
  train_options train;
};

void declare(CLI::App& app, command& c) {
  app.option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  train_options& t = c.train;
  app.add_option("data", c.data, "a folder, a DeepHealth YAML file, synthetic, or synthetic:NUMBER of pictures")
      ->type_name("DATA");
  app.add_option("--out,-o", c.out, "folder for everything that is written");
  app.add_option("--name", c.name, "of the experiment: a folder in --out");
  app.add_option("--checkpoints", c.checkpoints, "folder for checkpoint and best weights [as --out]")
      ->type_name("DIR")
      ->default_str("");
  app.add_option("--images", c.images, "folder for pictures [as --out]")->type_name("DIR")->default_str("");
  app.add_option("--resume", c.resume, "folder of a checkpoint to go on from; its options are kept unless given again")
      ->type_name("DIR");
  app.add_flag("--plan", c.plan, "print parameters, memory and FLOPs of a step, and end");

  app.option_defaults()->group("Network");
  const auto network = [&](const char* flag, const char* key, const char* help) {
    app.add_option_function<std::string>(
           flag, [&c, key](const std::string& value) { c.network[key] = value; }, help)
        ->default_str("");
  };
  network("--model,-m", "model", "unet, segnet or segnet_bn [unet]");
  network("--base", "base_width", "channels of the first level [64]");
  network("--depth", "depth", "poolings of a unet [4]");
  network("--bottleneck", "bottleneck", "channels of a unet's lowest level [as above it]");
  network("--upsampling", "upsampling", "of a unet: nearest, bilinear or transposed [nearest]");
  network("--skip-first", "skip_first", "true: concatenate [skip, up] [false]");
  network("--unpool-with-indices", "unpool_with_indices", "of a segnet; false: nearest upsampling [true]");
  network("--batch-norm", "batch_norm", "true or false [as the model has it]");
  network("--activation-slope", "activation_slope", "of the ReLU's negative side [0]");
  network("--initializer", "initializer", "glorot or he [glorot]");
  network("--in-channels", "in_channels", "3, or 1 for grey [3]");
  network("--classes", "classes", "1: one logit of lesion, 2: softmax over skin and lesion [1]");
  app.add_flag("--pad", c.pad, "pad sizes that the network can't divide");
  app.add_option("--type", c.type, "activations are stored as")->check(CLI::IsMember({"float", "bfloat16"}));
  app.add_option("--load", c.weights, "weights to start from")->type_name("FILE");

  app.option_defaults()->group("Images");
  app.add_option("--size,-s", c.size, "height and width of the network's input");
  app.add_option("--batch,-b", t.batch_size, "images per batch");
  app.add_option("--workers", t.workers, "threads that read images");
  app.add_option("--queue-ratio", c.queue_ratio, "batches read ahead per worker");
  app.add_flag("--no-flips", c.no_flips, "don't flip training images at random");
  app.add_flag("--drop-last", t.drop_last, "leave out an epoch's last batch unless it is full");
  app.add_flag("--skip-unreadable", c.skip, "leave out images that can't be read");
  app.add_option("--mean", c.mean, "of red, green, blue in [0,1], subtracted")->expected(3)->default_str("");
  app.add_option("--std", c.deviation, "of red, green, blue, divided by")->expected(3)->default_str("");

  app.option_defaults()->group("Training");
  app.add_option("--epochs,-e", t.epochs);
  app.add_option("--steps", t.max_steps, "end after so many steps; 0: no limit");
  app.add_option("--lr", c.learning_rate, "the highest learning rate");
  app.add_option("--schedule", c.schedule, "constant, polynomial, cosine, step or plateau");
  app.add_option("--warmup", t.warm_up, "steps in which the learning rate rises");
  app.add_option("--loss", c.loss, "bce, dice, bce_dice, focal, tversky, jaccard, lovasz, bce_original, dice_original");
  app.add_option("--optimizer", c.optimizer)
      ->check(CLI::IsMember({"adamw", "adam", "adam_original", "sgd", "nesterov"}));
  app.add_option("--weight-decay", c.weight_decay);
  app.add_option("--momentum", c.momentum, "of SGD; Adam's first beta");
  app.add_option("--accumulate", t.accumulate, "batches per step");
  app.add_option("--clip", t.clip_norm, "limit of the gradient's norm; 0: none");
  app.add_option("--ema", t.average_decay, "decay of the averaged weights; 0: none");
  app.add_option("--patience", t.patience, "end after so many epochs without progress; 0: never");
  app.add_option("--threshold", t.threshold, "of probabilities");
  app.add_option("--seed", t.seed);

  app.option_defaults()->group("Run");
  app.add_option("--device", c.device, "that computes")->check(CLI::IsMember({"cpu"}));
  app.add_option("--threads,-t", c.threads, "that compute; 0: one per core");
  app.add_option("--memory", t.memory_limit, "don't start a run that needs more, such as 900M or 4G; 0: no limit")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("BYTES");
  app.add_option("--checkpoint-every", t.checkpoint_every, "steps; 0: at the end of each epoch only");
  app.add_option("--overlays", c.overlays, "validation images to draw");
  app.add_flag("--save-images", c.save_images, "draw them after every epoch");
  app.add_flag("--no-train,--skip-train", c.no_train, "only evaluate the weights of --load");
  app.add_flag("--no-test", c.no_test, "leave the test split alone");
}

optimizer_params optimizer_of(const command& c) {
  if (c.optimizer == "sgd" || c.optimizer == "nesterov")
    return sgd_params{c.learning_rate, c.momentum, c.optimizer == "nesterov", c.weight_decay};
  if (c.optimizer == "adam_original")  // as the system that this library replaces had it
    return adam_params{.learning_rate = c.learning_rate, .epsilon = 1e-6f, .epsilon_inside_root = true};
  return adam_params{.learning_rate = c.learning_rate,
                     .beta1 = c.momentum,
                     .weight_decay = c.weight_decay,
                     .decoupled_decay = c.optimizer == "adamw"};
}

/// Fills the trainer's options from the command's.
train_options options_of(const command& c) {
  train_options t = c.train;
  t.height = t.width = c.size;
  t.loss = loss_from_name(c.loss);
  t.optimizer = optimizer_of(c);
  t.schedule = schedule_curve_from_name(c.schedule);
  t.flips = !c.no_flips;
  t.queue = std::max<index_t>(2, c.queue_ratio * t.workers);
  t.policy = c.skip ? reading_policy::skip : reading_policy::stop;
  if (!c.mean.empty()) std::copy_n(c.mean.begin(), 3, t.normalisation.mean.begin());
  if (!c.deviation.empty()) std::copy_n(c.deviation.begin(), 3, t.normalisation.deviation.begin());
  t.folder = c.checkpoints;
  t.stop = &stop_requested;
  return t;
}

dataset open_data(const command& c, executor& workers) {
  require(!c.data.empty(), "which images? Name a folder, a YAML file, or synthetic");
  if (!c.data.starts_with("synthetic")) return open_dataset(c.data);
  index_t pictures = 400;
  require(c.data == "synthetic" ||
              (c.data.starts_with("synthetic:") && value_from_text(c.data.substr(10), pictures) && pictures > 0),
          "data '", c.data, "': expected synthetic or synthetic:NUMBER");
  const std::string seed = value_to_text(c.train.seed);
  const auto folder = c.out / to_text("synthetic_", pictures, "_size_", c.size, "_seed_", seed);
  const index_t others = std::max<index_t>(1, pictures / 4);
  write_synthetic_dataset(workers, folder, {pictures, others, others, c.size, c.size, c.train.seed});
  return open_dataset(folder);
}

/// Before any image is read: parameters, arithmetic and memory of a step.
template <class T>
void print_plan(const command& c, const cpu_context& ctx) {
  const auto net = make_network<T>(c.network, c.pad);
  const auto layout = std::make_shared<const parameter_layout>(net);
  workspace<> space;
  const shape input{c.train.batch_size, c.size, c.size, net.in_channels()};
  const program<T> step(ctx, lesion_logits(net), layout, input, run_mode::training, space);
  std::cout << net.name() << ": " << plan_text(step, *layout) << "  (held: weights, gradients, the best weights, "
            << (c.train.average_decay > 0 ? "their average, " : "") << "the optimiser's moments)\n";
}

template <class T>
void train(command& c, const std::string& command_line, thread_pool& threads) {
  cpu_context ctx(threads);
  if (c.plan) return print_plan<T>(c, ctx);

  for (const auto& folder : {c.out, c.checkpoints, c.images}) detail::create_folder(folder);
  const dataset images = open_data(c, threads);
  train_data data = train_data_of(images, {.height = c.size, .width = c.size});
  if (c.no_test) data.test.clear();

  trainer<T> t(ctx, make_network<T>(c.network, c.pad), data, options_of(c));
  if (!c.resume.empty())
    t.resume(open_checkpoint(c.resume / "checkpoint.safetensors"));
  else if (!c.weights.empty())
    t.load(weights_file::read(c.weights));

  train_progress progress(std::cout, {.terminal = isatty(STDOUT_FILENO) != 0});
  train_log log(c.out);
  train_pictures pictures(c.images, c.out / "log.csv", images, {.overlays = c.overlays, .every_epoch = c.save_images});
  t.observe(log);
  t.observe(pictures);
  t.observe(progress);

  const train_result result = c.no_train ? t.test() : t.run();
  write_summary(c.out / "summary.json", result, command_line);
  std::cout << "written: " << (c.out / "summary.json").string() << ", log.csv; "
            << (c.checkpoints / "best.safetensors").string() << "; " << (c.images / "curves.png").string()
            << ", overlays/\n";
  if (result.end == train_end::stop_request)
    std::cout << "stopped; go on with: train_isic --resume " << shell_word(c.checkpoints.string()) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  CLI::App app(
      "Trains a network to outline lesions in dermoscopic photographs. For research only; not a medical device.");
  command c;
  declare(app, c);
  given_options given;  // those of a run that goes on, then what is different now
  try {
    given.parse(app, arguments, "resume");
    if (!c.resume.empty()) {
      const std::filesystem::path folder = c.resume;
      const auto before = open_checkpoint(folder / "checkpoint.safetensors").metadata("notes.arguments");
      given.parse_text(app, before, "resume");
      given.parse(app, arguments, "resume");
      (c.checkpoints.empty() ? c.out : c.checkpoints) = folder;  // wherever it was moved to
    }
    if (!c.name.empty() && (c.resume.empty() || !c.checkpoints.empty())) c.out /= c.name;
    if (c.checkpoints.empty()) c.checkpoints = c.out;
    if (c.images.empty()) c.images = c.out;
    std::string command_line = "train_isic";
    for (const std::string& word : given.words()) command_line += ' ' + shell_word(word);
    c.train.notes["arguments"] = given.text();

    std::signal(SIGINT, request_stop);
    thread_pool threads(static_cast<int>(c.threads));
    if (c.type == "float")
      train<float>(c, command_line, threads);
    else
      train<bfloat16>(c, command_line, threads);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem);
  } catch (const std::exception& problem) {
    std::cerr << "train_isic: " << problem.what() << '\n';
    return 1;
  }
}
