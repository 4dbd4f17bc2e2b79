// SPDX-License-Identifier: Apache-2.0
// Outlines the lesion in photographs with a trained network.
//
//     predict run/best.safetensors photo.jpg more_photos --out masks
//
// For each photograph: masks/NAME_mask.png and masks/NAME_overlay.jpg, both as large as the photograph, and one line of
// JSON, to the standard output and to masks/predictions.jsonl. Size, normalisation and threshold are the weights
// file's.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/image_files.hpp>
#include <lamina/image/overlay.hpp>
#include <lamina/image/read.hpp>
#include <lamina/image/write.hpp>
#include <lamina/predict/predictor.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

using namespace lamina;

namespace {

struct command {
  std::filesystem::path weights, out = "masks";
  std::vector<std::filesystem::path> images;
  std::optional<float> threshold;
  int threads = 0;
  bool no_overlays = false, keep_going = false, symmetries = false;
  std::string type = "float";
};

/// The photographs to predict. No two may have results of the same name.
std::vector<std::filesystem::path> photographs(const std::vector<std::filesystem::path>& named) {
  const auto all = image_files(named);
  std::map<std::string, std::filesystem::path> by_name;  // under which the results are saved
  for (const auto& file : all)
    if (const auto [other, first] = by_name.emplace(file.stem().string(), file); !first)
      throw file_error(file.string(), "its results would replace those of " + other->second.string());
  return all;
}

/// Predicts one photograph, writes mask and overlay, and returns its line of JSON.
template <class T>
nlohmann::ordered_json predict_one(const command& c, cpu_context& ctx, typename predictor<T>::session& session,
                                   float threshold, const std::filesystem::path& file) {
  const auto begin = std::chrono::steady_clock::now();
  const tensor<std::uint8_t> mask = lesion_mask(ctx, session.probability(file), threshold);
  const auto [N, H, W, C] = mask.extents();
  index_t pixels = 0, top = H, left = W, bottom = -1, right = -1;
  for (index_t h = 0; h < H; ++h)
    for (index_t w = 0; w < W; ++w)
      if (mask(0, h, w, 0) != 0) {
        ++pixels;
        top = std::min(top, h), bottom = std::max(bottom, h);
        left = std::min(left, w), right = std::max(right, w);
      }
  nlohmann::ordered_json line{{"image", file.string()}, {"width", W}, {"height", H}};
  const auto mask_path = c.out / (file.stem().string() + "_mask.png");
  write_png(mask_path, mask.view(), {.bilevel = true});
  line["mask"] = mask_path.string();
  if (!c.no_overlays) {
    const auto overlay_path = c.out / (file.stem().string() + "_overlay.jpg");
    tensor<std::uint8_t> photo = read_image(file, {.channels = 3});
    draw_overlay(photo.view(), mask.view(), {});
    write_jpeg(overlay_path, photo.view());
    line["overlay"] = overlay_path.string();
  }
  line["lesion_pixels"] = pixels;
  line["lesion_share"] = static_cast<double>(pixels) / static_cast<double>(H * W);
  if (pixels > 0)
    line["bounding_box"] = {{"left", left}, {"top", top}, {"width", right - left + 1}, {"height", bottom - top + 1}};
  else
    line["bounding_box"] = nullptr;
  line["threshold"] = threshold;
  line["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return line;
}

/// Returns how many photographs could not be read.
template <class T>
int predict(const command& c) {
  const predictor<T> lesions(c.weights);
  const float threshold = c.threshold.value_or(lesions.settings().threshold);
  thread_pool threads(c.threads);
  cpu_context ctx(threads);
  typename predictor<T>::session session(lesions, ctx, {.symmetries = c.symmetries});

  const auto files = photographs(c.images);
  std::filesystem::create_directories(c.out);
  const auto lines_path = c.out / "predictions.jsonl";
  std::ofstream lines(lines_path);
  int failures = 0;
  for (const auto& file : files) {
    try {
      const std::string line = predict_one<T>(c, ctx, session, threshold, file).dump();
      std::cout << line << std::endl;
      lines << line << std::endl;
      if (!lines) throw error(lines_path.string() + ": can't be written; is the disk full?");
    } catch (const file_error& problem) {
      if (!c.keep_going) throw;
      std::cerr << "predict: " << problem.what() << '\n';
      ++failures;
    }
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Outlines lesions in dermoscopic photographs. For research only; not a medical device, and no diagnosis.");
  command c;
  app.option_defaults()->always_capture_default();
  app.add_option("weights", c.weights, "best.safetensors, as train_isic wrote it")->required()->type_name("WEIGHTS");
  app.add_option("images", c.images, "photographs, or folders of them (masks and overlays in there are passed over)")
      ->required()
      ->type_name("IMAGE|FOLDER");
  app.add_option("--out,-o", c.out, "folder for masks, overlays and predictions.jsonl");
  app.add_option("--threshold", c.threshold, "of the probability: what reaches it is lesion")
      ->check(CLI::Range(0.0f, 1.0f))
      ->check([](const std::string& given) {  // the range lets NaN pass
        return given.find_first_of("nN") == given.npos ? std::string() : given + " is no probability";
      })
      ->default_str("the weights file's");
  app.add_option("--threads,-t", c.threads, "0: one per core");
  app.add_option("--type", c.type, "activations are stored as")->check(CLI::IsMember({"float", "bfloat16"}));
  app.add_flag("--tta", c.symmetries, "average over flips and turns of the photograph: eight times the work");
  app.add_flag("--no-overlays", c.no_overlays, "write masks only");
  app.add_flag("--keep-going", c.keep_going, "go on after an image that can't be read");
  CLI11_PARSE(app, argc, argv);
  try {
    return (c.type == "float" ? predict<float>(c) : predict<bfloat16>(c)) > 0 ? 1 : 0;
  } catch (const std::exception& problem) {
    std::cerr << "predict: " << problem.what() << '\n';
    return 1;
  }
}
