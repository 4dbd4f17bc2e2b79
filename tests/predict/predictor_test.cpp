// SPDX-License-Identifier: Apache-2.0
#include <lamina/image/write.hpp>
#include <lamina/predict/predictor.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

#include <array>
#include <memory_resource>
#include <thread>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// An untrained network's weights in a file.
std::filesystem::path saved_weights(const temporary_folder& folder, const prediction_settings& settings,
                                    const network<float>& net = tiny_unet()) {
  parameter_set<cpu> weights(std::make_shared<const parameter_layout>(net));
  initialize(weights, 3);
  const auto path = folder.path() / "weights.safetensors";
  save_weights(path, weights, net.description(), settings, {{"epoch", "7"}});
  return path;
}

tensor<std::uint8_t> photo(index_t height, index_t width) { return synthetic_lesion(5, 1, height, width).image; }

}  // namespace

TEST_CASE("a weights file holds names, shapes, the network and all that prediction needs") {
  const temporary_folder folder;
  const prediction_settings settings{.height = 48, .width = 40, .mean = {0.1f, 0.2f, 0.3f}, .threshold = 0.3f};
  const weights_file read = weights_file::read(saved_weights(folder, settings));
  CHECK(read.network == tiny_unet().description());
  CHECK(read.settings.height == 48);
  CHECK(read.settings.width == 40);
  CHECK(read.settings.mean == settings.mean);
  CHECK(read.settings.deviation == settings.deviation);
  CHECK(read.settings.threshold == 0.3f);
  CHECK(read.file.metadata("epoch") == "7");
  CHECK(read.file.contains("encoder.0.0.conv.weight"));
  CHECK(read.file.contains("decoder.1.join.1.norm.running_var"));
  CHECK(read.file.entry("encoder.0.0.conv.weight").extents == std::vector<index_t>{4, 3, 3, 3});

  const network<float> net = tiny_unet();
  parameter_set<cpu> before(std::make_shared<const parameter_layout>(net)), after(before.shared_layout());
  initialize(before, 3);
  read.load(after);
  CHECK(same_bits(as_const(before.all()), as_const(after.all())));
  CHECK(weights_sha256(before) == weights_sha256(after));
}

TEST_CASE("masks have the photograph's size, and are the network's result seen through it") {
  const temporary_folder folder;
  const predictor<float> lesions(saved_weights(folder, {.height = 32, .width = 32}));
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  for (const auto& [height, width] : {std::pair{32, 32}, std::pair{45, 71}, std::pair{16, 20}}) {
    const auto image = photo(height, width);
    const tensor<float> p = session.probability(image.view());
    CHECK(p.extents() == shape{1, height, width, 1});
    const tensor<std::uint8_t> mask = session.mask(image.view());
    for (index_t i = 0; i < mask.size(); ++i) CHECK(mask[i] == (p[i] >= 0.5f ? 255 : 0));
  }
  check_error(
      [&] {
        session.mask(tensor<std::uint8_t>({1, 8, 8, 1}).view());
      },
      "predictor: photo [1,8,8,1] is not [1,H,W,3]");
}

TEST_CASE("a predictor says what the trainer saw") {
  class keep_first final : public train_observer {
   public:
    void evaluated(const evaluated_batch& e) override {
      if (e.split == "test" && first.empty()) first = copy_of(e.probabilities.images(0));
    }
    tensor<float> first;
  } seen;
  const temporary_folder folder;
  train_once(tiny_options(folder.path()), &seen);

  const predictor<float> lesions(folder.path() / "best.safetensors");
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  const auto image = synthetic_lesion(7, 26, 32, 32).image;  // the first of the test split
  check_close(session.probability(image.view()), seen.first, 1e-6);
}

TEST_CASE("test-time augmentation is the mean over flips and turns") {
  const temporary_folder folder;
  cpu_context ctx;
  for (const auto& size : {std::array<index_t, 3>{32, 32, 8}, {32, 24, 4}}) {
    const index_t height = size[0], width = size[1], ways = size[2];
    CAPTURE(width);
    const predictor<float> lesions(saved_weights(folder, {.height = height, .width = width}));
    predictor<float>::session plain(lesions, ctx), averaged(lesions, ctx, {.symmetries = true});
    const auto image = photo(height, width);
    tensor<double> mean({1, height, width, 1});
    for (int i = 0; i < ways; ++i) {
      const auto turned = copy_of(symmetric(image.view(), symmetry{i}));
      tensor<float> p = plain.probability(turned.view());
      const auto back = copy_of(from_symmetric(p.view(), symmetry{i}));
      for (index_t j = 0; j < mean.size(); ++j) mean[j] += static_cast<double>(back[j]) / static_cast<double>(ways);
    }
    check_close(averaged.probability(image.view()), mean, 1e-6);
    // So it does not matter how the photograph is held.
    for (int i = 1; i < ways; ++i) {
      tensor<float> p = averaged.probability(copy_of(symmetric(image.view(), symmetry{i})).view());
      check_close<float, double>(as_const(from_symmetric(p.view(), symmetry{i})), mean.view(), 1e-6);
    }
  }
}

