// SPDX-License-Identifier: Apache-2.0
#include <lamina/metrics/overlap.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <cstring>
#include <fstream>
#include <limits>
#include <map>

using namespace lamina;
using namespace lamina::testing;

namespace {

std::map<std::string, double> figures(const overlap_metrics& metrics) {
  const auto values = metrics.values();
  return {values.begin(), values.end()};
}

tensor<std::uint8_t> mask(std::initializer_list<int> pixels) {
  tensor<std::uint8_t> x({1, 1, static_cast<index_t>(pixels.size()), 1});
  std::uint8_t* out = x.data();
  for (const int value : pixels) *out++ = static_cast<std::uint8_t>(value);
  return x;
}

overlap_metrics compare(const tensor<std::uint8_t>& prediction, const tensor<std::uint8_t>& truth) {
  overlap_metrics metrics;
  metrics.add(prediction.view(), truth.view());
  return metrics;
}

/// What make_overlap.py computes, here in integers and float.
struct golden_images {
  tensor<float> prediction{{6, 37, 53, 1}};
  tensor<std::uint8_t> truth{{6, 37, 53, 1}};
  golden_images() {
    const auto [N, H, W, C] = truth.extents();
    for (index_t n = 0; n < N; ++n)
      for (index_t h = 0; h < H; ++h)
        for (index_t w = 0; w < W; ++w) {
          const auto inside = [&, n = n](index_t y, index_t x) {
            return (h - y) * (h - y) * 4 + (w - x - 3 * n) * (w - x - 3 * n) * 2 < 90 * (n + 1);
          };
          const index_t noise = (h * 7919 + w * 104729 + n * 1299709) % 1000;
          truth(n, h, w, 0) = inside(18, 20) ? 255 : 0;
          prediction(n, h, w, 0) = n == 0 ? 0 : static_cast<float>(inside(19, 21) * 850 + noise) / 1900.0f;
        }
  }
};

}  // namespace

TEST_CASE("overlap: the figures equal numpy's") {
  const golden_images images;
  overlap_metrics metrics;
  metrics.add(images.prediction.view(), images.truth.view());
  const auto values = figures(metrics);

  std::ifstream golden(repository_folder() / "tests/golden/overlap.txt");
  std::string name;
  double expected = 0;
  std::size_t count = 0;
  for (; golden >> name >> expected; ++count) {
    CAPTURE(name);
    REQUIRE(values.count(name) == 1);
    CHECK(values.at(name) == doctest::Approx(expected).epsilon(1e-12));
  }
  CHECK(count == values.size());
}

TEST_CASE("overlap: one by one, in any order, equals a batch to the last bit") {
  const golden_images images;
  overlap_metrics together, reversed;
  together.add(images.prediction.view(), images.truth.view());
  for (index_t n = 5; n >= 0; --n) reversed.add(images.prediction.view().images(n), images.truth.view().images(n));
  const auto a = together.values(), b = reversed.values();
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i].first);
    CHECK(std::memcmp(&a[i].second, &b[i].second, sizeof(double)) == 0);
  }
  CHECK(together.images().front() == reversed.images().back());
}

TEST_CASE("overlap: cells and thresholds") {
  const auto prediction = mask({255, 255, 0, 0, 255}), truth = mask({255, 0, 255, 0, 255});
  const std::vector<confusion> counts = count_overlap(prediction.view(), truth.view());
  REQUIRE(counts.size() == 1);
  CHECK(counts[0] == confusion{2, 1, 1, 1});

  tensor<float> probability({1, 1, 4, 1});
  probability[0] = 0.3f, probability[1] = 0.5f, probability[2] = 0.49f;
  probability[3] = std::numeric_limits<float>::quiet_NaN();
  const auto all = mask({1, 1, 1, 1});
  CHECK(count_overlap(probability.view(), all.view())[0] == confusion{1, 0, 3, 0});
  CHECK(count_overlap(probability.view(), all.view(), {.prediction = 0.3f})[0] == confusion{3, 0, 1, 0});
}

TEST_CASE("overlap: the smoothing of the reported figure") {
  const auto values = figures(compare(mask({255, 0, 0}), mask({0, 255, 0})));
  CHECK(values.at("iou_per_image_mean") == doctest::Approx(1e-6 / (2 + 1e-6)).epsilon(1e-12));
  CHECK(values.at("iou_pooled") == 0);
}

TEST_CASE("overlap: empty masks have a value") {
  for (const auto& figure : compare(mask({0, 0}), mask({0, 0})).values()) {
    CAPTURE(figure.first);
    CHECK(figure.second == 1);
  }
  const auto missed = figures(compare(mask({0, 0}), mask({255, 0})));
  CHECK(missed.at("precision_pooled") == 0);
  CHECK(missed.at("recall_pooled") == 0);
  CHECK(missed.at("specificity_pooled") == 1);
  const auto invented = figures(compare(mask({255, 255}), mask({0, 0})));
  CHECK(invented.at("recall_pooled") == 0);
  CHECK(invented.at("iou_per_image_mean") < 1e-6);
  const auto full = figures(compare(mask({255, 255}), mask({255, 255})));
  CHECK(full.at("specificity_pooled") == 1);
}

TEST_CASE("overlap: below 0.65 counts as nothing") {
  overlap_metrics metrics;
  metrics.add({.true_positive = 64, .false_positive = 36});
  metrics.add({.true_positive = 80, .false_negative = 20});
  const auto values = figures(metrics);
  CHECK(values.at("jaccard_thresholded_0.65") == doctest::Approx(0.4));
  CHECK(values.at("iou_per_image_mean") == doctest::Approx(0.72));
  CHECK(values.at("iou_pooled") == doctest::Approx(0.72));
}

TEST_CASE("overlap: wrong use is refused") {
  const tensor<float> a({1, 2, 2, 1}), b({1, 2, 3, 1});
  check_error([&] { count_overlap(a.view(), b.view()); },
              "count_overlap: prediction [1,2,2,1] and truth [1,2,3,1] differ in shape (NHWC)");
  check_error([] { overlap_metrics().values(); }, "no image was added");
}
