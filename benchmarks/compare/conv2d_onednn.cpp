// SPDX-License-Identifier: Apache-2.0
// Convolution beside oneDNN's, Winograd's and direct, in one process and in turn: ours, theirs, ours, theirs, …
//
//     conv2d_onednn --threads 2 --rounds 15                                  # the nine shapes of the table below
//     conv2d_onednn --shape 2x256x256x64-64 --shape 8x32x32x64-64 --pass forward
//
// Debian's libdnnl-dev is oneDNN 2.6.3, which has Winograd's algorithm on x86. The current release, which has not, is
// in PyPI:
//
//     python3 -m venv onednn && onednn/bin/pip install onednn-devel
//     cmake --preset release -DDNNL_ROOT=$PWD/onednn && cmake --build --preset release --target conv2d_onednn
//     OCL_ICD_FILENAMES=$PWD/onednn/lib/libintelocl.so build/release/benchmarks/conv2d_onednn
//
// (It runs on SYCL, which has to be told of the processor.) With -UDNNL_ROOT it is Debian's again.
//
// Prints a row for each shape and pass: GFLOP/s of lamina and of oneDNN's Winograd and direct convolutions, by the
// FLOPs of the direct method, from the median time of all rounds; the medians of the rounds' ratios to each of theirs;
// the ratio to their Winograd that F(4×4,3×3) can reach at most, at the multiply-add peak measured here; the published
// ratio of a prototype to oneDNN 2.6.3's Winograd, on two threads of a Zen 5, and whether ours is at least 0.9 of it;
// the relative L2 error of all three, against double, at 2000 random results. In a round each has one call untimed,
// which wakes its threads, and then as many as last 10 ms.
#include <lamina/core/thread_pool.hpp>

#include "../support/peak.hpp"
#include "onednn_convolution.hpp"
#include "sampled_convolution.hpp"

#include <CLI/CLI.hpp>

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <iomanip>
#include <iostream>
#include <set>
#include <thread>

using namespace lamina;
using namespace lamina::benchmarks;

namespace {

/// GFLOP/s on two cores as published, of the prototype and of oneDNN 2.6.3's Winograd. The prototype's data gradient
/// was its forward pass with other filters, so that the forward ratio stands for both.
struct published_row {
  const char* shape;
  double forward, weights, forward_onednn, weights_onednn;

  double ratio(conv_pass pass) const {
    return pass == conv_pass::weights ? weights / weights_onednn : forward / forward_onednn;
  }
};
constexpr published_row published[] = {
    {"2x256x256x64-64", 1441, 1501, 942, 591},       {"2x256x256x128-64", 1521, 1566, 999, 594},
    {"2x128x128x128-128", 1687, 1658, 1031, 886},    {"2x64x64x256-256", 1659, 1640, 1383, 1128},
    {"2x32x32x512-512", 1702, 1798, 1257, 1075},     {"2x32x32x1024-512", 1626, 1801, 872, 1096},
    {"2x16x16x1024-1024", 1370, 1620, 492, 531},     {"8x128x128x16-16", 781, 811, 239, 312},
    {"8x64x64x32-32", 1248, 1300, 718, 455},
};
constexpr double least_share = 0.9;  // of the published ratio, for a "yes"

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// One that takes part, with the seconds of a call in each round.
struct contender {
  std::function<void()> run;
  std::vector<double> seconds = {};
  double error = 0;

