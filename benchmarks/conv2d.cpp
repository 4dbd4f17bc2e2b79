// SPDX-License-Identifier: Apache-2.0
// Convolution per shape and pass, in GFLOP/s and in percent of the multiply-add peak measured just before.
//
//     conv2d --shape 2x256x256x64-64 --pass forward --isa avx512 --algorithm winograd --threads 1
//
// GFLOP/s are those of the direct method, whatever the algorithm does, so Winograd's percent may pass 100. Beside any
// other algorithm the direct one is timed in turn with it, and the ratio printed.
//
// A shape is NxHxWxI-O, with -k1 for a 1×1 filter (3×3 otherwise; padding "same") and -s2 for a stride of 2. Without
// --shape, the layers of a U-Net of 64 to 1024 channels. Also takes google-benchmark's own --benchmark_... flags.
#include <lamina/core/thread_pool.hpp>
#include <lamina/ops/conv2d.hpp>

#include "support/peak.hpp"

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace lamina;

namespace {

struct conv_shape {
  shape x, w;
  conv2d_params params;
};

conv_shape parse(const std::string& text) {
  index_t n = 0, h = 0, w = 0, i = 0, o = 0, kernel = 3, stride = 1;
  char x1 = 0, x2 = 0, x3 = 0, dash = 0, option[2] = {};
  std::istringstream in(text);
  in >> n >> x1 >> h >> x2 >> w >> x3 >> i >> dash >> o;
  bool good = in && x1 == 'x' && x2 == 'x' && x3 == 'x' && dash == '-' && n > 0 && h > 0 && w > 0 && i > 0 && o > 0;
  while (good && in >> option[0]) {
    index_t value = 0;
    in >> option[1] >> value;
    good = in && option[0] == '-' && (option[1] == 'k' || option[1] == 's') && value > 0;
    (option[1] == 'k' ? kernel : stride) = value;
  }
  require(good, "shape '", text,
          "': expected NxHxWxI-O, then -kSIZE or -sSTRIDE, such as 2x256x256x64-64 or 1x32x32x8-8-k1");
  return {{n, h, w, i}, {o, kernel, kernel, i}, {.stride = stride, .padding = padding2d::same(kernel)}};
}

void fill(tensor<float>& x) {
  for (index_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17) * 0.125f - 1;
}

void measure(benchmark::State& state, const conv_shape& c, const std::string& pass, isa set,
             conv2d_algorithm algorithm, int threads) {
  thread_pool pool(threads);
  cpu_context ctx({.workers = &pool, .isa = set});
  tensor<float> x(c.x), w(c.w), b(vector_shape(c.w.n)), y(conv2d_output_shape(c.x, c.w, c.params));
  for (tensor<float>* t : {&x, &w, &y}) fill(*t);
  const auto time = [&](conv2d_algorithm chosen) {
    conv2d_params params = c.params;
    params.algorithm = chosen;
    return benchmarks::quickest(1, [&] {
      if (pass == "forward") conv2d_forward(ctx, x.view(), w, b, params, y.view());
      if (pass == "data") conv2d_backward_data(ctx, y.view(), w, params, x.view());
      if (pass == "weights") conv2d_backward_weights(ctx, x.view(), y.view(), params, w, b);
    });
  };
  double peak = benchmarks::fma_peak(ctx), seconds = 1e300, direct = 1e300;
  for (auto _ : state) {
    const double took = time(algorithm);
    state.SetIterationTime(took);
    seconds = std::min(seconds, took);
    if (algorithm != conv2d_algorithm::direct) direct = std::min(direct, time(conv2d_algorithm::direct));
  }
  peak = std::max(peak, benchmarks::fma_peak(ctx));
  const double flops = conv2d_flops(c.x, c.w, c.params);
  const auto bytes = static_cast<double>(x.bytes() + w.bytes() + y.bytes());
  state.counters["GFLOP/s"] = flops / seconds * 1e-9;
  state.counters["peak"] = peak * 1e-9;
  state.counters["percent"] = 100 * flops / seconds / peak;
  state.counters["GB/s"] = bytes / seconds * 1e-9;
  if (algorithm != conv2d_algorithm::direct) state.counters["to direct"] = direct / seconds;
}

const std::vector<std::string> network_shapes{
    "2x256x256x3-64",  "2x256x256x64-64", "2x256x256x128-64", "2x128x128x128-128", "2x64x64x256-256", "2x32x32x512-512",
    "2x32x32x1024-512", "2x16x16x1024-1024", "8x128x128x16-16", "8x64x64x32-32",    "2x256x256x64-1-k1"};

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  CLI::App app("Convolution per shape and pass, against the peak of this machine");
  std::string op = "conv2d", set_name(name(default_isa()));
  conv2d_algorithm algorithm = conv2d_algorithm::automatic;
  std::vector<std::string> shapes, passes;
  int threads = 1;
  app.add_option("--op", op, "the operation")->check(CLI::IsMember({"conv2d"}));
  app.add_option("--shape", shapes, "NxHxWxI-O[-kSIZE][-sSTRIDE]; may be given several times");
  app.add_option("--pass", passes, "forward, data or weights; all three unless given")
      ->check(CLI::IsMember({"forward", "data", "weights"}));
  app.add_option("--isa", set_name, "portable, neon, avx2 or avx512");
  app.add_option("--algorithm", algorithm, "automatic, the default; direct or winograd")
      ->transform(CLI::CheckedTransformer(std::map<std::string, conv2d_algorithm>{
          {"automatic", conv2d_algorithm::automatic},
          {"direct", conv2d_algorithm::direct},
          {"winograd", conv2d_algorithm::winograd}}));
  app.add_option("--threads", threads, "threads, 0 for all cores")->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  const isa set = isa_from_name(set_name);
  for (const std::string& text : shapes.empty() ? network_shapes : shapes) {
    const conv_shape c = parse(text);
    conv2d_params params = c.params;
    params.algorithm = algorithm;
    conv2d_algorithm_for(c.x, c.w, params);  // refuses what doesn't fit
    for (const std::string& pass : passes.empty() ? std::vector<std::string>{"forward", "data", "weights"} : passes)
      benchmark::RegisterBenchmark(to_text("conv2d/", text, "/", pass, "/", set, "/", algorithm).c_str(),
                                   [=](benchmark::State& state) { measure(state, c, pass, set, algorithm, threads); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "conv2d: " << e.what() << '\n';
  return 1;
}
