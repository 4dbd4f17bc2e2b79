// SPDX-License-Identifier: Apache-2.0
#include "../support/augmentation.hpp"
#include "../support/paths.hpp"

#include <fstream>

using namespace lamina;
using namespace lamina::testing;
using augment::parse_recipe;

namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::filesystem::path recipe_file(const std::string& name) {
  return repository_folder() / "examples" / "recipes" / name;
}

/// The whole text of the error that a recipe's text gives.
std::string error_of(std::string_view text) {
  try {
    parse_recipe(text, "r.aug");
  } catch (const file_error& e) {
    return e.what();
  }
  return "no error";
}

std::string printed(std::string_view text) { return to_text(parse_recipe(text, "r.aug")); }

}  // namespace

TEST_CASE("language: the ten-step text is read, printed back and gives the pixels of its C++ form") {
  std::string text = read_text(recipe_file("ten_step.aug"));
  const augment::recipe read = parse_recipe(text, "ten_step.aug"), written = augment::ten_step_recipe();
  text.replace(text.find("0.1480"), 6, "0.148");
  CHECK(to_text(read) == text);
  CHECK(to_text(written) == text);
  CHECK(printed(text) == text);

  const auto x = smooth_picture(150, 200), m = ellipse_mask(150, 200);
  for (index_t sample = 0; sample < 3; ++sample) {
    const sample_place place{.seed = 4, .epoch = 2, .sample = sample};
    const auto a = read.apply(place, x.view(), m.view()), b = written.apply(place, x.view(), m.view());
    CHECK(as<float>(a.image).extents() == shape{1, 512, 512, 3});
    CHECK(same_picture(a.image, b.image));
    CHECK(same_picture(a.mask, b.mask));
    CHECK(values_of(as<float>(a.mask)) == std::set<float>{0, 1});
  }
}

TEST_CASE("language: the recipes of examples/recipes are read, and what is printed of them reads as the same") {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(repository_folder() / "examples" / "recipes")) {
    if (entry.path().extension() != ".aug") continue;
    CAPTURE(entry.path().string());
    const auto recipe = augment::read_recipe(entry.path());
    CHECK(printed(to_text(recipe)) == to_text(recipe));
    const auto x = smooth_picture(300, 400), m = ellipse_mask(300, 400);
    const auto made = recipe.apply({.seed = 1}, x.view(), m.view());
    const auto again = parse_recipe(to_text(recipe), "again").apply({.seed = 1}, x.view(), m.view());
    CHECK(same_picture(made.image, again.image));
    CHECK(same_picture(made.mask, again.mask));
    ++read;
  }
  CHECK(read >= 4);
}

TEST_CASE("language: each malformed text of the specification has an error of its own") {
  const std::pair<std::string, std::string> texts[] = {
      {"AugRotat angle=[0,1]", "1:1: there is no augmentation 'AugRotat'; the nearest name is 'AugRotate'"},
      {"AugRotate", "1:1: AugRotate lacks 'angle'; expected a range, [min, max]"},
      {"AugRotate angle=[180,-180]", "1:17: AugRotate: angle=[180,-180]: the minimum, 180, is above the maximum, -180"},
      {"AugRotate angle=[0]", "1:17: AugRotate: angle=[0] has 1 number; expected a range, [min, max]"},
      {"AugRotate angle=(0,1)", "1:17: AugRotate: angle=(0,1) is a vector; expected a range, [min, max]"},
      {"AugRotate angle=[0,1",
       "1:17: AugRotate: angle: '[0,1' is not closed; expected a ']' before the end of the line"},
      {"AugRotate angel=[0,1]", "1:11: AugRotate has no parameter 'angel'; the nearest name is 'angle'"},
      {"AugRotate angle=[a,1]", "1:18: AugRotate: angle: 'a' is not a number"},
      {"AugMirror p=2", "1:13: AugMirror: p=2: 2 is not between 0 and 1"},
      {"AugMirror p=0.5 p=0.4", "1:17: AugMirror: 'p' is given twice, first at column 11"},
      {"AugResizeDim dims=(0,512)", "1:19: AugResizeDim: dims=(0,512): 0 is not between 1 and 65536"},
      {"AugResizeDim dims=(512,512) interp=\"bicubic\"",
       "1:36: AugResizeDim: interp=\"bicubic\" is unknown; expected \"nearest\", \"linear\", \"area\", \"cubic\" or "
       "\"lanczos4\"; the nearest name is 'cubic'"},
      {"AugResizeDim dims=(512,512) interp=\"cubic",
       "1:36: AugResizeDim: interp: '\"cubic' is not closed; expected a '\"' before the end of the line"},
      {"SequentialAugmentationContainer\n  AugFlip\n",
       "1:1: SequentialAugmentationContainer is not closed; expected an 'end' before the end of the text"},
      {"SequentialAugmentationContainer\n  AugFlip\nend\nend", "4:1: an 'end' too many: no container is open"},
      {"SequentialAugmentationContainer\n  OneOfAugmentationContainer\n    AugFlip\n  end\nend",
       "2:3: OneOfAugmentationContainer lacks 'p'; expected a number"},
      {"", "1:1: the recipe is empty; expected an augmentation"},
      {"AugAdditivePoissonNoise lambda=[-5,10]", "1:32: AugAdditivePoissonNoise: lambda=[-5,10]: -5 is below 0"},
      {"AugGammaContrast gamma=[1e999,2]",
       "1:25: AugGammaContrast: gamma: '1e999' is beyond what a float holds, 1.2e-38 to 3.4e+38 in size"},
      {std::string("AugFlip\0", 8), "1:8: the byte 0x00 is no text"},
  };
  for (const auto& pair : texts) {
    CAPTURE(pair.first);
    CHECK(error_of(pair.first) == "r.aug:" + pair.second);
  }
}

