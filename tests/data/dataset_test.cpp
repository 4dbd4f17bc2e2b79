// SPDX-License-Identifier: Apache-2.0
#include <lamina/data/open_dataset.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <fstream>

using namespace lamina;
using namespace lamina::testing;
namespace fs = std::filesystem;

namespace {

void touch(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "x";
}

dataset parse(const std::string& text) { return parse_yaml_dataset(text, "/data/isic.yml"); }

void check_refused(const std::string& text, const std::string& expected) {
  CAPTURE(text);
  check_error([&] { parse(text); }, expected);
}

}  // namespace

TEST_CASE("yaml: segmentation, as the ISIC file") {
  const dataset data = parse(R"(
name: ISIC
description: >
  skin
  lesions
images:
  - location: images_segmentation/ISIC_0000000.jpg
    label: ground_truth/ISIC_0000000_segmentation.png
  - location: /elsewhere/ISIC_0000001.jpg
    label: ../ISIC_0000001_segmentation.png
  - images_segmentation/ISIC_0000002.jpg
split:
  training: [0]
  validation: [1]
  test:
    - 2
)");
  CHECK(data.name == "ISIC");
  CHECK(data.description == "skin lesions\n");
  REQUIRE(data.samples.size() == 3);
  CHECK(data.samples[0].image == "/data/images_segmentation/ISIC_0000000.jpg");
  CHECK(data.samples[0].mask == "/data/ground_truth/ISIC_0000000_segmentation.png");
  CHECK(data.samples[0].name == "ISIC_0000000");
  CHECK(data.samples[1].image == "/elsewhere/ISIC_0000001.jpg");
  CHECK(data.samples[1].mask == "/ISIC_0000001_segmentation.png");
  CHECK(data.samples[2].mask.empty());
  CHECK(data.split("test") == std::vector<index_t>{2});
  check_error([&] { data.split("trainnig"); }, "has no split 'trainnig'; it has test, training, validation");
}

TEST_CASE("yaml: classes, features, several files, one image, anchors") {
  const dataset data = parse(R"(
classes: [benign, malignant]
features: [age, sex]
images:
  - location: a.jpg
    label: malignant
    values: {age: 40}
  - location: [b_red.png, b_green.png]
    label: 0
    values: [~, f]
  - [c_red.png, c_green.png]
  - location: d.jpg
    label: [benign, 1]
  - location: e.jpg
    label: e.png
  - location: f.jpg
    label: "1"
split: {training: &all [4, 1], other: *all, validation: }
)");
  CHECK(data.name == "isic");
  CHECK(data.samples[0].labels == std::vector<index_t>{1});
  CHECK(data.samples[0].values.at("age") == "40");
  CHECK(data.samples[1].labels == std::vector<index_t>{0});
  CHECK(data.samples[1].further_images == std::vector<fs::path>{"/data/b_green.png"});
  CHECK(data.samples[1].values == std::map<std::string, std::string>{{"sex", "f"}});
  CHECK(data.samples[2].image == "/data/c_red.png");
  CHECK(data.samples[3].labels == std::vector<index_t>{0, 1});
  CHECK(data.samples[4].mask == "/data/e.png");
  CHECK(data.samples[5].mask == "/data/1");
  CHECK(data.split("training") == std::vector<index_t>{4, 1});
  CHECK(data.split("other") == data.split("training"));
  CHECK(data.split("validation").empty());

  CHECK(parse("images: a.jpg").samples.size() == 1);
  CHECK(parse("images: {location: a.jpg, label: a.png}").samples[0].mask == "/data/a.png");
}

TEST_CASE("yaml: what is written is read") {
  dataset data = parse(R"(
name: "1: 2"
description: "two\nlines"
classes: [a, "b, c"]
features: [f]
images: [{location: "x y.jpg", label: "x#y.png"}, {location: [u.png, v.png], label: [0, 1], values: [3]}, /z/z.png]
split: {training: [2, 0], test: [1]}
)");
  const std::string text = yaml_text(data, "/data");
  CAPTURE(text);
  CHECK(text.find("\"x y.jpg\"") != std::string::npos);
  const dataset again = parse(text);
  CHECK(again.name == data.name);
  CHECK(again.description == data.description);
  CHECK(again.classes == data.classes);
  CHECK(again.features == data.features);
  CHECK(again.splits == data.splits);
  REQUIRE(again.samples.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again.samples[i].image == data.samples[i].image);
    CHECK(again.samples[i].mask == data.samples[i].mask);
    CHECK(again.samples[i].labels == data.samples[i].labels);
    CHECK(again.samples[i].values == data.samples[i].values);
    CHECK(again.samples[i].further_images == data.samples[i].further_images);
  }
}

