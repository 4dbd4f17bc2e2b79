// SPDX-License-Identifier: Apache-2.0
// Says how good predictions are: every protocol that publications call IoU, Dice and so on, side by side, each with the
// interval that other images would have put it in; and whether one run is better than another on the same images.
//
//     evaluate masks isic2017/test/masks --out evaluation                  (folders, files matched by name)
//     evaluate run/best.safetensors --data isic2017 --split test           (a network and a data set)
//     evaluate masks truth --threshold sweep --resolution both             (which threshold is best)
//     evaluate masks truth --compare other_masks                           (or other weights, or their per_image.csv)
//
// DIR/per_image.csv has a row for each image, DIR/summary.json every figure, DIR/sweep.csv those at each threshold;
// DIR/report.html tells it to a person.
#include "evaluate_output.hpp"
#include "evaluate_report.hpp"

#include <lamina/train/summary.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

#include <unistd.h>

using namespace lamina;
using namespace evaluate_program;

namespace {

struct command {
  std::filesystem::path predictions, truth, data, out = "evaluation", compare;
  std::string split = "validation", threshold, resolutions, size, best = "iou_per_image_mean";
  bootstrap_options bootstrap;
  bool allow_missing = false, skip_unreadable = false, symmetries = false, surfaces = false;
  int threads = 0;
};

void declare(CLI::App& app, command& c) {
  app.add_option("predictions", c.predictions,
                 "folder of masks or probabilities (NAME.png, NAME_mask.png, NAME_probability.png or .npy, …), or "
                 "weights that train_isic wrote")
      ->required()
      ->type_name("FOLDER|WEIGHTS");
  app.add_option("truth", c.truth, "folder of true masks (NAME.png, NAME_segmentation.png, …)")->type_name("FOLDER");
  app.add_option("--data", c.data, "data set that holds the truth, and the images for weights")
      ->type_name("FOLDER|YAML");
  app.add_option("--split", c.split, "of the data set, if it is divided")->capture_default_str();
  app.add_option("--out,-o", c.out, "folder for report.html, summary.json, per_image.csv, sweep.csv, figures")
      ->capture_default_str();
  app.add_option("--threshold", c.threshold,
                 "of the probability: what reaches it is lesion; sweep: 0.01 to 0.99, and the best of them")
      ->default_str("the weights file's, else 0.5");
  app.add_option("--best-by", c.best, "the protocol that chooses the threshold of a sweep")->capture_default_str();
  app.add_option("--resolution", c.resolutions,
                 "network: at the size that was predicted, the truth brought there by nearest; native: at the truth's, "
                 "probabilities brought there linearly, masks by nearest")
      ->check(CLI::IsMember({"network", "native", "both"}))
      ->default_str("both for weights, native for folders");
  app.add_option("--size", c.size, "network resolution of files, such as 256 or 320x240")
      ->default_str("each file's own");
  app.add_option("--compare", c.compare, "another run on the same images, for the paired test")
      ->type_name("FOLDER|WEIGHTS|CSV");
  app.add_flag("--surface", c.surfaces, "also distances between outlines, in pixels: ASSD, two HD95, Hausdorff");
  app.add_option("--bootstrap", c.bootstrap.resamples, "resamples of the images for intervals")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--confidence", c.bootstrap.confidence, "of the intervals")->capture_default_str();
  app.add_option("--seed", c.bootstrap.seed, "of the resamples")->capture_default_str();
  app.add_option("--threads,-t", c.threads, "0: one per core")->capture_default_str();
  app.add_flag("--tta", c.symmetries, "weights: average over flips and turns of the photograph");
  app.add_flag("--allow-missing", c.allow_missing, "go on without truths that have no prediction, and say how many");
  app.add_flag("--skip-unreadable", c.skip_unreadable, "go on without files that can't be read, and say how many");
}

bool is_weights(const std::filesystem::path& path) { return extension_of(path) == ".safetensors"; }

/// The run that lies at `path`, which must have a prediction for each truth unless that is excused.
run_source open_run(const std::filesystem::path& path, const command& c, const std::vector<truth_image>& truths,
                    cpu_context& ctx) {
  if (is_weights(path)) {
    require(!c.data.empty(), path.string(), ": which images? Name a data set with --data");
    return network_source(path, ctx, c.symmetries);
  }
  run_source run = folder_source(path, truths);
  const std::vector<std::string> missing(run.missing.begin(), run.missing.end());
  if (missing.size() == truths.size() || (!missing.empty() && !c.allow_missing))
    throw file_error(path.string(), to_text("no prediction for ", missing.size(), " of ", truths.size(), " images (",
                                            some_of(missing), "); --allow-missing goes on without them"));
  if (!missing.empty())
    std::cerr << "evaluate: " << path.string() << ": no prediction for " << missing.size() << " of " << truths.size()
              << " images (" << some_of(missing) << ")\n";
  if (!run.extra.empty())
    std::cerr << "evaluate: " << path.string() << ": files without a true mask: " << run.extra.size() << " ("
              << some_of(run.extra) << ")\n";
  return run;
}

scoring_options options_for(const run_source& run, const command& c) {
  scoring_options options{.thresholds = {run.threshold.value_or(0.5f)}, .skip_unreadable = c.skip_unreadable,
                          .surfaces = c.surfaces};
  require(c.threshold != "sweep" || !c.surfaces, "--surface takes a fixed threshold, no sweep");
  if (c.threshold == "sweep")
    options.thresholds = threshold_grid();
  else if (!c.threshold.empty())
    require(value_from_text(c.threshold, options.thresholds.front()) && options.thresholds.front() >= 0 &&
                options.thresholds.front() <= 1,
            "--threshold ", c.threshold, ": expected a number of [0, 1], or sweep");
  const std::string where = !c.resolutions.empty() ? c.resolutions : is_weights(c.predictions) ? "both" : "native";
  for (const resolution r : {resolution::network, resolution::native})
    if (where == "both" || where == name(r)) options.resolutions.push_back(r);
  if (!c.size.empty()) {
    const std::size_t x = std::min(c.size.find('x'), c.size.size());
    image_size s;
    require(value_from_text(c.size.substr(0, x), s.width) && s.width > 0 && s.width <= 65535 &&
                value_from_text(x < c.size.size() ? c.size.substr(x + 1) : c.size, s.height) && s.height > 0 &&
                s.height <= 65535,
            "--size ", c.size, ": expected pixels, such as 256 or 320x240");
    require(run.side_by_side, "--size ", c.size, ": the network of ", run.from, " has a size of its own");
    options.network_size = s;
  }
  return options;
}

/// A run's figures at each resolution; `scores` gets what they were made of.
std::vector<run_figures> evaluate(const run_source& run, run_scores& scores, const scoring_options& options,
                                  const command& c, const std::vector<truth_image>& truths, cpu_context& ctx) {
  {
    const auto images = static_cast<index_t>(truths.size() - run.missing.size());
    photo_progress progress(std::cerr, images, isatty(STDERR_FILENO) != 0, run.from);
    scores = score_run(ctx, run, truths, options, progress);
  }
  std::vector<run_figures> figures;
  for (std::size_t r = 0; r < options.resolutions.size(); ++r)
    figures.push_back(figures_of(ctx.workers(), scores, options, r, overlap_protocol_named(c.best), c.bootstrap));
  return figures;
}

void run(const command& c, const std::string& command_line) {
  overlap_protocol_named(c.best);
  require(c.truth.empty() != c.data.empty(), "which truth? Name a folder of true masks behind the predictions, or a ",
          "data set with --data, and not both");
  thread_pool threads(c.threads);
  cpu_context ctx(threads);
  const std::vector<truth_image> truths =
      c.truth.empty() ? truths_of(open_dataset(c.data), c.split) : truths_in_folder(c.truth);

  const run_source source = open_run(c.predictions, c, truths, ctx);
  const scoring_options options = options_for(source, c);
  std::vector<named_worth> other;  // at each resolution
  run_scores scores;
  if (extension_of(c.compare) == ".csv")
    for (const resolution r : options.resolutions) other.push_back(read_per_image(c.compare, r));
  else if (!c.compare.empty()) {
    const run_source compared = open_run(c.compare, c, truths, ctx);
    for (const run_figures& f : evaluate(compared, scores, options_for(compared, c), c, truths, ctx))
      other.push_back(worth_of(f, truths));
  }
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<run_figures> figures = evaluate(source, scores, options, c, truths, ctx);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::vector<run_comparison> comparisons;
  for (std::size_t r = 0; r < other.size(); ++r)
    if (auto compared = compare(threads, figures[r], truths, std::move(other[r]), c.compare.string(), c.allow_missing,
                                c.bootstrap))
      comparisons.push_back(std::move(*compared));
    else
      std::cerr << "evaluate: " << c.compare.string() << ": predicts at another size, so there is no comparison at "
                << "network resolution\n";

  nlohmann::ordered_json s;
  s["command"] = command_line;
  s["predictions"] = c.predictions.string();
  s["truth"] = (c.truth.empty() ? c.data : c.truth).string();
  if (c.truth.empty()) s["split"] = c.split;
  s["images"] = figures.front().images.size();
  s["missing"] = source.missing;
  s["skipped"] = scores.skipped;
  s["extra"] = source.extra;
  s["bootstrap"] = {{"resamples", c.bootstrap.resamples},
                    {"confidence", c.bootstrap.confidence},
                    {"seed", c.bootstrap.seed}};
  if (c.threshold == "sweep") s["threshold_chosen_by"] = c.best + " on these very images";
  for (const run_figures& f : figures) s[name(f.at)] = json_of(f);
  for (const run_comparison& comparison : comparisons) {
    s["comparison"]["with"] = c.compare.string();
    s["comparison"][name(comparison.at)] = json_of(comparison);
  }
  s["notice"] = "For research only; not a medical device.";

  std::error_code problem;
  std::filesystem::create_directories(c.out, problem);
  if (problem) throw file_error(c.out.string(), problem.message());
  write_per_image(c.out / "per_image.csv", figures, truths);
  if (figures.front().sweep) write_sweep(c.out / "sweep.csv", figures);
  write_file_atomically(c.out / "summary.json", s.dump(2) + '\n');

  write_report(c.out, ctx, source, truths, figures, comparisons, c.compare.string(), command_line, seconds);

  std::cout << source.from << ": " << figures.front().images.size() << " images, "
            << 100 * c.bootstrap.confidence << " % intervals from " << c.bootstrap.resamples << " resamples";
  if (!source.missing.empty()) std::cout << "; " << source.missing.size() << " have no prediction";
  if (!scores.skipped.empty()) std::cout << "; " << scores.skipped.size() << " can't be read";
  if (c.threshold == "sweep") std::cout << "; t has the best " << c.best << " on these very images, which flatters";
  std::cout << '\n';
  for (const std::string& reason : scores.skipped) std::cout << "  skipped: " << reason << '\n';
  print(std::cout << '\n', figures);
  for (const run_comparison& comparison : comparisons) print(std::cout << '\n', comparison, c.compare.string());
  std::cout << "\nwritten: " << (c.out / "per_image.csv").string() << ' ' << (c.out / "summary.json").string()
            << ' ' << (c.out / "report.html").string() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares predicted lesions with true ones. For research only; not a medical device, and no diagnosis.");
  command c;
  declare(app, c);
  CLI11_PARSE(app, argc, argv);
  std::string command_line = "evaluate";
  for (int i = 1; i < argc; ++i) command_line += ' ' + shell_word(argv[i]);
  try {
    run(c, command_line);
  } catch (const std::exception& problem) {
    std::cerr << "evaluate: " << problem.what() << '\n';
    return 1;
  }
}