TEST_CASE("of a file, prediction sees the pixels that validation sees") {
  const temporary_folder folder;
  const predictor<float> lesions(saved_weights(folder, {.height = 32, .width = 32}));
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  const auto file = folder.path() / "photo.jpg", mask = folder.path() / "photo.png";
  write_jpeg(file, photo(300, 260).view());  // decoded at a quarter of its size
  write_png(mask, tensor<std::uint8_t>({1, 300, 260, 1}).view());
  const tensor<float> p = session.probability(file);
  sample entry;
  entry.image = file;
  entry.mask = mask;
  const tensor<std::uint8_t> seen = read_sample(entry, 32, 32).image;
  const tensor<float> expected = resized(session.probability(seen.view()).view(), interpolation::linear, 300, 260);
  CHECK(same_bits<float>(p.view(), expected.view()));
  CHECK(session.mask(file).extents() == shape{1, 300, 260, 1});
  check_error([&] { session.mask(folder.path() / "none.jpg"); }, "none.jpg: no such file");
}

TEST_CASE("a network without padding finds lesions in the middle, and nothing in the margin") {
  const temporary_folder folder;
  const auto valid = make_network<float>(
      {{"model", "unet"}, {"base_width", "2"}, {"depth", "1"}, {"same_padding", "false"}});
  const predictor<float> lesions(saved_weights(folder, {.height = 44, .width = 45}, valid));
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  const tensor<float> p = session.probability(photo(44, 45).view());
  REQUIRE(p.extents() == shape{1, 44, 45, 1});
  // 44 − 4 = 40, pooled 20, − 4 = 16, enlarged 32, − 4 = 28 rows; likewise 28 columns: 45 loses one to pooling
  for (index_t h = 0; h < 44; ++h)
    for (index_t w = 0; w < 45; ++w) CHECK((p(0, h, w, 0) > 0) == (h >= 8 && h < 36 && w >= 8 && w < 36));

  const predictor<float> small(saved_weights(folder, {.height = 6, .width = 6}, valid));
  check_error([&] { predictor<float>::session s(small, ctx); }, (folder.path() / "weights.safetensors: ").string());
}

TEST_CASE("a lack of memory is told with the file's name") {
  const temporary_folder folder;
  const auto path = saved_weights(folder, {.height = 32, .width = 32});
  const weights_file file = weights_file::read(path);
  const predictor<float> lesions(file);
  cpu_context ctx;
  class no_memory {
   public:
    no_memory() : before_(std::pmr::set_default_resource(std::pmr::null_memory_resource())) {}
    ~no_memory() { std::pmr::set_default_resource(before_); }

   private:
    std::pmr::memory_resource* before_;
  };
  const std::string expected = path.string() + ": there is not enough memory for the network that it describes";
  const auto without_memory = [&](auto&& make) {
    check_error(
        [&] {
          const no_memory scope;
          make();
        },
        expected);
  };
  without_memory([&] { predictor<float> p(file); });
  without_memory([&] { predictor<float>::session s(lesions, ctx); });
}

TEST_CASE("one predictor serves several threads, each with a context of its own") {
  const temporary_folder folder;
  const predictor<float> lesions(saved_weights(folder, {.height = 32, .width = 32}));
  const auto image = photo(40, 50);
  std::vector<tensor<float>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] {
      cpu_context ctx;
      predictor<float>::session session(lesions, ctx);
      for (int i = 0; i < 3; ++i) result = session.probability(image.view());
    });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(same_bits(as_const(result.view()), as_const(results[0].view())));
}