TEST_CASE("yaml: bad texts are refused with file, line and value") {
  check_refused("", "/data/isic.yml: line 1: expected a map with 'images' and 'split', found nothing");
  check_refused("- a", "found a list");
  check_refused("images: [a.jpg", "isic.yml: line 1, column");
  check_refused("name: x", "'images' is missing");
  check_refused("images: []", "'images' lists none");
  check_refused("images:\n- a.jpg\nimages:\n- b.jpg\n", "line 3: 'images' is given twice");
  check_refused("images:\n- {label: a.png}\n", "line 2: image 0 has no 'location'");
  check_refused("images:\n- a.jpg\n- {location: {a: b}}\n", "line 3: the path of image 1 must be a text, not a map");
  check_refused("images:\n- {location: a.jpg, label: 1}\n", "line 2: label 1 is the number of a class");
  check_refused("classes: [x]\nimages:\n- {location: a.jpg, label: 1}\n",
                "line 3: label 1 is out of range: there are 1 classes");
  check_refused("classes: [x]\nimages:\n- {location: a.jpg, label: [y]}\n", "label 'y' names no class");
  check_refused("classes: [x, x]\nimages: a.jpg", "'x' stands twice in 'classes'");
  check_refused("features: [x]\nimages:\n- {location: a.jpg, values: [1, 2]}\n", "line 3: 2 values for 1 features");
  check_refused("features: [x]\nimages:\n- {location: a.jpg, values: {y: 2}}\n",
                "value for 'y', which is not in 'features'");
  check_refused("images: a.jpg\nsplit: [0]", "line 2: 'split' must be a map");
  check_refused("images: a.jpg\nsplit: {training: 0}", "split 'training' must be a list of indices, not a scalar");
  check_refused("images: a.jpg\nsplit: {training: [x]}", "split 'training' has 'x' where an index is expected");
  check_refused("images: a.jpg\nsplit:\n  test: [0,\n   1]",
                "line 4: split 'test': index 1 is out of range: there are 1 images");
  check_refused("images: a.jpg\nsplit: {test: [-1]}", "index -1 is out of range");
  check_refused("images: a.jpg\nsplit: {test: [99999999999999999999]}",
                "has '99999999999999999999' where an index is expected");
  check_refused("images: a.jpg\nsplit: {test: [0, 0]}", "split 'test' has index 0 twice");
  check_refused("images: a.jpg\nsplit: {test: [0], training: [0]}", "index 0 is in split 'test' and in 'training'");
  check_refused("images: a.jpg\nsplit: {test: [0], test: [0]}", "split 'test' is given twice");
  check_refused(std::string("images: a\0.jpg", 14), "NUL byte");
  check_refused(std::string(100000, '['), "isic.yml");
  check_error([] { read_yaml_dataset("/nowhere/x.yml"); }, "/nowhere/x.yml: can't be opened");
}

TEST_CASE("yaml: a small text that stands for very many entries is refused") {
  std::string text = "images:\n- &a [";
  for (int i = 0; i < 5000; ++i) text += "x,";
  text += "x]\n";
  for (int i = 0; i < 5000; ++i) text += "- *a\n";
  check_refused(text, "more than the limit of 4194304 entries");
  check_error([&] { parse_yaml_dataset(text, "f.yml", {.bytes = 1000}); }, "more than the limit of 1000");
}

TEST_CASE("yaml: images without mask are refused, left out or kept") {
  const temporary_folder root;
  const fs::path file = root.path() / "isic.yml";
  const auto write = [&](const char* text) { std::ofstream(file) << text; };
  write("images: [{location: a.jpg, label: a.png}, b.jpg, {location: c.jpg, label: c.png}, d.jpg]\n"
        "split: {training: [2, 1], test: [3], validation: [0]}\n");
  const std::string refusal = "image 1, " + (root.path() / "b.jpg").string() + ", has no mask (2 of 4 images lack one)";
  check_error([&] { open_dataset(file); }, file.string() + ": " + refusal);
  check_error([&] { open_dataset(root.path()); }, refusal);
  const dataset skipped = open_dataset(file, missing_mask::skip);
  REQUIRE(skipped.samples.size() == 2);
  CHECK(skipped.samples[1].name == "c");
  CHECK(skipped.split("training") == std::vector<index_t>{1});
  CHECK(skipped.split("validation") == std::vector<index_t>{0});
  CHECK(skipped.split("test").empty());
  CHECK(open_dataset(file, missing_mask::keep).samples.size() == 4);

  write("classes: [benign, malignant]\nimages: [{location: a.jpg, label: benign}, {location: b.jpg, label: 1}]\n");
  for (const missing_mask policy : {missing_mask::stop, missing_mask::skip})
    check_error([&] { open_dataset(file, policy); },
                "a.jpg, has a class but no mask (nor has any other: 2 of 2 images lack one)");
  CHECK(open_dataset(file, missing_mask::keep).samples[1].labels == std::vector<index_t>{1});
}

