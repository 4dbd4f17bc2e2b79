// SPDX-License-Identifier: Apache-2.0
// Outlines the lesion in photographs with a trained network, or with several together.
//
//     predict run/best.safetensors photo.jpg more_photos 'others/*_17.jpg' --out masks
//     predict unet.safetensors segnet.safetensors photos --tta --truth masks_by_hand --probability png
//     predict run/best.safetensors photos --scale native --memory 1G
//
// For each photograph: masks/NAME_mask.png, masks/NAME_overlay.jpg and masks/NAME.json, and the same JSON as one line,
// to the standard output and to masks/predictions.jsonl. Size, normalisation and threshold are the weights file's.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/mask_files.hpp>
#include <lamina/predict/photo_progress.hpp>
#include <lamina/predict/prediction_files.hpp>
#include <lamina/train/summary.hpp>

#include "stop_request.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <span>

#include <unistd.h>

using namespace lamina;

namespace {

struct command {
  std::vector<std::filesystem::path> inputs;  // weights and photographs, as they come
  std::filesystem::path truth;
  prediction_files files{.folder = "masks"};
  std::optional<float> threshold;
  index_t batch = 1;
  int threads = 0;
  bool no_overlays = false, keep_going = false, symmetries = false;
  std::string type = "float", scale = "network", tile, memory, at = "original", probability = "none";
};

ensemble_options options_of(const command& c) {
  ensemble_options o{.native = c.scale == "native",
                     .network = {.symmetries = c.symmetries, .batch = c.batch},
                     .at_native = {.symmetries = c.symmetries}};
  const bool tiled = !c.tile.empty(), limited = !c.memory.empty();
  require(o.native || (!tiled && !limited), tiled ? "--tile" : "--memory", " wants --scale native");
  require(!(tiled && limited), "--tile and --memory: the memory decides how large tiles are; give one of them");
  require(!o.native || c.at == "original", "--at ", c.at, ": with --scale native there is the original size only");
  if (tiled && c.tile != "none") {
    index_t side = 0;
    require(value_from_text(c.tile, side) && side > 0, "--tile ", c.tile, ": expected none, or pixels such as 512");
    o.at_native.tile = side;
  }
  if (limited) {
    const auto bytes = bytes_from_text(c.memory);
    require(bytes.has_value(), "--memory ", c.memory, ": expected an amount such as 800M, 1.5G or 2Gi");
    o.at_native.memory = *bytes;
  }
  return o;
}

/// What one thread needs to predict and write photographs.
template <class T>
class work {
 public:
  work(const command& c, const ensemble<T>& lesions, cpu_context& ctx, ensemble_options options)
      : command_(c), ctx_(ctx), session_(lesions, ctx, options) {
    if (!c.truth.empty()) truths_ = images_by_name(c.truth);
    std::filesystem::create_directories(c.files.folder);
    lines_path_ = c.files.folder / "predictions.jsonl";
    lines_.open(lines_path_);
  }

  /// Predicts photographs and writes all of them. Returns how many can't be read, where that does not end the work.
  int predict(std::span<const std::filesystem::path> photos) {
    int failures = 0;
    begin_ = clock::now();
    try {
      session_.begin(photos);
    } catch (const file_error& problem) {
      if (!command_.keep_going) throw;
      if (photos.size() == 1) return complain(problem);
      for (std::size_t i = 0; i < photos.size() && !stop_requested; ++i) failures += predict(photos.subspan(i, 1));
      return failures;
    }
    for (std::size_t i = 0; i < photos.size() && !stop_requested; ++i) {
      try {
        write(photos[i], session_.finish(i));
      } catch (const file_error& problem) {
        if (!command_.keep_going) throw;
        failures += complain(problem);
      }
    }
    return failures;
  }

 private:
  using clock = std::chrono::steady_clock;

  static int complain(const error& problem) {
    std::cerr << "predict: " << problem.what() << '\n';
    return 1;
  }

  void write(const std::filesystem::path& photo, photo_prediction made) {
    tensor<std::uint8_t> truth;
    if (!command_.truth.empty()) {
      const auto found = truths_.find(photo.stem().string());
      if (found == truths_.end()) throw file_error(photo.string(), "has no mask in " + command_.truth.string());
      truth = read_mask(found->second);
    }
    nlohmann::ordered_json line = write_prediction(ctx_, command_.files, photo, std::move(made), truth.view());
    line["seconds"] = std::chrono::duration<double>(clock::now() - begin_).count();
    begin_ = clock::now();
    write_file_atomically(command_.files.folder / (photo.stem().string() + ".json"), line.dump(2) + '\n',
                          durability::program_end);
    std::cout << line.dump() << std::endl;
    lines_ << line.dump() << std::endl;
    if (!lines_) throw error(lines_path_.string() + ": can't be written; is the disk full?");
  }

