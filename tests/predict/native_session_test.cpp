// SPDX-License-Identifier: Apache-2.0
// Photographs at their own resolution.
#include <lamina/predict/native_session.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"
#include "../support/training.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

template <class T>
std::filesystem::path weights_of(const temporary_folder& folder, const network<T>& net,
                                 const prediction_settings& settings = {}) {
  parameter_set<cpu> weights(std::make_shared<const parameter_layout>(net));
  initialize(weights, 3);
  const auto path = folder.path() / "native.safetensors";
  save_weights(path, weights, net.description(), settings);
  return path;
}

}  // namespace

TEST_CASE_TEMPLATE("a photograph at its own resolution: at once and in tiles the same bits", T, float, bfloat16) {
  const temporary_folder folder;
  for (const index_t classes : {1, 2}) {
    const network_description text{
        {"model", "unet"}, {"base_width", "4"}, {"depth", "2"}, {"classes", std::to_string(classes)}};
    const predictor<T> lesions(weights_of(folder, make_network<T>(text)));
    const auto photo = synthetic_lesion(5, 1, 151, 202).image;  // neither side a multiple of 4
    for (const bool symmetries : {false, true}) {
      cpu_context ctx;
      workspace<cpu> space;
      native_session<T> whole(lesions, ctx, space, {.symmetries = symmetries});
      const tensor<float> expected = whole.probability(photo.view());
      CHECK(whole.program().tiles() == 1);
      for (const index_t tile : {16, 40, 120}) {
        native_session<T> tiled(lesions, ctx, space, {.symmetries = symmetries, .tile = tile});
        CHECK(same_bits<float>(tiled.probability(photo.view()).view(), expected.view()));
        CHECK(tiled.program().tiles() > 1);
      }
    }
  }
}

TEST_CASE("at its own size a photograph is what a network of that size is told") {
  const temporary_folder folder;
  const predictor<float> lesions(weights_of(folder, tiny_unet(), {.height = 70, .width = 93}));
  cpu_context ctx;
  workspace<cpu> space;
  native_session<float> native(lesions, ctx, space, {.tile = 32});
  predictor<float>::session fitted(lesions, ctx);
  const auto photo = synthetic_lesion(5, 1, 70, 93).image;
  CHECK(same_bits<float>(native.probability(photo.view()).view(), fitted.probability(photo.view()).view()));
  // Other sizes, turn by turn; a photograph smaller than a tile is one.
  for (const auto& [height, width] : {std::pair{64, 64}, std::pair{17, 130}, std::pair{64, 64}}) {
    const auto other = synthetic_lesion(6, 1, height, width).image;
    const tensor<float> p = native.probability(other.view());
    CHECK(p.extents() == shape{1, height, width, 1});
    native_session<float> whole(lesions, ctx, space);
    CHECK(same_bits<float>(whole.probability(other.view()).view(), p.view()));
  }
  check_error([&] { native.probability(tensor<std::uint8_t>({1, 8, 8, 1}).view()); },
              "native_session: photo [1,8,8,1] and sum [1,8,8,1] are not [1,H,W,3] and [1,H,W,1]");
}

TEST_CASE("seen through its symmetries, a photograph may be held in any way") {
  const temporary_folder folder;
  const predictor<float> lesions(weights_of(folder, tiny_unet()));
  cpu_context ctx;
  workspace<cpu> space;
  native_session<float> session(lesions, ctx, space, {.symmetries = true, .tile = 24});
  for (const index_t width : {64, 80}) {
    const auto photo = synthetic_lesion(5, 1, 64, width).image;
    const tensor<float> p = session.probability(photo.view());
    for (int i = 1; i < (width == 64 ? 8 : 4); ++i) {
      tensor<float> turned = session.probability(copy_of(symmetric(photo.view(), symmetry{i})).view());
      check_close<float, float>(as_const(from_symmetric(turned.view(), symmetry{i})), p.view(), 1e-6);
    }
  }
}

TEST_CASE("without padding a network says nothing of the margin, in tiles either") {
  const temporary_folder folder;
  const auto valid = make_network<float>({{"model", "unet"},
                                          {"base_width", "2"},
                                          {"depth", "1"},
                                          {"batch_norm", "false"},
                                          {"same_padding", "false"}});
  const predictor<float> lesions(weights_of(folder, valid));
  cpu_context ctx;
  workspace<cpu> space;
  native_session<float> whole(lesions, ctx, space), tiled(lesions, ctx, space, {.tile = 20});
  const auto photo = synthetic_lesion(5, 1, 75, 84).image;
  const tensor<float> p = whole.probability(photo.view());
  CHECK(same_bits<float>(tiled.probability(photo.view()).view(), p.view()));
  CHECK(p(0, 7, 40, 0) == 0);
  CHECK(p(0, 8, 40, 0) > 0);
  check_error([&] { whole.probability(tensor<std::uint8_t>({1, 9, 9, 3}).view()); }, "native.safetensors: ");
}

TEST_CASE("a limit of memory chooses the tiles, and one that is too small is told the least") {
  const temporary_folder folder;
  const predictor<float> lesions(weights_of(folder, tiny_unet("16")));
  cpu_context ctx;
  workspace<cpu> space;
  const auto photo = synthetic_lesion(5, 1, 600, 800).image;
  native_session<float> whole(lesions, ctx, space);
  const tensor<float> expected = whole.probability(photo.view());
  const std::size_t beside = 600 * 800 * 8 + 5000000, all = beside + whole.program().plan().bytes();
  const auto within = [&](std::size_t bytes) { return native_options{.memory = bytes, .memory_in_use = 5000000}; };
  native_session<float> enough(lesions, ctx, space, within(all)), little(lesions, ctx, space, within(20000000)),
      none(lesions, ctx, space, within(1000000));
  CHECK(same_bits<float>(enough.probability(photo.view()).view(), expected.view()));
  CHECK(enough.program().tiles() == 1);
  CHECK(same_bits<float>(little.probability(photo.view()).view(), expected.view()));
  CHECK(little.program().tiles() > 1);
  CHECK(beside + little.program().plan().bytes() <= 20000000);
  try {
    none.probability(photo.view());
    FAIL_CHECK("a million bytes are taken for enough");
  } catch (const error& problem) {
    const std::string text = problem.what(), begin = "a photograph of 800×600 pixels takes at least ";
    REQUIRE(text.starts_with(begin));
    CHECK(text.ends_with("M of memory; the limit is 1M"));
    const std::size_t least = std::stoul(text.substr(begin.size())) * 1000000;
    CHECK(least > 5000000 + 600 * 800 * 16);
    native_session<float> just(lesions, ctx, space, within(least)),
        not_quite(lesions, ctx, space, within(least - 1000000));
    just.plan(600, 800);
    CHECK_THROWS_AS(not_quite.plan(600, 800), const error&);
  }
}
