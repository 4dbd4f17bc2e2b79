// SPDX-License-Identifier: Apache-2.0
// Times training steps (forward, BCE with logits, backward, Adam), or forward passes, of a network on random images:
//
//     step --model unet --base 64 --bottleneck 1024 --size 256 --batch 2 --threads 2 [--inference] [--type bf16]
//
// Prints one line of JSON: images a second (best and median step), memory planned and used, milliseconds by kind of op,
// and the share of the FMA peak, which is measured in the same run. FLOPs are those of direct convolution, of a step
// that recomputes nothing. Each layer is updated right behind its gradient; `--whole-update` keeps all gradients and
// updates at the end. `--memory 400M` limits all that is planned.
#include <lamina/core/thread_pool.hpp>
#include <lamina/graph/program.hpp>
#include <lamina/models/network.hpp>
#include <lamina/ops/adam.hpp>
#include <lamina/ops/bce_with_logits.hpp>

#include "support/peak.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <iostream>

using namespace lamina;
using benchmarks::seconds_now;

namespace {

struct options {
  std::string model = "unet", type = "float";
  index_t base = 64, bottleneck = 0, size = 256, batch = 2;
  int threads = 2, steps = 5;
  std::size_t memory = 0;
  bool inference = false, whole_update = false;
};

/// Adds up the time of every pass by op and direction.
class stopwatch final : public pass_observer {
 public:
  void before(std::string_view, pass_kind) override { start_ = seconds_now(); }
  void after(std::string_view op, pass_kind pass) override {
    milliseconds_[std::string(op) + ' ' + std::string(name(pass))] += 1e3 * (seconds_now() - start_);
  }
  void add(const std::string& what, double seconds) { milliseconds_[what] += 1e3 * seconds; }
  /// Milliseconds a step.
  nlohmann::ordered_json averages(int steps) const {
    nlohmann::ordered_json all;
    for (const auto& [what, sum] : milliseconds_) all[what] = std::round(100 * sum / steps) / 100;
    return all;
  }