TEST_CASE("language: further malformed texts") {
  const std::pair<std::string, std::string> texts[] = {
      {"# nothing\n\n", "3:1: the recipe is empty; expected an augmentation"},
      {"end", "1:1: an 'end' too many: no container is open"},
      {"Rotate angle=[0,1]", "1:1: there is no augmentation 'Rotate'; the nearest name is 'AugRotate'"},
      {"augflip", "1:1: there is no augmentation 'augflip'; the nearest name is 'AugFlip'"},
      {"[0,1]", "1:1: '[0,1]' stands where the name of an augmentation is expected"},
      {"AugFlip\nAugMirror",
       "2:1: 'AugMirror' stands behind the end of the recipe; several steps belong into a "
       "SequentialAugmentationContainer"},
      {"SequentialAugmentationContainer\nend AugFlip", "2:5: 'AugFlip' stands behind 'end'"},
      {"SequentialAugmentationContainer p=1\nend",
       "1:33: SequentialAugmentationContainer has no parameter 'p'; it has none"},
      {"OneOfAugmentationContainer p=1\nend", "1:1: OneOfAugmentationContainer has no child to choose"},
      {"AugFlip p", "1:10: AugFlip: 'p' is not followed by '='"},
      {"AugFlip p 1", "1:11: AugFlip: 'p' is not followed by '='"},
      {"AugFlip p=", "1:11: AugFlip: 'p' has no value"},
      {"AugFlip p=  # none", "1:19: AugFlip: 'p' has no value"},
      {"AugFlip =1", "1:9: AugFlip: '=1' stands where a parameter is expected"},
      {"AugFlip p=0.5,1", "1:11: AugFlip: p: '0.5,1' is not a number"},
      {"AugFlip p=nan", "1:11: AugFlip: p: 'nan' is not a number"},
      {"AugFlip p=inf", "1:11: AugFlip: p: 'inf' is not a number"},
      {"AugFlip p=\"1\"", "1:11: AugFlip: p=\"1\" is a string; expected a number"},
      {"AugRotate angle=3", "1:17: AugRotate: angle=3 is a number; expected a range, [min, max]"},
      {"AugRotate angle=[0 1]", "1:20: AugRotate: angle: '1]' stands where ',' or ']' is expected"},
      {"AugRotate angle=[0,,1]", "1:20: AugRotate: angle: a number is missing"},
      {"AugRotate angle=[0,1,]", "1:23: AugRotate: angle: a number is missing in front of ']'"},
      {"AugRotate angle=[0,1)", "1:21: AugRotate: angle: ')' stands where ',' or ']' is expected"},
      {"AugRotate angle=[0,1] scale=0", "1:29: AugRotate: scale=0: 0 is not above 0"},
      {"AugRotate angle=[0,1] center=(1,2,3)",
       "1:30: AugRotate: center=(1,2,3) has 3 numbers; expected a vector of two numbers, (x, y)"},
      {"AugResizeDim dims=(1.5,2)", "1:20: AugResizeDim: dims: '1.5' is not a whole number"},
      {"AugResizeDim dims=(1e9,2)", "1:19: AugResizeDim: dims=(1e9,2): 1000000000 is not between 1 and 65536"},
      {"AugNormalize mean=() std=1", "1:19: AugNormalize: mean=(): there is no number"},
      {"AugNormalize mean=1 std=(1,0)", "1:25: AugNormalize: std=(1,0): 0 is not above 0"},
      {"AugRandomCrop size=(8,8) border_type=\"mirror\"",
       "1:38: AugRandomCrop: border_type=\"mirror\" is unknown; expected \"constant\", \"replicate\", \"reflect\", "
       "\"wrap\" or \"reflect_101\"; the nearest name is 'wrap'"},
      {"AugScaleFromTo old_min=1 old_max=1 new_min=0 new_max=1",
       "1:1: AugScaleFromTo: old_min=1 is not below old_max=1"},
      {"AugGaussianBlur sigma=[0,2000]", "1:23: AugGaussianBlur: sigma=[0,2000]: 2000 is above 1000"},
      {"AugCLAHE clip_limit=[2,2] tiles=(300,8)",
       "1:33: AugCLAHE: tiles=(300,8): 300 is not between 1 and 256"},
      {"AugCLAHE clip_limit=[2,2] tiles=(8,0)", "1:33: AugCLAHE: tiles=(8,0): 0 is not between 1 and 256"},
      {"AugFlip\rAugMirror", "1:8: the byte 0x0d is no text"},
      {"AugFl\xc3\xafp", "1:1: there is no augmentation 'AugFl'; the nearest name is 'AugFlip'"},
  };
  for (const auto& pair : texts) {
    CAPTURE(pair.first);
    CHECK(error_of(pair.first) == "r.aug:" + pair.second);
  }
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "SequentialAugmentationContainer\n";
  CHECK(error_of(deep) == "r.aug:102:1: containers are nested more than 100 deep");
}

