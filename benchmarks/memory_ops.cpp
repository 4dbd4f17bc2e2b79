// SPDX-License-Identifier: Apache-2.0
// The ops that memory bounds, in GB/s and in percent of the bandwidth of copy and triad, measured in the same run on
// the same threads.
//
//     memory_ops --op batch_norm2d --op relu --pass backward --shape 8x256x256x64 --type bf16 --isa avx512 --threads 2
//
// A shape is NxHxWxC, of the larger side where an op changes the size. Bytes are counted from it: a tensor once for
// each time that the op must read it (a batch norm that takes statistics reads its input twice), and twice for being
// written, as a processor reads a line of its cache before it overwrites it; values per channel not at all. A share
// near 100 percent can't be made better but by doing less; an op that mostly writes can pass it, as copy and triad read
// as well. Also takes google-benchmark's own --benchmark_... flags.
#include <lamina/core/thread_pool.hpp>
#include <lamina/lamina.hpp>

#include "support/peak.hpp"

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>

#include <functional>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace lamina;

namespace {

/// The tensors of one op, and the bytes that it moves.
class operands {
 public:
  /// A tensor that is read so many times, one that is written, one that is read and written, one too small to count.
  template <class E>
  view<E> read(shape extents, double times = 1) {
    const view<E> x = keep<E>(extents);
    bytes_ += times * static_cast<double>(x.size()) * sizeof(E);
    return x;
  }
  template <class E>
  view<E> write(shape extents) {
    return read<E>(extents, 2);
  }
  template <class E>
  view<E> update(shape extents) {
    return read<E>(extents, 2);
  }
  template <class E>
  view<E> keep(shape extents) {
    const auto made = std::make_shared<tensor<E>>(extents);
    for (index_t i = 0; i < made->size(); ++i) (*made)[i] = static_cast<E>(static_cast<float>(i % 17) * 0.05f + 0.1f);
    kept_.push_back(made);
    return made->view();
  }
  double bytes() const { return bytes_; }

 private:
  std::vector<std::shared_ptr<void>> kept_;
  double bytes_ = 0;
};

using work = std::function<void(cpu_context&)>;

struct memory_case {
  std::string op, pass;
  work (*prepare)(operands&, shape);
};

shape halved(shape s) { return {s.n, s.h / 2, s.w / 2, s.c}; }
shape flat(shape s) { return {s.n, s.h, s.w * s.c, 1}; }  // one logit a pixel
shape channels(shape s) { return vector_shape(s.c); }

group_norm_params groups_of(shape s) { return {.groups = s.c % 8 == 0 ? 8 : 1, .activation_slope = 0}; }

template <class T>
std::vector<memory_case> normalisation_cases() {
  return {
      {"batch_norm2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s, 2), y = o.write<T>(s);
         const auto c = o.keep<float>(channels(s)), running = o.keep<float>(channels(s));
         const auto mean = o.keep<float>(channels(s)), inv_std = o.keep<float>(channels(s));
         return [=](cpu_context& ctx) {
           batch_norm2d_forward(ctx, x, c, c, {.activation_slope = 0}, running, running, mean, inv_std, y);
         };
       }},
      {"batch_norm2d", "inference",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         const auto c = o.keep<float>(channels(s));
         return [=](cpu_context& ctx) { batch_norm2d_inference(ctx, x, c, c, c, c, {.activation_slope = 0}, y); };
       }},
      {"batch_norm2d", "backward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s, 2), dy = o.read<T>(s, 2), dx = o.write<T>(s);
         const auto c = o.keep<float>(channels(s)), sums = o.keep<float>(channels(s));
         return [=](cpu_context& ctx) {
           batch_norm2d_backward(ctx, x, dy, c, c, c, c, {.activation_slope = 0}, dx, sums, sums);
         };
       }},
      {"group_norm", "forward",
       [](operands& o, shape s) -> work {
         const group_norm_params params = groups_of(s);
         const auto x = o.read<T>(s, 2), y = o.write<T>(s);
         const auto c = o.keep<float>(channels(s)), mean = o.keep<float>(group_norm_statistics_shape(s, params));
         const auto inv_std = o.keep<float>(mean.extents());
         return [=](cpu_context& ctx) { group_norm_forward(ctx, x, c, c, params, mean, inv_std, y); };
       }},
      {"group_norm", "backward",
       [](operands& o, shape s) -> work {
         const group_norm_params params = groups_of(s);
         const auto x = o.read<T>(s, 2), dy = o.read<T>(s, 2), dx = o.write<T>(s);
         const auto c = o.keep<float>(channels(s)), sums = o.keep<float>(channels(s));
         const auto saved = o.keep<float>(group_norm_statistics_shape(s, params));
         return [=](cpu_context& ctx) { group_norm_backward(ctx, x, dy, c, c, saved, saved, params, dx, sums, sums); };
       }},
  };
}