TEST_CASE("folders: as the challenge ships them") {
  const temporary_folder root;
  for (const char* name : {"ISIC_0000002", "ISIC_0000001"}) {
    touch(root.path() / "ISIC-2017_Training_Data" / (std::string(name) + ".jpg"));
    touch(root.path() / "ISIC-2017_Training_Data" / (std::string(name) + "_superpixels.png"));
    touch(root.path() / "ISIC-2017_Training_Part1_GroundTruth" / (std::string(name) + "_segmentation.png"));
  }
  touch(root.path() / "ISIC-2017_Training_Data" / "ISIC-2017_Training_Data_metadata.csv");
  touch(root.path() / "ISIC-2017_Test_v2_Data" / "ISIC_0000003.jpg");
  touch(root.path() / "ISIC-2017_Test_v2_Part1_GroundTruth" / "ISIC_0000003_segmentation.png");
  touch(root.path() / "ISIC-2017_Test_v2_Part1_GroundTruth" / "ISIC_0000004_segmentation.png");

  const dataset data = open_dataset(root.path());
  CHECK(data.name == root.path().filename());
  CHECK(data.split("training") == std::vector<index_t>{0, 1});
  CHECK(data.split("test") == std::vector<index_t>{2});
  CHECK(!data.has_split("validation"));
  CHECK(data.samples[0].name == "ISIC_0000001");
  CHECK(data.samples[2].mask.filename() == "ISIC_0000003_segmentation.png");
  REQUIRE(data.extra_masks.size() == 1);
  CHECK(data.extra_masks[0].filename() == "ISIC_0000004_segmentation.png");

  write_yaml_dataset(data, root.path() / "isic.yml");
  const dataset again = open_dataset(root.path() / "isic.yml");
  CHECK(again.splits == data.splits);
  CHECK(again.samples[2].mask == data.samples[2].mask);
}

TEST_CASE("folders: plain layouts and what is wrong with them") {
  const temporary_folder root;
  touch(root.path() / "training/images/a.JPG");
  touch(root.path() / "training/images/._a.jpg");
  touch(root.path() / "training/ground_truth/a.png");
  touch(root.path() / "validation/images/b.png");
  touch(root.path() / "validation/masks/b_Mask.png");
  const dataset data = open_dataset(root.path());
  CHECK(data.samples.size() == 2);
  CHECK(data.split("validation") == std::vector<index_t>{1});

  touch(root.path() / "training/images/c.jpg");
  check_error([&] { open_dataset(root.path()); }, "training/images/c.jpg: has no mask c.png or c_segmentation.png in ");
  CHECK(open_dataset(root.path(), missing_mask::skip).samples.size() == 2);
  CHECK(open_dataset(root.path(), missing_mask::keep).samples[1].mask.empty());

  touch(root.path() / "training/images/c.png");
  check_error([&] { open_dataset(root.path()); }, "has the same name as c.");

  const temporary_folder empty;
  check_error([&] { open_dataset(empty.path()); }, "expected training/images beside training/masks");
  check_error([&] { open_dataset(empty.path() / "no"); }, "/no: does not exist; expected a data set");
  fs::create_directories(empty.path() / "images");
  fs::create_directories(empty.path() / "masks");
  check_error([&] { open_dataset(empty.path()); }, "hold no pair");
  touch(empty.path() / "images/a.jpg");
  touch(empty.path() / "masks/a.png");
  CHECK(open_dataset(empty.path()).splits.empty());
}

TEST_CASE("folders: the real images") {
  const auto shared = shared_data();
  if (!shared) {
    MESSAGE("skipped: no ../shared/data (or LAMINA_SHARED_DATA)");
    return;
  }
  const dataset data = open_dataset(*shared / "isic2017_256");
  CHECK(data.split("training").size() == 2000);
  CHECK(data.split("validation").size() == 150);
  CHECK(data.extra_masks.empty());
  CHECK(open_dataset(*shared / "isic2017_fullres").samples.size() == 5);
}
