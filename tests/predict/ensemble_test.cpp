// SPDX-License-Identifier: Apache-2.0
// Several networks together, and the files that are written of a prediction.
#include <lamina/data/image_files.hpp>
#include <lamina/predict/photo_progress.hpp>
#include <lamina/predict/prediction_files.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <set>
#include <sstream>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// Three untrained networks of different models and sizes, and two photographs.
struct ensemble_fixture {
  temporary_folder folder;
  std::vector<std::filesystem::path> weights, photos;

  ensemble_fixture() {
    add("unet", {{"base_width", "4"}, {"depth", "2"}}, {.height = 32, .width = 32, .threshold = 0.3f});
    add("segnet_bn", {{"base_width", "2"}}, {.height = 64, .width = 32, .threshold = 0.5f});
    add("unet", {{"base_width", "2"}, {"depth", "1"}, {"classes", "2"}},
        {.height = 32, .width = 32, .resampling = "cubic", .keep_aspect = true, .threshold = 0.4f});
    for (index_t i = 0; i < 2; ++i) {
      photos.push_back(folder.path() / ("photo" + std::to_string(i) + ".png"));
      write_png(photos.back(), synthetic_lesion(5, i, 60 + i, 83).image.view());
    }
  }

 private:
  void add(const std::string& model, network_description text, const prediction_settings& settings) {
    text["model"] = model;
    const auto net = make_network<float>(text);
    parameter_set<cpu> values(std::make_shared<const parameter_layout>(net));
    initialize(values, weights.size());
    weights.push_back(folder.path() / (std::to_string(weights.size()) + ".safetensors"));
    save_weights(weights.back(), values, net.description(), settings);
  }
};

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

}  // namespace

TEST_CASE("an ensemble says the mean of what its members say, at the photograph's size") {
  const ensemble_fixture f;
  const ensemble<float> all(f.weights);
  CHECK(all.threshold() == doctest::Approx(0.4));
  cpu_context ctx;
  workspace<cpu> space;
  for (const bool native : {false, true})
    for (const bool symmetries : {false, true}) {
      CAPTURE(native);
      CAPTURE(symmetries);
      ensemble_session<float> session(all, ctx,
                                      {.native = native,
                                       .network = {.symmetries = symmetries, .batch = 2},
                                       .at_native = {.symmetries = symmetries}});
      session.begin(f.photos);
      for (std::size_t i = 0; i < 2; ++i) {
        const auto photo = read_image(f.photos[i]);
        const photo_prediction made = session.finish(i);
        tensor<double> mean(made.probability.extents());
        for (const auto& member : all.members()) {
          predictor<float>::session fitted(*member, ctx, {.symmetries = symmetries});
          native_session<float> at_native(*member, ctx, space, {.symmetries = symmetries});
          const tensor<float> p = native ? at_native.probability(photo.view()) : fitted.probability(f.photos[i]);
          for (index_t k = 0; k < p.size(); ++k) mean[k] += static_cast<double>(p[k]) / 3;
        }
        check_close(made.probability, mean, 1e-6);
        CHECK(made.photo.empty() == !native);
        CHECK(made.network_probability.empty());  // one of them sees another size
      }
    }
  check_error([&] { all.require_one_size(); }, "1.safetensors: sees photographs at 32×64, ");
  check_error([] { ensemble<float> none({}); }, "ensemble: no weights file is named");
}

TEST_CASE("at the networks' size there is a mean where they have one, and the photograph as they saw it") {
  const ensemble_fixture f;
  cpu_context ctx;
  for (const std::size_t which : {std::size_t{0}, std::size_t{2}}) {
    const std::vector<std::filesystem::path> same{f.weights[which], f.weights[which]};
    const ensemble<float> twins(same);
    twins.require_one_size();
    ensemble_session<float> session(twins, ctx, {.native = false, .network = {}, .at_native = {}});
    session.begin(f.photos);
    const photo_prediction made = session.finish(1);
    predictor<float>::session alone(*twins.members().front(), ctx);
    auto said = alone.at_network_size(f.photos);
    CHECK(same_bits<float>(made.network_probability.view(), said[1].probability.view()));
    CHECK(same_bits<float>(made.probability.view(), alone.enlarged(said[1]).view()));
    CHECK(same_bits<std::uint8_t>(made.network_photo.view(), said[1].seen.view()));
    CHECK(made.framed == (which == 2));
  }
}

