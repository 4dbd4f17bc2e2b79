// SPDX-License-Identifier: Apache-2.0
#include <lamina/core/thread_pool.hpp>
#include <lamina/data/check.hpp>
#include <lamina/data/open_dataset.hpp>
#include <lamina/data/synthetic_dataset.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <fstream>

using namespace lamina;
using namespace lamina::testing;
namespace fs = std::filesystem;

namespace {

std::vector<finding> of_kind(const std::vector<finding>& findings, finding_kind kind) {
  std::vector<finding> chosen;
  for (const finding& f : findings)
    if (f.kind == kind) chosen.push_back(f);
  return chosen;
}

/// Exactly one finding of that kind, about that file, with that text.
void check_one(const std::vector<finding>& findings, finding_kind kind, const fs::path& file, const std::string& text) {
  CAPTURE(name(kind));
  const auto chosen = of_kind(findings, kind);
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].file == file);
  CAPTURE(chosen[0].text);
  CHECK(chosen[0].text.find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("check_dataset: each kind of fault is found and nothing else") {
  const temporary_folder root;
  serial_executor serial;
  write_synthetic_dataset(serial, root.path(), {.training = 8, .validation = 3, .test = 0, .height = 64, .width = 80});
  CHECK(check_dataset(serial, open_dataset(root.path())).empty());

  const fs::path images = root.path() / "training/images", masks = root.path() / "training/masks";
  const auto image = [&](int i) { return images / ("lesion_00000" + std::to_string(i) + ".jpg"); };
  const auto mask = [&](int i) { return masks / ("lesion_00000" + std::to_string(i) + "_segmentation.png"); };
  std::ofstream(image(0), std::ios::trunc) << "no picture";
  std::ofstream(mask(1), std::ios::trunc) << "";
  fs::remove(mask(2));
  write_png(mask(3), tensor<std::uint8_t>({1, 64, 79, 1}).view());
  tensor<std::uint8_t> drawn({1, 64, 80, 1});
  drawn(0, 5, 5, 0) = 200;
  write_png(mask(4), drawn.view());
  drawn(0, 5, 5, 0) = drawn(0, 6, 6, 0) = drawn(0, 20, 20, 0) = 255;
  write_png(mask(5), drawn.view());
  write_png(masks / "stranger.png", drawn.view());
  // The same picture again, darker by a little and saved anew, on the other side of the split.
  tensor<std::uint8_t> copy = read_image(image(7), {.channels = 3});
  for (std::uint8_t& v : copy) v = static_cast<std::uint8_t>(v - std::min<int>(v, 2));
  write_jpeg(root.path() / "validation/images/lesion_000001.jpg", copy.view(), {.quality = 70});

  thread_pool workers(2);
  const auto findings = check_dataset(workers, open_dataset(root.path(), missing_mask::keep));
  check_one(findings, finding_kind::unreadable_image, image(0), "neither JPEG");
  check_one(findings, finding_kind::unreadable_mask, mask(1), "empty");
  check_one(findings, finding_kind::missing_mask, image(2), "has no mask");
  check_one(findings, finding_kind::size_differs, mask(3), "79×64 pixels, the image has 80×64");
  check_one(findings, finding_kind::empty_mask, mask(3), "no pixel");
  check_one(findings, finding_kind::grey_mask, mask(4), "1 pixels are neither 0 nor 255, the first is 200");
  check_one(findings, finding_kind::several_components, mask(5), "2 components");
  check_one(findings, finding_kind::extra_mask, masks / "stranger.png", "belongs to no image");
  check_one(findings, finding_kind::near_duplicate, image(7), "validation/images/lesion_000001.jpg (validation)");
  CHECK(findings.size() == 9);
  CHECK(is_error(finding_kind::size_differs));
  CHECK(!is_error(finding_kind::extra_mask));
}

TEST_CASE("check_dataset: a mask is looked at even where its image can't be read") {
  const temporary_folder root;
  serial_executor serial;
  write_synthetic_dataset(serial, root.path(), {.training = 2, .validation = 1, .test = 0, .height = 64, .width = 80});
  const fs::path images = root.path() / "training/images", masks = root.path() / "training/masks";
  for (const std::string name : {"lesion_000000", "lesion_000001"})
    std::ofstream(images / (name + ".jpg"), std::ios::trunc) << "no picture";
  const fs::path damaged = masks / "lesion_000000_segmentation.png", empty = masks / "lesion_000001_segmentation.png";
  std::ofstream(damaged, std::ios::trunc) << "no mask";
  write_png(empty, tensor<std::uint8_t>({1, 10, 10, 1}).view());

  const auto findings = check_dataset(serial, open_dataset(root.path()));
  CHECK(of_kind(findings, finding_kind::unreadable_image).size() == 2);
  check_one(findings, finding_kind::unreadable_mask, damaged, "neither JPEG");
  check_one(findings, finding_kind::empty_mask, empty, "no pixel");
  CHECK(findings.size() == 4);  // sizes are not compared with an image that has none
}

TEST_CASE("check_dataset: the real images hold one near-duplicate") {
  const auto shared = shared_data();
  if (!shared) {
    MESSAGE("skipped: no ../shared/data (or LAMINA_SHARED_DATA)");
    return;
  }
  thread_pool workers(2);
  const auto findings = check_dataset(workers, open_dataset(*shared / "isic2017_256"));
  const auto duplicates = of_kind(findings, finding_kind::near_duplicate);
  REQUIRE(duplicates.size() == 1);
  CHECK(duplicates[0].file.filename() == "ISIC_0012970.jpg");
  CHECK(duplicates[0].text.find("ISIC_0012127.jpg") != std::string::npos);
  for (const finding& f : findings) CHECK(!is_error(f.kind));
}
