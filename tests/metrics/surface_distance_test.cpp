// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/image/read.hpp>
#include <lamina/metrics/surface_distance.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// A line of surface_distance.txt.
struct golden_distances {
  std::string kind;
  index_t number = 0;
  pixel_spacing spacing;
  double assd = 0, hd95_pooled = 0, hd95_directed = 0, hausdorff = 0;
};

std::vector<golden_distances> golden_lines(const std::string& kind) {
  std::ifstream file(repository_folder() / "tests/golden/surface_distance.txt");
  std::vector<golden_distances> lines;
  golden_distances g;
  while (file >> g.kind >> g.number >> g.spacing.row >> g.spacing.column >> g.assd >> g.hd95_pooled >>
         g.hd95_directed >> g.hausdorff)
    if (g.kind == kind) lines.push_back(g);
  return lines;
}

/// MedPy computes in double precision, MONAI in float.
void check_equal(cpu_context& ctx, view<const std::uint8_t> a, view<const std::uint8_t> b, const golden_distances& g) {
  CAPTURE(g.number);
  CAPTURE(to_text(g.spacing));
  const surface_distances d = measure_surfaces(ctx, a, b, g.spacing);
  CHECK(assd(d) == doctest::Approx(g.assd).epsilon(1e-12));
  CHECK(hd95_pooled(d) == doctest::Approx(g.hd95_pooled).epsilon(1e-12));
  CHECK(hd95_directed(d) == doctest::Approx(g.hd95_directed).epsilon(1e-6));
  CHECK(hausdorff_distance(d) == doctest::Approx(g.hausdorff).epsilon(1e-12));
}

/// What make_surface_distance.py's formula makes: an ellipse with speckles, and one that is moved.
struct made_masks {
  tensor<std::uint8_t> a{{1, 48, 61, 1}}, b{{1, 48, 61, 1}};
  explicit made_masks(index_t number) {
    for (index_t h = 0; h < 48; ++h)
      for (index_t w = 0; w < 61; ++w) {
        const auto place = static_cast<std::uint32_t>(h * 61 + w + 977 * number);
        const bool speckle = static_cast<index_t>(place * 2654435761u >> 24) >= 256 - 2 * (number % 4);
        const auto ellipse = [&](index_t y, index_t x) {
          return (h - y) * (h - y) * 4 + (w - x) * (w - x) * 2 < 150 * (number + 1);
        };
        a(0, h, w, 0) = ellipse(20, 24) != speckle ? 255 : 0;
        b(0, h, w, 0) = ellipse(20 + number % 7, 24 + 3 * (number % 5)) ? 255 : 0;
      }
  }
};

tensor<std::uint8_t> single_pixel(index_t height, index_t width, index_t h, index_t w) {
  tensor<std::uint8_t> mask({1, height, width, 1});
  mask(0, h, w, 0) = 255;
  return mask;
}

}  // namespace

TEST_CASE("surface_distance: equal to MedPy's and MONAI's on masks of a formula, in two spacings") {
  cpu_context ctx;
  const auto lines = golden_lines("made");
  CHECK(lines.size() == 24);
  for (const golden_distances& g : lines) {
    const made_masks made(g.number);
    check_equal(ctx, made.a, made.b, g);
  }
}