TEST_CASE("masks, probabilities and overlays are written at both sizes, with figures") {
  const ensemble_fixture f;
  cpu_context ctx;
  const auto out = f.folder.path() / "out";
  std::filesystem::create_directory(out);
  photo_prediction made;
  made.probability = random_tensor<float>({1, 60, 83, 1}, 1, 0, 1);
  for (index_t h = 10; h < 40; ++h)
    for (index_t w = 20; w < 60; ++w) made.probability(0, h, w, 0) = 0.9f;
  made.probability[0] = 1;
  made.probability[1] = 0;
  made.network_probability = random_tensor<float>({1, 32, 24, 1}, 2, 0, 1);
  made.network_photo = tensor<std::uint8_t>({1, 32, 24, 3});
  made.framed = true;
  const tensor<float> p = made.probability.clone(), small = made.network_probability.clone();
  tensor<std::uint8_t> truth({1, 60, 83, 1});
  truth.fill(255);
  const auto line = write_prediction(ctx,
                                     {.folder = out,
                                      .at_network = true,
                                      .probability = probability_format::png,
                                      .threshold = 0.75f,
                                      .after = {.largest = true}},
                                     f.photos[0], std::move(made), truth.view());
  CHECK(names_in(out) == std::set<std::string>{"photo0_mask.png", "photo0_network_mask.png",
                                               "photo0_network_overlay.jpg", "photo0_network_probability.png",
                                               "photo0_overlay.jpg", "photo0_probability.png"});
  const auto samples = read_image16(out / "photo0_probability.png");
  REQUIRE(samples.extents() == p.extents());
  for (index_t i = 0; i < p.size(); ++i) CHECK(samples[i] == std::lround(65535 * static_cast<double>(p[i])));
  CHECK(read_image16(out / "photo0_network_probability.png").extents() == small.extents());
  const auto mask = read_image(out / "photo0_mask.png");
  const auto expected = postprocess(ctx, lesion_mask(ctx, p, 0.75f).view(), {.largest = true});
  CHECK(same_bits<std::uint8_t>(mask.view(), expected.view()));
  CHECK(line["lesion_pixels"] == std::count(mask.begin(), mask.end(), 255));
  CHECK(line["components"] == 1);
  CHECK(line["mask"] == (out / "photo0_mask.png").string());
  CHECK(line["network_probability"] == (out / "photo0_network_probability.png").string());
  CHECK(line["eccentricity"].get<double>() > 0);
  // the truth's outline, all around the picture where it is framed, is green
  const auto drawn = read_image(out / "photo0_network_overlay.jpg");
  const index_t above = letterbox_placement({83, 60}, {24, 32}).top;
  CHECK(drawn(0, 0, 0, 1) < 60);
  CHECK(drawn(0, above, 0, 1) > 120);

  photo_prediction other;
  other.probability = p.clone();
  const auto plain = f.folder.path() / "plain";
  std::filesystem::create_directory(plain);
  const auto empty = write_prediction(
      ctx, {.folder = plain, .probability = probability_format::npy, .overlays = false, .threshold = 1.5f},
      f.photos[0], std::move(other));
  CHECK(names_in(plain) == std::set<std::string>{"photo0_mask.png", "photo0_probability.npy"});
  CHECK(same_bits<float>(read_npy<float>(plain / "photo0_probability.npy").view(), p.view()));
  CHECK(empty["bounding_box"].is_null());
  CHECK(empty.dump().find("\"eccentricity\":null") != std::string::npos);

  photo_prediction third;
  third.probability = p.clone();
  const view<const std::uint8_t> smaller = truth.view().rectangle(0, 0, 5, 6);
  check_error([&] { write_prediction(ctx, {.folder = plain}, "some.jpg", std::move(third), smaller); },
              "some.jpg: has 83×60 pixels, its truth 6×5");
}

TEST_CASE("patterns name files; a file that exists is itself") {
  const temporary_folder folder;
  for (const char* name : {"b1.jpg", "a1.jpg", "a2.png", "odd[1].jpg"})
    write_file_atomically(folder.path() / name, std::string_view("x"), durability::program_end);
  const auto names = [&](const char* pattern) {
    std::string all;
    for (const auto& file : matching_files(folder.path() / pattern)) all += file.filename().string() + ' ';
    return all;
  };
  CHECK(names("*1.jpg") == "a1.jpg b1.jpg ");
  CHECK(names("[a]?.*") == "a1.jpg a2.png ");
  CHECK(names("odd[1].jpg") == "odd[1].jpg ");
  CHECK(names("absent.jpg") == "absent.jpg ");
  check_error([&] { names("z*"); }, "z*: no file matches this pattern");
  CHECK(is_named_as_result("a_probability.png"));
  CHECK_FALSE(is_named_as_result("probability.png"));
  check_error([] { require_different_names({"a/x.jpg", "b/y.jpg", "b/x.png"}); },
              "b/x.png: its results would replace those of a/x.jpg");
}

TEST_CASE("progress is told in lines, seldom, or on a terminal in one line that goes at the end") {
  std::ostringstream lines, screen;
  {
    photo_progress quiet(lines, 100, false), shown(screen, 100, true);
    for (int i = 0; i < 50; ++i) quiet.add();
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(250)) {
    }
    shown.add(50);
    shown.add();
  }
  CHECK(lines.str().empty());
  CHECK(screen.str() == "\r\033[K50 of 100 photographs, 0:00 left\r\033[K");
}