  const command& command_;
  cpu_context& ctx_;
  ensemble_session<T> session_;
  std::map<std::string, std::filesystem::path> truths_;
  std::filesystem::path lines_path_;
  std::ofstream lines_;
  clock::time_point begin_;
};

/// Returns how many photographs could not be read.
template <class T>
int predict(command c) {
  std::vector<std::filesystem::path> weights, images;
  for (const auto& input : c.inputs)
    for (const auto& file : matching_files(input))
      (file.extension() == ".safetensors" ? weights : images).push_back(file);
  require(!weights.empty(), "no weights: name a .safetensors file");
  require(!images.empty(), "no photographs: name files, folders or a pattern");
  ensemble_options options = options_of(c);

  const ensemble<T> lesions(weights);
  c.files.at_original = c.at != "network";
  c.files.at_network = c.at != "original";
  if (c.files.at_network) lesions.require_one_size();
  c.files.overlays = !c.no_overlays;
  c.files.threshold = c.threshold.value_or(lesions.threshold());
  c.files.probability = c.probability == "png"   ? probability_format::png
                        : c.probability == "npy" ? probability_format::npy
                                                 : probability_format::none;
  thread_pool threads(c.threads);
  cpu_context ctx(threads);
  constexpr std::size_t uncounted = 16000000;  // what libraries may take besides
  options.at_native.memory_in_use = peak_rss_bytes() + uncounted;
  work<T> all(c, lesions, ctx, options);

  const auto photos = image_files(images);
  require_different_names(photos);
  const bool terminal = isatty(STDERR_FILENO) != 0 && isatty(STDOUT_FILENO) == 0;  // lines would cross
  photo_progress progress(std::cerr, static_cast<index_t>(photos.size()), terminal);
  int failures = 0;
  for (std::size_t i = 0; i < photos.size() && !stop_requested;) {
    const std::size_t count = std::min(photos.size() - i, static_cast<std::size_t>(c.batch));
    failures += all.predict(std::span(photos).subspan(i, count));
    i += count;
    if (photos.size() > 1) progress.add(static_cast<index_t>(count));
  }
  require(!stop_requested, "stopped; what is written is whole");
  return failures;
}

void declare(CLI::App& app, command& c) {
  app.option_defaults()->always_capture_default();
  app.add_option("inputs", c.inputs,
                 "weights, *.safetensors as train_isic wrote them, of several the mean; photographs, folders of them "
                 "(masks and overlays in there are passed over) or patterns in quotes")
      ->required()
      ->type_name("WEIGHTS… IMAGE|FOLDER|GLOB…")
      ->default_str("");
  app.add_option("--out,-o", c.files.folder, "folder for masks, overlays and JSON");
  app.add_option("--threshold", c.threshold, "of the probability: what reaches it is lesion")
      ->check(CLI::Range(0.0f, 1.0f))
      ->check([](const std::string& given) {  // the range lets NaN pass
        return given.find_first_of("nN") == given.npos ? std::string() : given + " is no probability";
      })
      ->default_str("the weights file's, of several their mean");
  app.add_option("--scale", c.scale, "resized to the network's size as in training, or at the photograph's own")
      ->check(CLI::IsMember({"network", "native"}));
  app.add_option("--tile", c.tile, "native: side of tiles in pixels, or none; the result is the same bit for bit")
      ->type_name("PIXELS");
  app.add_option("--memory", c.memory, "native: the largest tiles with which the program needs no more, such as 1.5G")
      ->type_name("BYTES");
  app.add_flag("--tta", c.symmetries, "average over flips and turns of the photograph: eight or four times the work");
  app.add_option("--batch", c.batch, "photographs that a network sees at a time")->check(CLI::Range(1, 4096));
  app.add_option("--at", c.at, "the size of what is written")->check(CLI::IsMember({"network", "original", "both"}));
  app.add_option("--probability", c.probability, "write it, too: 16-bit PNG of round(65535 p), or float in .npy")
      ->check(CLI::IsMember({"none", "png", "npy"}));
  app.add_option("--truth", c.truth, "masks called NAME_segmentation.png or NAME.png, to draw their outlines green")
      ->type_name("FOLDER")
      ->default_str("");
  app.add_flag("--no-overlays", c.no_overlays, "write masks only");
  app.add_option("--threads,-t", c.threads, "0: one per core")->check(CLI::Range(0, 1024));
  app.add_option("--type", c.type, "activations are stored as")->check(CLI::IsMember({"float", "bfloat16"}));
  app.add_flag("--keep-going", c.keep_going, "go on after an image that can't be read");

  app.option_defaults()->group("Masks");
  postprocess_options& after = c.files.after;
  app.add_option("--open", after.open_radius, "first opened by a disk of this radius in pixels; 0: not")
      ->check(CLI::Range(0, 1000));
  app.add_option("--close", after.close_radius, "then closed by such a disk")->check(CLI::Range(0, 1000));
  app.add_option("--least-area", after.least_area, "then rid of pieces of fewer pixels")->check(CLI::NonNegativeNumber);
  app.add_flag("--largest", after.largest, "then only the largest piece");
  app.add_flag("--fill-holes", after.fill_holes, "then its holes filled");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Outlines lesions in dermoscopic photographs. For research only; not a medical device, and no diagnosis.");
  command c;
  declare(app, c);
  CLI11_PARSE(app, argc, argv);
  stop_on_interrupt();  // when the photograph at work is written
  try {
    return (c.type == "float" ? predict<float>(c) : predict<bfloat16>(c)) > 0 ? 1 : 0;
  } catch (const std::exception& problem) {
    std::cerr << "predict: " << problem.what() << '\n';
    return 1;
  }
}
