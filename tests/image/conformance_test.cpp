// SPDX-License-Identifier: Apache-2.0
// Every file of the conformance folder: decoded to the golden pixels, or refused in one line that says why.
#include <lamina/formats/sha256.hpp>
#include <lamina/image/read.hpp>

#include "../support/paths.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

using namespace lamina;
using namespace lamina::testing;

namespace {

struct golden_picture {
  shape extents;
  std::string digest;  // the first 16 hex digits
};

std::map<std::string, golden_picture> golden_pictures() {
  std::ifstream table(repository_folder() / "tests" / "golden" / "conformance.txt");
  std::map<std::string, golden_picture> pictures;
  std::string file;
  golden_picture picture;
  while (table >> file >> picture.extents.h >> picture.extents.w >> picture.extents.c >> picture.digest)
    pictures[file] = picture;
  return pictures;
}

std::string digest_of(const tensor<std::uint8_t>& x) {
  return sha256_hex(std::as_bytes(std::span(x.data(), static_cast<std::size_t>(x.size())))).substr(0, 16);
}

int largest_difference(const tensor<std::uint8_t>& a, const tensor<std::uint8_t>& b) {
  REQUIRE(a.extents() == b.extents());
  int largest = 0;
  for (index_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("conformance: every picture is decoded or refused by name and reason") {
  const auto data = shared_data();
  if (!data || !std::filesystem::is_directory(*data / "conformance")) {
    MESSAGE("skipped: no conformance folder in LAMINA_SHARED_DATA or ../shared/data");
    return;
  }
  const std::filesystem::path folder = *data / "conformance";
  const auto golden = golden_pictures();
  REQUIRE(golden.size() > 150);
  int decoded = 0, refused = 0, no_picture = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = entry.path().lexically_relative(folder).generic_string();
    CAPTURE(file);
    const bool picture = entry.path().extension() != ".txt" && entry.path().extension() != ".LICENSE" &&
                         entry.path().extension() != ".README";
    const auto expected = golden.find(file);
    try {
      const auto x = read_image(entry.path());
      const image_info info = probe_image(entry.path());
      CHECK(x.extents() == shape{1, info.height, info.width, info.channels});
      REQUIRE(expected != golden.end());
      CHECK(x.extents() == expected->second.extents);
      CHECK(digest_of(x) == expected->second.digest);  // libjpeg-turbo's accurate decoding has the same bits everywhere
      ++decoded;
    } catch (const file_error& e) {
      const std::string line = e.what();
      CHECK(expected == golden.end());
      CHECK(line.rfind(entry.path().string() + ": ", 0) == 0);
      CHECK(line.find('\n') == std::string::npos);
      ++(picture ? refused : no_picture);
      if (picture) MESSAGE("refused: ", file, line.substr(entry.path().string().size()));
    }
  }
  CHECK(decoded == static_cast<int>(golden.size()));
  CHECK(refused == 15);  // 14 damaged PNGs and the 12-bit JPEG
  MESSAGE("conformance: ", decoded, " pictures decoded, ", refused, " refused, ", no_picture, " other files refused");
}

TEST_CASE("conformance: channels, reduced size and 16 bits of the pictures") {
  const auto data = shared_data();
  if (!data || !std::filesystem::is_directory(*data / "conformance")) {
    MESSAGE("skipped: no conformance folder in LAMINA_SHARED_DATA or ../shared/data");
    return;
  }
  const std::filesystem::path folder = *data / "conformance" / "libjpeg-turbo";
  const auto colour = read_image(folder / "testorig.jpg");
  CHECK(largest_difference(colour, read_image(folder / "testorig.ppm")) <= 3);  // what it was compressed from
  CHECK(read_image(folder / "testorig.jpg", {.channels = 1}).extents() == shape{1, 149, 227, 1});
  const auto small = read_image(folder / "testorig.jpg", {.channels = 3, .min_height = 60, .min_width = 60});
  CHECK(small.extents() == shape{1, 75, 114, 3});
  // 16 bits keep what 8 bits round away.
  const auto wide = read_image16(folder / "monkey16.png");
  const auto narrow = read_image(folder / "monkey16.png");
  REQUIRE(wide.extents() == narrow.extents());
  bool rounded = true;
  for (index_t i = 0; i < wide.size(); ++i) rounded &= narrow[i] == (wide[i] * 255 * 2 + 65535) / (65535 * 2);
  CHECK(rounded);
}