template <class T>
std::vector<memory_case> pooling_cases() {
  return {
      {"max_pool2d", "forward",
       [](operands& o, shape s) -> work {
         const shape half = halved(s);
         const auto x = o.read<T>(s), y = o.write<T>(half);
         const auto indices = o.write<std::uint8_t>(pool2d_index_shape(half, {}));
         return [=](cpu_context& ctx) { max_pool2d_forward(ctx, x, {}, y, indices); };
       }},
      {"max_pool2d", "backward",
       [](operands& o, shape s) -> work {
         const shape half = halved(s);
         const auto dx = o.write<T>(s), dy = o.read<T>(half);
         const auto indices = o.read<std::uint8_t>(pool2d_index_shape(half, {}));
         return [=](cpu_context& ctx) { max_pool2d_backward(ctx, dy, indices, {}, false, dx); };
       }},
      {"max_unpool2d", "forward",
       [](operands& o, shape s) -> work {
         const shape half = halved(s);
         const auto y = o.write<T>(s), x = o.read<T>(half);
         const auto indices = o.read<std::uint8_t>(pool2d_index_shape(half, {}));
         return [=](cpu_context& ctx) { max_unpool2d_forward(ctx, x, indices, {}, y); };
       }},
      {"max_unpool2d", "backward",
       [](operands& o, shape s) -> work {
         const shape half = halved(s);
         const auto dy = o.read<T>(s), dx = o.write<T>(half);
         const auto indices = o.read<std::uint8_t>(pool2d_index_shape(half, {}));
         return [=](cpu_context& ctx) { max_unpool2d_backward(ctx, dy, indices, {}, dx); };
       }},
      {"average_pool2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(halved(s));
         return [=](cpu_context& ctx) { average_pool2d_forward(ctx, x, {}, y); };
       }},
      {"average_pool2d", "backward",
       [](operands& o, shape s) -> work {
         const auto dx = o.write<T>(s), dy = o.read<T>(halved(s));
         return [=](cpu_context& ctx) { average_pool2d_backward(ctx, dy, {}, false, dx); };
       }},
      {"global_average_pool2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>({s.n, 1, 1, s.c});
         return [=](cpu_context& ctx) { global_average_pool2d_forward(ctx, x, y); };
       }},
      {"global_average_pool2d", "backward",
       [](operands& o, shape s) -> work {
         const auto dx = o.write<T>(s), dy = o.read<T>({s.n, 1, 1, s.c});
         return [=](cpu_context& ctx) { global_average_pool2d_backward(ctx, dy, false, dx); };
       }},
      {"upsample_nearest2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(halved(s)), y = o.write<T>(s);
         return [=](cpu_context& ctx) { upsample_nearest2d_forward(ctx, x, {}, y); };
       }},
      {"upsample_nearest2d", "backward",
       [](operands& o, shape s) -> work {
         const auto dy = o.read<T>(s), dx = o.write<T>(halved(s));
         return [=](cpu_context& ctx) { upsample_nearest2d_backward(ctx, dy, {}, dx); };
       }},
      {"upsample_bilinear2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(halved(s)), y = o.write<T>(s);
         return [=](cpu_context& ctx) { upsample_bilinear2d_forward(ctx, x, {}, y); };
       }},
      {"upsample_bilinear2d", "backward",
       [](operands& o, shape s) -> work {
         const auto dy = o.read<T>(s), dx = o.write<T>(halved(s));
         return [=](cpu_context& ctx) { upsample_bilinear2d_backward(ctx, dy, {}, dx); };
       }},
      {"pad2d", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>({s.n, s.h - 2, s.w - 2, s.c}), y = o.write<T>(s);
         return [=](cpu_context& ctx) { pad2d_forward(ctx, x, {1, 1}, y); };
       }},
      {"pad2d", "backward",
       [](operands& o, shape s) -> work {
         const auto dx = o.write<T>({s.n, s.h - 2, s.w - 2, s.c}), dy = o.read<T>(s);
         return [=](cpu_context& ctx) { pad2d_backward(ctx, dy, {1, 1}, dx); };
       }},
  };
}

