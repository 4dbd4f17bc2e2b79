// SPDX-License-Identifier: Apache-2.0
// The largest photograph of ISIC 2017, 6748 × 4439 pixels. It takes seconds and hundreds of megabytes, so the case runs
// on request only: with --no-skip, or LAMINA_RUN_SLOW_TESTS=ON.
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/synthetic.hpp>
#include <lamina/image/write.hpp>
#include <lamina/predict/predictor.hpp>

#include "../support/paths.hpp"
#include "../support/process.hpp"
#include "../support/tensors.hpp"

#include <chrono>

using namespace lamina;
using namespace lamina::testing;

namespace {

constexpr index_t photo_height = 4439, photo_width = 6748;

}  // namespace

TEST_CASE("a photograph of 30 megapixels gets a mask of its size" * doctest::skip()) {
  const temporary_folder folder;
  const auto photo = folder.path() / "photo.jpg", weights = folder.path() / "weights.safetensors",
             mask = folder.path() / "mask.png";
  REQUIRE(in_another_process([&] {
    const auto lesion = synthetic_lesion(3, 1, 444, 675).image;
    write_jpeg(photo, resized(lesion.view(), interpolation::cubic, photo_height, photo_width).view());
    const auto net = make_network<float>({{"model", "unet"}, {"base_width", "16"}});
    parameter_set<cpu> values(std::make_shared<const parameter_layout>(net));
    initialize(values, 1);
    save_weights(weights, values, net.description(), {});
  }));

  const auto begin = std::chrono::steady_clock::now();
  {
    thread_pool threads(2);
    cpu_context ctx(threads);
    const predictor<float> lesions(weights);
    predictor<float>::session session(lesions, ctx);
    write_png(mask, session.mask(photo).view(), {.bilevel = true});
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;

  const image_info info = probe_image(mask);
  CHECK(info.height == photo_height);
  CHECK(info.width == photo_width);
  CHECK(info.bit_depth == 1);
  MESSAGE(photo_width, "×", photo_height, " pixels: ", taken.count(), " s, peak memory ", peak_memory() >> 20,
          " MiB");
}
