// SPDX-License-Identifier: Apache-2.0
// Convolution per shape and pass, in GFLOP/s and in percent of the multiply-add peak measured just before.
//
//     conv2d --shape 2x256x256x64-64 --pass forward --isa avx512 --algorithm winograd --threads 1
//
// GFLOP/s are those of the direct method, whatever the algorithm does, so Winograd's percent may pass 100. Beside any
// other algorithm the direct one is timed in turn with it, and the ratio printed. "of floor" is the percent of what the
// algorithm could reach at most: that many multiply-adds at the peak, or its tensors at the bandwidth measured here.
//
// A shape is NxHxWxI-O, with -k1 for a 1×1 filter (3×3 otherwise; padding "same") and -s2 for a stride of 2. Without
// --shape, the layers of a U-Net of 64 to 1024 channels. Also takes google-benchmark's own --benchmark_... flags.
#include <lamina/core/thread_pool.hpp>

#include "support/conv_layer.hpp"
#include "support/peak.hpp"

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace lamina;
using benchmarks::conv_pass, benchmarks::conv_shape;

namespace {

/// Seconds of the quickest way there can be: whichever takes longer of the multiplications and of moving each tensor
/// once, what is written twice. F(4×4,3×3) has a quarter of the multiplications.
double floor_seconds(const conv_shape& c, conv_pass pass, conv2d_algorithm algorithm, double peak, double bandwidth) {
  const bool winograd = algorithm == conv2d_algorithm::winograd;
  const auto [x, w, y] = std::array{c.x.size(), c.w.size(), c.y().size()};
  const index_t written = pass == conv_pass::forward ? y : pass == conv_pass::data ? x : w;
  const double bytes = static_cast<double>(x + w + y + written) * sizeof(float);
  return std::max(c.flops() / (winograd ? 4 : 1) / peak, bytes / bandwidth);
}

void measure(benchmark::State& state, const conv_shape& c, conv_pass pass, isa set, conv2d_algorithm algorithm,
             int threads, benchmarks::stream_bandwidth& bandwidth) {
  thread_pool pool(threads);
  cpu_context ctx({.workers = &pool, .isa = set});
  benchmarks::conv_tensors tensors(c);
  const auto time = [&](conv2d_algorithm chosen) {
    conv2d_params params = c.params;
    params.algorithm = chosen;
    return benchmarks::quickest(1, [&] { tensors.run(ctx, pass, params); });
  };
  double peak = benchmarks::fma_peak(ctx), seconds = 1e300, direct = 1e300;
  for (auto _ : state) {
    const double took = time(algorithm);
    state.SetIterationTime(took);
    seconds = std::min(seconds, took);
    if (algorithm != conv2d_algorithm::direct) direct = std::min(direct, time(conv2d_algorithm::direct));
  }
  peak = std::max(peak, benchmarks::fma_peak(ctx));
  const double streamed = bandwidth.measure(ctx);
  state.counters["GFLOP/s"] = c.flops() / seconds * 1e-9;
  state.counters["peak"] = peak * 1e-9;
  state.counters["percent"] = 100 * c.flops() / seconds / peak;
  state.counters["bandwidth"] = streamed * 1e-9;
  state.counters["of floor"] = 100 * floor_seconds(c, pass, algorithm, peak, streamed) / seconds;
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
  std::vector<std::string> shapes;
  std::vector<conv_pass> passes;
  int threads = 1;
  app.add_option("--op", op, "the operation")->check(CLI::IsMember({"conv2d"}));
  app.add_option("--shape", shapes, "NxHxWxI-O[-kSIZE][-sSTRIDE]; may be given several times");
  app.add_option("--pass", passes, "forward, data or weights; all three unless given")
      ->transform(CLI::CheckedTransformer(benchmarks::conv_passes));
  app.add_option("--isa", set_name, "portable, neon, avx2 or avx512");
  app.add_option("--algorithm", algorithm, "automatic, the default; direct, winograd or winograd6")
      ->transform(CLI::CheckedTransformer(std::map<std::string, conv2d_algorithm>{
          {"automatic", conv2d_algorithm::automatic},
          {"direct", conv2d_algorithm::direct},
          {"winograd", conv2d_algorithm::winograd},
          {"winograd6", conv2d_algorithm::winograd_6x6}}));
  app.add_option("--threads", threads, "threads, 0 for all cores")->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  const isa set = isa_from_name(set_name);
  benchmarks::stream_bandwidth bandwidth;
  for (const std::string& text : shapes.empty() ? network_shapes : shapes) {
    const conv_shape c = benchmarks::parse_conv_shape(text);
    conv2d_params params = c.params;
    params.algorithm = algorithm;
    const conv2d_algorithm chosen = conv2d_algorithm_for(c.x, c.w, params);  // refuses what doesn't fit
    for (const auto& named : benchmarks::conv_passes) {
      const conv_pass pass = named.second;
      if (!passes.empty() && std::find(passes.begin(), passes.end(), pass) == passes.end()) continue;
      benchmark::RegisterBenchmark(
          to_text("conv2d/", text, '/', named.first, '/', set, '/', algorithm).c_str(),
          [=, &bandwidth](benchmark::State& state) { measure(state, c, pass, set, chosen, threads, bandwidth); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "conv2d: " << e.what() << '\n';
  return 1;
}