  void time_round() {
    constexpr double least_seconds = 0.01;
    // Whoever ran before spins for some milliseconds in wait for more work.
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    run();
    int calls = 0;
    const double start = seconds_now();
    double end = start;
    for (; end < start + least_seconds; end = seconds_now()) run(), ++calls;
    seconds.push_back((end - start) / calls);
  }
  double gflops(double flops) const { return flops / median(seconds) * 1e-9; }
};

/// How many times as long theirs takes, by rounds.
double ratio(const contender& ours, const contender& theirs) {
  std::vector<double> each;
  for (std::size_t r = 0; r < ours.seconds.size(); ++r) each.push_back(theirs.seconds[r] / ours.seconds[r]);
  return median(each);
}

std::string cell(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

void print_row(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i)
    std::cout << (i == 0 ? "| " : " | ") << (i < 2 ? std::left : std::right)
              << std::setw(i == 0 ? 17 : i == 1 ? 7 : 9) << cells[i];
  std::cout << " |" << std::endl;
}

/// What all rows have in common.
struct summary {
  double peak = 0;  // FLOP/s, the most that was measured
  std::set<std::string> kernels;
};

void compare(cpu_context& ctx, const std::string& text, conv_pass pass, int rounds, summary& all) {
  const conv_shape c = parse_conv_shape(text);
  conv_tensors tensors(c);
  std::optional<onednn_convolution> theirs[] = {
      onednn_convolution::find(c, pass, dnnl::algorithm::convolution_winograd, tensors),
      onednn_convolution::find(c, pass, dnnl::algorithm::convolution_direct, tensors)};
  if (pass == conv_pass::weights) tensors.w.fill(0), tensors.b.fill(0);
  const sampled_convolution exact(c, pass, tensors, 2000);

  contender ours{[&] { tensors.run(ctx, pass, c.params); }};
  ours.run();
  ours.error = exact.relative_error(tensors.result(pass));
  std::vector<contender> peers;
  for (auto& peer : theirs) {
    if (!peer) continue;
    all.kernels.insert(peer->kernel());
    peer->run();
    peers.push_back({[&peer] { peer->run(); }, {}, exact.relative_error(peer->result())});
  }
  for (int r = 0; r < rounds; ++r) {
    ours.time_round();
    for (contender& peer : peers) peer.time_round();
  }
  all.peak = std::max(all.peak, fma_peak(ctx));

  std::vector<std::string> speeds{cell("%.0f", ours.gflops(c.flops()))}, ratios, errors{cell("%.1e", ours.error)};
  auto next = peers.begin();
  for (const auto& peer : theirs) {
    speeds.push_back(peer ? cell("%.0f", next->gflops(c.flops())) : "-");
    ratios.push_back(peer ? cell("%.2f", ratio(ours, *next)) : "-");
    errors.push_back(peer ? cell("%.1e", next->error) : "-");
    if (peer) ++next;
  }
  std::vector<std::string> row{text, std::string(conv_passes[static_cast<std::size_t>(pass)].first)};
  for (const auto& part : {speeds, ratios}) row.insert(row.end(), part.begin(), part.end());
  row.push_back(theirs[0] ? cell("%.2f", 4e-9 * all.peak / peers[0].gflops(c.flops())) : "-");
  const auto known = std::find_if(std::begin(published), std::end(published),
                                  [&](const published_row& p) { return p.shape == text; });
  const bool comparable = known != std::end(published) && ctx.workers().workers() == 2 && theirs[0];
  row.push_back(comparable ? cell("%.2f", known->ratio(pass)) : "-");
  row.push_back(!comparable ? "-" : ratio(ours, peers[0]) >= least_share * known->ratio(pass) ? "yes" : "no");
  row.insert(row.end(), errors.begin(), errors.end());
  print_row(row);
}

/// OpenMP counts its threads when its library is loaded, and SYCL's runtime takes all processors that it may. By the
/// time main begins, only a fresh start of the program can change them, on fewer processors where need be.
void start_with_threads(int threads, char** argv) {
  const std::string wanted = std::to_string(threads);
  cpu_set_t processors;
  require(sched_getaffinity(0, sizeof processors, &processors) == 0, "this process's processors can't be asked for");
  const char* const present = getenv("OMP_NUM_THREADS");
  if (present != nullptr && present == wanted && CPU_COUNT(&processors) <= threads) return;
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&processors) > threads; ++i) CPU_CLR(i, &processors);
  require(sched_setaffinity(0, sizeof processors, &processors) == 0, "can't be confined to ", wanted, " processors");
  setenv("OMP_NUM_THREADS", wanted.c_str(), 1);
  execv("/proc/self/exe", argv);
  fail("can't be started again with OMP_NUM_THREADS=", wanted);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Convolution per shape and pass beside oneDNN's, interleaved");
  std::vector<std::string> shapes;
  std::vector<conv_pass> passes;
  int threads = 2, rounds = 7;
  app.add_option("--shape", shapes, "NxHxWxI-O[-kSIZE][-sSTRIDE]; may be given several times");
  app.add_option("--pass", passes, "forward, data or weights; all three unless given")
      ->transform(CLI::CheckedTransformer(conv_passes));
  app.add_option("--threads", threads, "threads of each")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--rounds", rounds, "rounds; medians are of these")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  start_with_threads(threads, argv);
  if (shapes.empty())
    for (const published_row& row : published) shapes.push_back(row.shape);
  for (const std::string& text : shapes) parse_conv_shape(text);  // refuses what is none, before anything is printed

  thread_pool pool(threads);
  cpu_context ctx(pool);
  const dnnl_version_t& v = *dnnl::version();
  std::cout << "lamina (" << ctx.isa() << ") and oneDNN " << v.major << '.' << v.minor << '.' << v.patch
            << ", threads: " << threads << ", rounds: " << rounds << "\n\n";
  print_row({"shape", "pass", "lamina", "winograd", "direct", "/winograd", "/direct", "at most", "published", ">= 0.9",
             "error", "winograd", "direct"});
  print_row({"---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---"});
  summary all{fma_peak(ctx), {}};
  for (const std::string& text : shapes)
    for (const auto& [unused, pass] : conv_passes)
      if (passes.empty() || std::find(passes.begin(), passes.end(), pass) != passes.end())
        compare(ctx, text, pass, rounds, all);
  std::cout << "\nMultiply-adds: " << cell("%.0f", all.peak * 1e-9) << " GFLOP/s at most. oneDNN's kernels:";
  for (const std::string& kernel : all.kernels) std::cout << ' ' << kernel;
  std::cout << '\n';
  return 0;
} catch (const std::exception& e) {
  std::cerr << "conv2d_onednn: " << e.what() << '\n';
  return 1;
}
