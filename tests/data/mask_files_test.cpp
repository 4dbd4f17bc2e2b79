// SPDX-License-Identifier: Apache-2.0
#include <lamina/data/mask_files.hpp>
#include <lamina/image/write.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

#include <fstream>
#include <limits>
#include <vector>

using namespace lamina;
using namespace lamina::testing;

namespace {

/// A row of values, one image high.
template <class T>
tensor<T> row_of(std::initializer_list<double> values) {
  tensor<T> x({1, 1, static_cast<index_t>(values.size()), 1});
  std::transform(values.begin(), values.end(), x.begin(), [](double v) { return static_cast<T>(v); });
  return x;
}

template <class T>
std::vector<double> read_back(const std::filesystem::path& file, tensor<T> (*read)(const std::filesystem::path&)) {
  const tensor<T> x = read(file);
  return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE("mask files: masks, probabilities and labels in images") {
  const temporary_folder folder;
  const auto file = folder.path() / "a.png";
  using values = std::vector<double>;
  write_png(file, as_const(row_of<std::uint8_t>({0, 127, 128, 255}).view()));
  CHECK(read_back(file, read_mask) == values{0, 0, 255, 255});
  CHECK(read_back(file, read_probability) == values{0, 127.0f / 255, 128.0f / 255, 1});
  write_png(file, as_const(row_of<std::uint8_t>({0, 1, 1, 0}).view()));
  CHECK(read_back(file, read_mask) == values{0, 255, 255, 0});
  CHECK(read_back(file, read_probability) == values{0, 1, 1, 0});
  write_png(file, as_const(row_of<std::uint8_t>({0, 0}).view()));
  CHECK(read_back(file, read_mask) == values{0, 0});
  CHECK(read_back(file, read_probability) == values{0, 0});
  std::ofstream(folder.path() / "b.pgm") << "P2 3 1 65535 0 13107 65535";
  CHECK(read_back(folder.path() / "b.pgm", read_probability) == values{0, 0.2f, 1});
}

TEST_CASE("mask files: probabilities in arrays") {
  const temporary_folder folder;
  const auto file = folder.path() / "a.npy";
  using values = std::vector<double>;
  tensor<float> x({1, 2, 3, 1});
  for (index_t i = 0; i < 6; ++i) x[i] = static_cast<float>(i) / 8;
  write_npy<float>(file, x.view());
  CHECK(read_probability(file).extents() == shape{1, 2, 3, 1});
  check_close(read_probability(file), x, 0);
  write_npy<float>(file, view<float>(x.data(), {1, 1, 2, 3}));  // as NumPy's two extents are read
  CHECK(read_probability(file).extents() == shape{1, 2, 3, 1});
  check_close(read_probability(file), x, 0);
  write_npy<std::uint8_t>(file, row_of<std::uint8_t>({0, 255, 255}).view());
  CHECK(read_back(file, read_probability) == values{0, 1, 1});

  write_npy<float>(file, row_of<float>({0.5, -1.25}).view());
  check_error([&] { read_probability(file); }, "a.npy: holds -1.25; expected probabilities of [0, 1], or 0 and 255");
  write_npy<float>(file, row_of<float>({0.5, std::numeric_limits<double>::quiet_NaN()}).view());
  check_error([&] { read_probability(file); }, "a.npy: holds nan");
  write_npy<float>(file, view<float>(x.data(), {2, 1, 3, 1}));
  check_error([&] { read_probability(file); }, "a.npy: extents [2,1,3,1]; expected one map of H × W");
  write_npy<float>(file, view<float>(x.data(), {1, 3, 1, 2}));
  check_error([&] { read_probability(file); }, "a.npy: extents [1,3,1,2]; expected one map of H × W");
}

TEST_CASE("mask files: which file of a folder is whose prediction") {
  const temporary_folder folder;
  const auto make = [&](const std::string& name) { std::ofstream(folder.path() / name) << name; };
  check_error([&] { predictions_by_name(folder.path()); }, "no masks or probabilities (.png, .npy) in this folder");
  check_error([&] { predictions_by_name(folder.path() / "absent"); }, "absent: No such file");
  for (const char* name : {"a.png", "a.jpg", "a_mask.png", "a_overlay.png", "b_segmentation.png", "c_probability.png",
                           "c_mask.png", "d_probability.npy", "d_probability.png", "e.npy", "e.png", "notes.txt",
                           ".hidden.png", "f_superpixels.png", "g.JPG", "a_network_mask.png", "h_network_mask.png"})
    make(name);
  std::string found;
  for (const auto& [name, file] : predictions_by_name(folder.path()))
    found += name + ':' + file.filename().string() + ' ';
  CHECK(found == "a:a_mask.png b:b_segmentation.png c:c_probability.png d:d_probability.npy e:e.npy "
        "h_network:h_network_mask.png ");
  make("b_mask.png");
  check_error([&] { predictions_by_name(folder.path()); },
              "b_segmentation.png: has the same name as b_mask.png beside it");
}