TEST_CASE("language: comments, line ends, blanks, order and number forms are free") {
  const std::string expected =
      "SequentialAugmentationContainer\n"
      "  AugRotate angle=[-10, 0.5] scale=2 interp=\"cubic\"\n"
      "  OneOfAugmentationContainer p=0.5\n"
      "    AugRandomCrop size=(8,9) border_type=\"reflect_101\"\n"
      "  end\n"
      "end\n";
  CHECK(printed("\xef\xbb\xbf"
                "# a recipe, f\xc3\xbc"
                "r alle\r\n\r\n"
                "SequentialAugmentationContainer # all of them\r\n"
                "\t\tAugRotate interp = \"cubic\"  angle =[ -1e1 , .5 ]scale=2.0 \t \r\n"
                "OneOfAugmentationContainer p = 5e-1\r\n"
                "# between\r\n"
                "      AugRandomCrop border_type=\"reflect101\" size=( 8.0,9 )#close\r\n"
                "  end   \r\n"
                " end # of it\r\n"
                "\r\n# and behind\r\n") == expected);
  CHECK(printed("AugFlip") == "AugFlip p=0.5\n");
  CHECK(printed("AugFlip p=1e-60") == "AugFlip p=0\n");
}

TEST_CASE("language: every augmentation with all its parameters") {
  std::set<std::string_view> met{"SequentialAugmentationContainer", "OneOfAugmentationContainer"};
  std::string whole = "OneOfAugmentationContainer p=1\n";
  for (const std::string& line : augmentation_lines()) {
    CAPTURE(line);
    CHECK(printed(line) == line + "\n");
    met.insert(std::string_view(line).substr(0, line.find(' ')));
    whole += "  " + line + "\n";
    for (const bool fuse : {true, false}) {  // and it runs
      const auto x = smooth_picture(24, 31), m = ellipse_mask(24, 31);
      CHECK_NOTHROW(parse_recipe(line, "r.aug", fuse).apply({.seed = 3}, x.view(), m.view()));
    }
  }
  CHECK(printed(whole + "end\n") == whole + "end\n");
  const auto names = augment::known_augmentations::names();
  CHECK(met == std::set<std::string_view>(names.begin(), names.end()));
}

TEST_CASE("language: parameters of the C++ form are checked alike") {
  using namespace augment;
  check_error(
      [] {
        augmentation(rotate{{180, -180}});
      },
      "AugRotate: angle=[180, -180]: the minimum, 180, is above the maximum, -180");
  check_error([] { augmentation(augment::flip{2}); }, "AugFlip: p=2: 2 is not between 0 and 1");
  check_error([] { augmentation(one_of{.p = .5f}); }, "OneOfAugmentationContainer has no child to choose");
  check_error([] { augmentation(resize_dim{{0, 512}}); }, "AugResizeDim: dims=(0,512): 0 is not between 1 and 65536");
  check_error(
      [] {
        augmentation(augment::clahe{{2, 2}, {8, 257}});
      },
      "AugCLAHE: tiles=(8,257): 257 is not between 1 and 256");
  check_error([] { augmentation(augment::normalize{{}, {1}}); }, "AugNormalize: mean=(): there is no number");
  check_error(
      [] {
        augmentation(brightness{{0, std::numeric_limits<float>::quiet_NaN()}});
      },
      "AugBrightness: beta=[0, nan]: nan is no finite number");
}

TEST_CASE("language: files are read by name") {
  const temporary_folder folder;
  const auto path = folder.path() / "mine.aug";
  std::ofstream(path) << "AugFlip\nAugRot angle=[0,1]\n";
  check_error([&] { augment::read_recipe(path); },
              path.string() + ":2:1: 'AugRot' stands behind the end of the recipe");
  check_error([&] { augment::read_recipe(folder.path() / "none.aug"); }, (folder.path() / "none.aug").string());
}

TEST_CASE("language: the nearest name") {
  CHECK(augment::edit_distance("angel", "angle") == 1);
  CHECK(augment::edit_distance("", "abc") == 3);
  CHECK(augment::edit_distance("kitten", "sitting") == 3);
  CHECK(augment::edit_distance("ABC", "abc") == 0);
  CHECK(augment::nearest_name("Blur", augment::known_augmentations::names(), "Aug") == "AugFlip");
  CHECK(augment::nearest_name("AugGausianBlur", augment::known_augmentations::names(), "Aug") == "AugGaussianBlur");
}