template <class T>
std::vector<memory_case> elementwise_cases() {
  return {
      {"copy", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         return [=](cpu_context& ctx) { copy(ctx, x, y); };
       }},
      {"copy", "add",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.update<T>(s);
         return [=](cpu_context& ctx) { add(ctx, x, y); };
       }},
      {"relu", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         return [=](cpu_context& ctx) { relu_forward(ctx, x, {}, y); };
       }},
      {"relu", "backward",
       [](operands& o, shape s) -> work {
         const auto y = o.read<T>(s), dy = o.read<T>(s), dx = o.write<T>(s);
         return [=](cpu_context& ctx) { relu_backward(ctx, y, dy, {}, dx); };
       }},
      {"sigmoid", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         return [=](cpu_context& ctx) { sigmoid_forward(ctx, x, y); };
       }},
      {"sigmoid", "backward",
       [](operands& o, shape s) -> work {
         const auto y = o.read<T>(s), dy = o.read<T>(s), dx = o.write<T>(s);
         return [=](cpu_context& ctx) { sigmoid_backward(ctx, y, dy, dx); };
       }},
      {"dropout", "forward",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         return [=](cpu_context& ctx) { dropout_forward(ctx, x, {}, {}, y); };
       }},
      {"dropout", "per_channel",
       [](operands& o, shape s) -> work {
         const auto x = o.read<T>(s), y = o.write<T>(s);
         return [=](cpu_context& ctx) { dropout_forward(ctx, x, {}, {.per_channel = true}, y); };
       }},
      {"bce_with_logits", "forward",
       [](operands& o, shape s) -> work {
         const auto logits = o.read<T>(flat(s));
         const auto target = o.read<float>(flat(s));
         return [=](cpu_context& ctx) {
           benchmark::DoNotOptimize(bce_with_logits_forward(ctx, as_const(logits), target, {}));
         };
       }},
      {"bce_with_logits", "backward",
       [](operands& o, shape s) -> work {
         const auto logits = o.read<T>(flat(s)), gradient = o.write<T>(flat(s));
         const auto target = o.read<float>(flat(s));
         return [=](cpu_context& ctx) { bce_with_logits_backward(ctx, logits, target, {}, gradient); };
       }},
      {"adam", "step",
       [](operands& o, shape s) -> work {
         const auto g = o.read<float>(s), w = o.update<float>(s), m = o.update<float>(s), v = o.update<float>(s);
         return [=](cpu_context& ctx) { adam_step(ctx, g, {}, 1, w, m, v); };
       }},
      {"sgd", "step",
       [](operands& o, shape s) -> work {
         const auto g = o.read<float>(s), w = o.update<float>(s), velocity = o.update<float>(s);
         return [=](cpu_context& ctx) { sgd_step(ctx, g, {.momentum = 0.9f}, w, velocity); };
       }},
      {"ema", "step",
       [](operands& o, shape s) -> work {
         const auto w = o.read<float>(s), average = o.update<float>(s);
         return [=](cpu_context& ctx) { ema_step(ctx, w, 0.99f, average); };
       }},
      {"gradient_clip", "global_norm",
       [](operands& o, shape s) -> work {
         const auto g = o.read<float>(vector_shape(s.size()));
         return [=](cpu_context& ctx) { benchmark::DoNotOptimize(global_norm(ctx, g)); };
       }},
  };
}