TEST_CASE("photographs in batches have the bits that each has alone") {
  const temporary_folder folder;
  cpu_context ctx;
  for (const bool keep_aspect : {false, true}) {
    const predictor<float> lesions(saved_weights(
        folder, {.height = 32, .width = 24, .resampling = "linear", .keep_aspect = keep_aspect}));
    std::vector<std::filesystem::path> files;
    for (index_t i = 0; i < 5; ++i) {
      files.push_back(folder.path() / (std::to_string(i) + ".png"));
      write_png(files.back(), synthetic_lesion(5, i, 40 + i, 50).image.view());
    }
    predictor<float>::session alone(lesions, ctx), together(lesions, ctx, {.symmetries = false, .batch = 3});
    const auto said = together.at_network_size(files);
    REQUIRE(said.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(said[i].probability.extents() == shape{1, 32, 24, 1});
      CHECK(same_bits<float>(together.enlarged(said[i]).view(), alone.probability(files[i]).view()));
    }
    predictor<float>::session turned(lesions, ctx, {.symmetries = true}),
        turned_together(lesions, ctx, {.symmetries = true, .batch = 2});
    const auto averaged = turned_together.at_network_size(files);
    CHECK(same_bits<float>(turned_together.enlarged(averaged[3]).view(), turned.probability(files[3]).view()));
  }
  const predictor<float> lesions(saved_weights(folder, {}));
  check_error([&] { predictor<float>::session s(lesions, ctx, {.batch = 0}); }, "predictor: 0 photographs at a time");
}

TEST_CASE("a size that the network can't divide is padded") {
  const temporary_folder folder;
  const predictor<float> lesions(saved_weights(folder, {.height = 30, .width = 33}));
  cpu_context ctx;
  predictor<float>::session session(lesions, ctx);
  CHECK(session.mask(photo(64, 64).view()).extents() == shape{1, 64, 64, 1});
}

TEST_CASE("a file that is not the network's weights is refused in one line") {
  const temporary_folder folder;
  const auto path = saved_weights(folder, {});
  const auto rewrite = [&](auto&& change) {
    const safetensors_file file(path);
    std::vector<safetensors_entry> entries = file.entries();
    safetensors_metadata metadata = file.metadata();
    change(entries, metadata);
    const auto changed = folder.path() / "changed.safetensors";
    write_safetensors(changed, entries, metadata);
    return changed;
  };
  const auto refused = [](const std::filesystem::path& file, const std::string& expected) {
    check_error([&] { predictor<float> p(file); }, file.string() + ": " + expected);
  };
  using entries_t = std::vector<safetensors_entry>;
  refused(folder.path() / "absent", "no such file");
  refused(
      rewrite([](entries_t&, auto& m) { m["network.base_width"] = "6"; }),
      "weights of another network (unet): tensor 'encoder.0.0.conv.weight' is [4,3,3,3], the network's is [6,3,3,3]");
  refused(rewrite([](entries_t& e, auto&) { e.front().name = "stranger"; }),
          "weights of another network (unet): tensor '");
  refused(rewrite([](entries_t& e, auto&) {
            e.push_back({"stranger", "F32", {0}, {}});
          }),
          "weights of another network (unet): tensor 'stranger' belongs to none of its parameters");
  refused(rewrite([](entries_t&, auto& m) { m["network.model"] = "wnet"; }),
          "network description: model 'wnet' is unknown");
  refused(rewrite([](entries_t&, auto& m) { m["network.depth"] = "many"; }), "network description: depth = 'many'");
  refused(rewrite([](entries_t&, auto& m) { m["format_version"] = "2"; }),
          "weights of format version 2; this program reads up to 1");
  refused(rewrite([](entries_t&, auto& m) { m.erase("format"); }), "not a weights file");
  refused(rewrite([](entries_t&, auto& m) { m["network.base_width"] = "1000000000"; }),
          "unet: depth 2, base width 1000000000, ");
  refused(rewrite([](entries_t&, auto& m) { m["network.base_width"] = "4096"; }),  // gigabytes, were it believed
          "weights of another network (unet): tensor 'encoder.0.0.conv.weight' is [4,3,3,3], the network's is "
          "[4096,3,3,3]");
  refused(rewrite([](entries_t&, auto& m) { m["prediction.height"] = m["prediction.width"] = "65536"; }),
          "prediction at 65536×65536 pixels");
  refused(rewrite([](entries_t&, auto& m) { m["prediction.deviation"] = "1 0 1"; }),
          "prediction with a deviation of 0");
  refused(saved_weights(folder, {}, make_network<float>({{"model", "unet"}, {"base_width", "2"}, {"classes", "3"}})),
          "the network has 3 classes; lesions are told from skin with 1, or with 2 (skin and lesion)");
  saved_weights(folder, {});
  refused(rewrite([](entries_t&, auto& m) { m["prediction.height"] = "1e9"; }),
          "metadata 'prediction.height' = '1e9' can't be read");
  refused(rewrite([](entries_t&, auto& m) { m["prediction.height"] = "-4"; }), "prediction at 256×-4 pixels");
  refused(rewrite([](entries_t&, auto& m) { m["prediction.mean"] = "1 2"; }),
          "prediction at 256×256 pixels with 2 means");
}