TEST_CASE("surface_distance: equal to MedPy's and MONAI's on real masks") {
  const auto data = shared_data();
  if (!data || !std::filesystem::is_directory(*data / "isic2017_256")) {
    MESSAGE("skipped: no isic2017_256 folder in LAMINA_SHARED_DATA or ../shared/data");
    return;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*data / "isic2017_256/validation/masks"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  cpu_context ctx;
  const auto lines = golden_lines("real");
  CHECK(lines.size() == 50);
  for (const golden_distances& g : lines) {
    const auto i = static_cast<std::size_t>(g.number);
    check_equal(ctx, read_image(files.at(i), {.channels = 1}), read_image(files.at(i + 1), {.channels = 1}), g);
  }
}

TEST_CASE("surface_distance: the lists, by hand") {
  // A bar of three by five, whose middle row's three inner pixels are no surface, and a point two columns beyond it.
  tensor<std::uint8_t> bar({1, 5, 9, 1});
  for (index_t h = 1; h < 4; ++h)
    for (index_t w = 1; w < 6; ++w) bar(0, h, w, 0) = 1;
  const auto point = single_pixel(5, 9, 2, 7);
  cpu_context ctx;
  const surface_distances d = measure_surfaces(ctx, bar.view(), point.view(), {.row = 3, .column = 1});
  REQUIRE(d.from_prediction.size() == 12);
  REQUIRE(d.from_truth.size() == 1);
  CHECK(d.from_prediction.front() == doctest::Approx(std::sqrt(9.0 + 36.0)));
  CHECK(d.from_prediction[5] == 6);
  CHECK(d.from_prediction[6] == 2);
  CHECK(d.from_truth.front() == 2);
  CHECK(hausdorff_distance(d) == doctest::Approx(std::sqrt(45.0)));
}

TEST_CASE("surface_distance: a mask that fills the picture has its edge as surface") {
  tensor<std::uint8_t> full({1, 4, 6, 1});
  full.fill(255);
  cpu_context ctx;
  CHECK(measure_surfaces(ctx, full.view(), full.view()).from_prediction.size() == 16);
}

TEST_CASE("surface_distance: percentiles lie between values") {
  const surface_distances d{{0, 1, 2, 3, 4}, {10}};
  CHECK(hd95_pooled(d) == doctest::Approx(4 + 6 * 0.75));
  CHECK(hd95_directed(d) == 10);
  CHECK(hd95_directed({{0, 1, 2, 3, 4}, {}}) == doctest::Approx(3.8));
  CHECK(assd(d) == doctest::Approx(20.0 / 6));
  CHECK(hausdorff_distance(d) == 10);
}

TEST_CASE("surface_distance: empty masks") {
  const tensor<std::uint8_t> none({1, 5, 6, 1});
  const auto one = single_pixel(5, 6, 2, 2);
  const double infinite = std::numeric_limits<double>::infinity();
  cpu_context ctx;
  const auto figures_are = [&](const surface_distances& d, double expected) {
    CHECK(assd(d) == expected);
    CHECK(hd95_pooled(d) == expected);
    CHECK(hd95_directed(d) == expected);
    CHECK(hausdorff_distance(d) == expected);
  };
  figures_are(measure_surfaces(ctx, none.view(), none.view()), 0);
  figures_are(measure_surfaces(ctx, one.view(), none.view()), infinite);
  figures_are(measure_surfaces(ctx, none.view(), one.view()), infinite);
  figures_are(measure_surfaces(ctx, one.view(), one.view()), 0);
  tensor<std::uint8_t> block({1, 5, 6, 1});
  block.fill(255);
  figures_are(measure_surfaces(ctx, none.view(), block.view()), infinite);
}

TEST_CASE("surface_distance: thresholds, and the same bits with any number of workers") {
  const made_masks made(11);
  tensor<float> probability(made.a.extents());
  for (index_t i = 0; i < probability.size(); ++i) probability[i] = made.a[i] != 0 ? 0.3f : 0.2f;
  thread_pool workers(3);
  cpu_context alone, threaded(workers);
  const surface_distances expected = measure_surfaces(alone, made.a.view(), made.b.view());
  const surface_distances d =
      measure_surfaces(threaded, probability.view(), made.b.view(), {}, {.prediction = 0.25f, .truth = 128});
  CHECK(d.from_prediction == expected.from_prediction);
  CHECK(d.from_truth == expected.from_truth);
}

TEST_CASE("surface_distance: wrong use is refused") {
  cpu_context ctx;
  const tensor<float> a({1, 4, 4, 1}), b({1, 4, 5, 1}), batch({2, 4, 4, 1});
  check_error([&] { measure_surfaces(ctx, a.view(), b.view()); },
              "measure_surfaces: prediction [1,4,4,1] and truth [1,4,5,1] are not both the same [1,H,W,1]");
  check_error([&] { measure_surfaces(ctx, batch.view(), batch.view()); },
              "measure_surfaces: prediction [2,4,4,1] and truth [2,4,4,1] are not both the same [1,H,W,1]");
  check_error([&] { measure_surfaces(ctx, a.view(), a.view(), {.row = 1, .column = -2}); },
              "measure_surfaces: a spacing of 1×-2 is not positive and finite");
}