 private:
  double start_ = 0;
  std::map<std::string, double> milliseconds_;
};

template <class T>
nlohmann::ordered_json measure(const options& o) {
  thread_pool pool(o.threads);
  cpu_context ctx(pool);
  const auto net = make_network<T>(
      o.model == "unet" ? network_description{{"model", o.model},
                                              {"base_width", std::to_string(o.base)},
                                              {"bottleneck", std::to_string(o.bottleneck)}}
                        : network_description{{"model", o.model}, {"base_width", std::to_string(o.base)}});
  const auto layout = std::make_shared<const parameter_layout>(net);
  parameter_set<> weights(layout);
  initialize(weights, 1);
  workspace<> space;
  const std::size_t sets = o.inference ? 1 : o.whole_update ? 4 : 3;
  const std::size_t parameter_bytes = sets * static_cast<std::size_t>(layout->size()) * sizeof(float);
  const std::size_t limit = o.memory == 0 ? 0 : std::max(o.memory, parameter_bytes + 1) - parameter_bytes;
  program<T> program(ctx, net, layout, {o.batch, o.size, o.size, 3},
                     o.inference ? run_mode::inference : run_mode::training, space,
                     {.limit = limit, .gradients_by_layer = !o.whole_update});
  const std::size_t planned = parameter_bytes + program.plan().bytes();
  require(o.memory == 0 || planned <= o.memory, planned, " bytes are planned at the least, more than the limit of ",
          o.memory);

  std::optional<parameter_set<>> gradients, m, v;
  if (!o.inference) {
    for (auto* set : {&m, &v}) set->emplace(layout);
    if (o.whole_update) gradients.emplace(layout);
  }
  tensor<T> images(program.input_extents());
  tensor<float> masks(program.output_extents());
  random_stream stream({.purpose = random_purpose::test});
  for (T& x : images) x = static_cast<T>(stream.uniform(-1, 1));
  for (float& y : masks) y = stream.uniform() < 0.2f ? 1.0f : 0.0f;

  stopwatch watch;
  const auto timed = [&](const std::string& what, auto&& f) {
    const double start = seconds_now();
    f();
    watch.add(what, seconds_now() - start);
  };
  index_t step = 0;
  const auto run = [&] {
    copy(ctx, as_const(images.view()), program.input());
    program.forward(ctx, weights);
    if (o.inference) return;
    timed("loss", [&] {
      bce_with_logits_forward_backward(ctx, program.output(), masks.view(), {}, program.output_gradient());
    });
    const auto update = [&](view<const float> g, view<float> w, view<float> first, view<float> second) {
      timed("adam", [&] { adam_step(ctx, g, {.learning_rate = 1e-5f}, step, w, first, second); });
    };
    ++step;
    if (o.whole_update) {
      timed("adam", [&] { fill(ctx, 0.0f, gradients->all()); });
      program.backward(ctx, weights, *gradients);
      update(as_const(gradients->trainable()), weights.trainable(), m->trainable(), v->trainable());
    } else {
      program.backward_by_layer(ctx, weights, [&](const parameter_layout::entry& e, view<const float> g) {
        update(g, weights[e], (*m)[e], (*v)[e]);
      });
    }
  };
  run();  // warms up: memory is touched for the first time
  watch = {};
  program.observe(&watch);
  std::vector<double> seconds;
  double peak = benchmarks::fma_peak(ctx);
  for (int i = 0; i < o.steps; ++i) {
    const double start = seconds_now();
    run();
    seconds.push_back(seconds_now() - start);
  }
  peak = std::max(peak, benchmarks::fma_peak(ctx));
  std::sort(seconds.begin(), seconds.end());

  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double images_per_step = static_cast<double>(o.batch), flops = program.flops() * (o.inference ? 1 : 3);
  return {{"model", o.model},
          {"mode", o.inference ? "inference" : "training"},
          {"type", o.type},
          {"threads", o.threads},
          {"isa", name(ctx.isa())},
          {"images_per_second_best", images_per_step / seconds.front()},
          {"images_per_second_median", images_per_step / seconds[seconds.size() / 2]},
          {"peak_rss_bytes", usage.ru_maxrss * 1024},
          {"planned_bytes", planned},
          {"recomputed_share", program.plan().recomputed_share()},
          {"parameters", layout->trainable_count()},
          {"gflop_per_step", flops * 1e-9},
          {"gflops_peak", peak * 1e-9},
          {"percent_of_peak", 100 * flops / seconds.front() / peak},
          {"milliseconds", watch.averages(o.steps)}};
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Times training steps or forward passes of a network on random images; prints one line of JSON.");
  app.add_option("--model", o.model, "unet, segnet or segnet_bn")->capture_default_str();
  app.add_option("--base", o.base, "channels of the first level")->capture_default_str();
  app.add_option("--bottleneck", o.bottleneck, "channels of UNet's lowest level; 0: those of the level above")
      ->capture_default_str();
  app.add_option("--size", o.size, "height and width of the images")->capture_default_str();
  app.add_option("--batch", o.batch, "images a step")->capture_default_str();
  app.add_option("--threads", o.threads, "threads; 0: one per core")->capture_default_str();
  app.add_option("--steps", o.steps, "timed steps")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--inference", o.inference, "forward only");
  app.add_flag("--whole-update", o.whole_update, "keep all gradients, and update the weights at the end of a step");
  app.add_option("--memory", o.memory, "limit of all that is planned, such as 400M; 0: none")
      ->transform(CLI::AsSizeValue(true));
  app.add_option("--type", o.type, "what activations are stored in")
      ->check(CLI::IsMember({"float", "bf16"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    std::cout << (o.type == "bf16" ? measure<bfloat16>(o) : measure<float>(o)) << std::endl;
  } catch (const std::exception& e) {
    std::cerr << "step: " << e.what() << '\n';
    return 1;
  }
}
