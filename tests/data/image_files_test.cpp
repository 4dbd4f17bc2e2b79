// SPDX-License-Identifier: Apache-2.0
#include <lamina/data/image_files.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <fstream>

using namespace lamina;
using namespace lamina::testing;
namespace fs = std::filesystem;

namespace {

void touch(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) std::ofstream(folder / name) << '.';
}

std::vector<std::string> names_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.filename().string());
  return names;
}

}  // namespace

TEST_CASE("image files: a folder gives its photographs, and none of what else lies there") {
  const temporary_folder folder;
  fs::create_directory(folder.path() / "folder.png");
  touch(folder.path(), {"b.PNG", "a.jpg", "c_Superpixels.png", ".hidden.jpg", "notes.txt", "predictions.jsonl"});
  touch(folder.path(), {"a_mask.png", "a_overlay.jpg", "b_segmentation.png", "B_Mask.png", "_mask.png"});
  CHECK(names_of(image_files({folder.path()})) == std::vector<std::string>{"_mask.png", "a.jpg", "b.PNG"});
}

TEST_CASE("image files: what is named itself is taken as it is, in the order given") {
  const temporary_folder folder;
  touch(folder.path(), {"b.jpg", "a.jpg", "a_mask.png"});
  const fs::path mask = folder.path() / "a_mask.png", absent = folder.path() / "absent";
  CHECK(image_files({mask, absent, folder.path()}) ==
        std::vector<fs::path>{mask, absent, folder.path() / "a.jpg", folder.path() / "b.jpg"});
}

TEST_CASE("image files: a folder without photographs is refused") {
  const temporary_folder folder;
  check_error([&] { image_files({folder.path()}); }, "no images in this folder");
  touch(folder.path(), {"a_mask.png", "a_overlay.jpg"});
  check_error([&] { image_files({folder.path()}); }, "no images in this folder");
}

TEST_CASE("image files: by the name that image and mask share") {
  const temporary_folder folder;
  touch(folder.path(), {"b_mask.png", "a_segmentation.png", "a_superpixels.png", ".c.png", "d.bmp"});
  const auto found = images_by_name(folder.path());
  REQUIRE(found.size() == 3);
  CHECK(found.at("a").filename() == "a_segmentation.png");
  CHECK(found.at("b").filename() == "b_mask.png");
  CHECK(found.at("d").filename() == "d.bmp");
  touch(folder.path(), {"a.png"});
  check_error([&] { images_by_name(folder.path()); }, "has the same name as");
}