template <class T>
std::vector<memory_case> all_cases() {
  std::vector<memory_case> all = elementwise_cases<T>();
  for (auto more : {normalisation_cases<T>(), pooling_cases<T>()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

shape parse(const std::string& text) {
  shape s;
  char x1 = 0, x2 = 0, x3 = 0;
  std::istringstream in(text);
  in >> s.n >> x1 >> s.h >> x2 >> s.w >> x3 >> s.c;
  require(in && in.peek() == EOF && x1 == 'x' && x2 == 'x' && x3 == 'x' && s.n > 0 && s.h > 3 && s.w > 3 && s.c > 0 &&
              s.h % 2 == 0 && s.w % 2 == 0,
          "shape '", text, "': expected NxHxWxC with even H and W of at least 4, such as 8x256x256x64");
  return s;
}

void measure(benchmark::State& state, const memory_case& c, shape s, isa set, int threads,
             benchmarks::stream_bandwidth& bandwidth) {
  thread_pool pool(threads);
  cpu_context ctx({.workers = &pool, .isa = set});
  operands all;
  const work run = c.prepare(all, s);
  run(ctx);  // scratch grows
  double peak = bandwidth.measure(ctx), seconds = 1e300;
  for (auto _ : state) {
    const double took = benchmarks::quickest(1, [&] { run(ctx); });
    state.SetIterationTime(took);
    seconds = std::min(seconds, took);
  }
  peak = std::max(peak, bandwidth.measure(ctx));
  state.counters["GB/s"] = all.bytes() / seconds * 1e-9;
  state.counters["peak"] = peak * 1e-9;
  state.counters["percent"] = 100 * all.bytes() / seconds / peak;
  state.counters["MB"] = all.bytes() * 1e-6;
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  std::set<std::string> known_ops, known_passes;
  for (const memory_case& c : all_cases<float>()) known_ops.insert(c.op), known_passes.insert(c.pass);
  CLI::App app("Memory-bound ops, against the bandwidth of this machine");
  std::string type = "float", set_name(name(default_isa()));
  std::vector<std::string> ops, shapes{"8x256x256x64"}, passes;
  int threads = 1;
  app.add_option("--op", ops, "by its header's name; may be given several times; all unless given")
      ->check(CLI::IsMember(known_ops));
  app.add_option("--pass", passes, "all that an op has unless given")->check(CLI::IsMember(known_passes));
  app.add_option("--shape", shapes, "NxHxWxC; may be given several times")->capture_default_str();
  app.add_option("--type", type, "what activations are stored in")->check(CLI::IsMember({"float", "bf16"}));
  app.add_option("--isa", set_name, "portable, neon, avx2 or avx512");
  app.add_option("--threads", threads, "threads, 0 for all cores")->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  const isa set = isa_from_name(set_name);
  const auto chosen = [](const std::vector<std::string>& wanted, const std::string& one) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), one) != wanted.end();
  };
  benchmarks::stream_bandwidth bandwidth;
  bool any = false;
  for (const std::string& text : shapes) {
    const shape s = parse(text);
    for (const memory_case& c : type == "bf16" ? all_cases<bfloat16>() : all_cases<float>())
      if (chosen(ops, c.op) && chosen(passes, c.pass)) {
        any = true;
        benchmark::RegisterBenchmark(
            to_text(c.op, '/', c.pass, '/', text, '/', type, '/', set).c_str(),
            [=, &bandwidth](benchmark::State& state) { measure(state, c, s, set, threads, bandwidth); })
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
      }
  }
  require(any, "none of these ops has such a pass");
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "memory_ops: " << e.what() << '\n';
  return 1;
}
