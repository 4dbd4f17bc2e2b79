// SPDX-License-Identifier: Apache-2.0
// A photograph of ISIC 2017 with 4288 × 2848 pixels at its own resolution: in tiles, within a limit of memory, the bits
// of the whole at once. That takes a minute and a gigabyte, so the case runs on request only: with --no-skip, or
// LAMINA_RUN_SLOW_TESTS=ON.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/image_files.hpp>
#include <lamina/predict/prediction_files.hpp>

#include "../support/paths.hpp"
#include "../support/process.hpp"
#include "../support/tensors.hpp"

#include <chrono>
#include <fstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// The first photograph of that size, and its mask.
struct real_photo {
  std::filesystem::path image, mask;
};
std::optional<real_photo> photo_of_12_megapixels() {
  const auto data = shared_data();
  if (!data || !std::filesystem::is_directory(*data / "isic2017_fullres" / "images")) return std::nullopt;
  const auto masks = images_by_name(*data / "isic2017_fullres" / "masks");
  for (const auto& [name, file] : images_by_name(*data / "isic2017_fullres" / "images")) {
    const image_info info = probe_image(file);
    if (info.width == 4288 && info.height == 2848 && masks.contains(name)) return real_photo{file, masks.at(name)};
  }
  return std::nullopt;
}

/// Predicts, draws and writes as a program does, and leaves a report. Throws where the limit isn't kept.
void predict_within(std::size_t limit, std::optional<index_t> tile, const std::filesystem::path& weights,
                    const real_photo& photo, const std::filesystem::path& out) {
  std::filesystem::create_directory(out);
  const auto begin = std::chrono::steady_clock::now();
  const ensemble<float> lesions(std::span(&weights, 1));
  thread_pool threads(2);
  cpu_context ctx(threads);
  constexpr std::size_t uncounted = 16000000;  // as examples/predict.cpp has it
  ensemble_session<float> session(
      lesions, ctx,
      {.native = true,
       .network = {},
       .at_native = {.tile = tile, .memory = limit, .memory_in_use = peak_memory() + uncounted}});
  session.begin(std::span(&photo.image, 1));
  photo_prediction made = session.finish(0);
  write_npy(out / "whole.npy", made.probability.view());
  const tensor<std::uint8_t> truth = read_image(photo.mask, {.channels = 1});
  const postprocess_options after{.largest = true, .fill_holes = true};
  write_prediction(ctx, {.folder = out, .probability = probability_format::png, .after = after}, photo.image,
                   std::move(made), truth.view());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::ofstream(out / "report.txt") << taken.count() << " s, peak memory " << peak_memory() / 1000000 << " MB";
  require(limit == 0 || peak_memory() <= limit, peak_memory(), " bytes were held; the limit is ", limit);
}

std::string text_of(const std::filesystem::path& file) {
  const auto bytes = read_file(file, std::uintmax_t{1} << 30);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("12 megapixels in tiles have the bits of the whole, within a limit of memory" * doctest::skip()) {
  const auto photo = photo_of_12_megapixels();
  if (!photo) {
    MESSAGE("skipped: no photograph of 4288×2848 pixels in ../shared/data/isic2017_fullres");
    return;
  }
  for (const network_description& text :
       {network_description{{"model", "unet"}, {"base_width", "4"}, {"depth", "4"}},
        network_description{{"model", "segnet_bn"}, {"base_width", "2"}}}) {
    CAPTURE(text.at("model"));
    const temporary_folder folder;
    const auto weights = folder.path() / "weights.safetensors";
    const auto net = make_network<float>(text);
    parameter_set<cpu> values(std::make_shared<const parameter_layout>(net));
    initialize(values, 1);
    save_weights(weights, values, net.description(), {});

    const auto in = [&](const char* name) { return folder.path() / name; };
    constexpr std::size_t limit = 320000000;
    REQUIRE(in_another_process([&] { predict_within(limit, {}, weights, *photo, in("limited")); }));
    REQUIRE(in_another_process([&] { predict_within(0, 512, weights, *photo, in("tiled")); }));
    REQUIRE(in_another_process([&] { predict_within(0, {}, weights, *photo, in("whole")); }));
    for (const char* name : {"limited", "tiled", "whole"}) {
      MESSAGE(text.at("model"), " ", std::string(name), ": ", text_of(in(name) / "report.txt"));
      CHECK(text_of(in(name) / "whole.npy") == text_of(in("whole") / "whole.npy"));
    }
  }
}
