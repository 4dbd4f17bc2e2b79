// SPDX-License-Identifier: Apache-2.0
#include <lamina/data/synthetic.hpp>
#include <lamina/image/components.hpp>
#include <lamina/image/resize.hpp>

#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

double share_inside(const tensor<std::uint8_t>& mask) {
  return static_cast<double>(std::count(mask.begin(), mask.end(), 255)) / static_cast<double>(mask.size());
}

}  // namespace

TEST_CASE("synthetic: a pure function of seed, index and size") {
  const synthetic_picture a = synthetic_lesion(3, 5, 48, 64), b = synthetic_lesion(3, 5, 48, 64);
  CHECK(same_bits<std::uint8_t>(a.image.view(), b.image.view()));
  CHECK(same_bits<std::uint8_t>(a.mask.view(), b.mask.view()));
  CHECK(a.image.extents() == shape{1, 48, 64, 3});
  CHECK(a.mask.extents() == shape{1, 48, 64, 1});
  CHECK(!same_bits<std::uint8_t>(a.image.view(), synthetic_lesion(3, 6, 48, 64).image.view()));
  CHECK(!same_bits<std::uint8_t>(a.image.view(), synthetic_lesion(4, 5, 48, 64).image.view()));
}

TEST_CASE("synthetic: one lesion each, of the sizes of real ones, darker than the skin around it") {
  double sum = 0;
  index_t darker = 0, several = 0;
  constexpr index_t pictures = 100;
  for (index_t i = 0; i < pictures; ++i) {
    const synthetic_picture p = synthetic_lesion(1, i, 96, 96);
    const double share = share_inside(p.mask);
    CAPTURE(i);
    CHECK(share > 0.01);
    CHECK(share < 0.8);
    sum += share;
    several += count_components(p.mask) != 1;
    double inside = 0, outside = 0;
    for (index_t pixel = 0; pixel < p.mask.size(); ++pixel)
      (p.mask[pixel] == 255 ? inside : outside) += p.image[3 * pixel + 1];
    darker += inside / share < outside / (1 - share);
  }
  CHECK(sum / pictures > 0.12);
  CHECK(sum / pictures < 0.28);  // ISIC 2017: 0.19
  CHECK(several == 0);
  CHECK(darker >= 95);  // dark corners count as skin
}

TEST_CASE("synthetic: another size shows the same scene") {
  for (index_t i = 0; i < 5; ++i) {
    const synthetic_picture large = synthetic_lesion(2, i, 256, 256), small = synthetic_lesion(2, i, 64, 64);
    const auto reduced = resized(large.mask.view(), interpolation::nearest, 64, 64);
    index_t different = 0;
    for (index_t pixel = 0; pixel < reduced.size(); ++pixel) different += reduced[pixel] != small.mask[pixel];
    CHECK(different < 64 * 64 / 50);
  }
}

TEST_CASE("synthetic: sizes out of range are refused") {
  check_error([] { synthetic_lesion(1, 0, 15, 64); }, "synthetic_lesion: 64×15 pixels; 16 to 8192 are possible");
}
