// SPDX-License-Identifier: Apache-2.0
#include <lamina/formats/npy.hpp>

#include "../support/paths.hpp"
#include "../support/tensors.hpp"

using namespace lamina;
using namespace lamina::testing;

namespace {

std::string file_text(std::string header, std::size_t data, char version = 1) {
  std::string text{'\x93',
                   'N',
                   'U',
                   'M',
                   'P',
                   'Y',
                   version,
                   0,
                   static_cast<char>(header.size() & 255),
                   static_cast<char>(header.size() >> 8)};
  if (version > 1) text.append(2, '\0');
  return text + header + std::string(data, '\1');
}

}  // namespace

TEST_CASE("npy: what is written is read") {
  temporary_folder folder;
  const auto path = folder.path() / "a.npy";
  const auto x = random_tensor<float>({2, 3, 4, 5}, 1);
  write_npy(path, x.view());
  CHECK(same_bits<float>(read_npy<float>(path), x));
  CHECK(read_npy<double>(path)[7] == static_cast<double>(x[7]));
  const std::string text = [&] {
    const auto bytes = read_file(path, 10000);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }();
  CHECK((text.size() - static_cast<std::size_t>(x.size()) * sizeof(float)) % 64 == 0);
  CHECK(text.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4, 5), }") == 10);
}

TEST_CASE("npy: NumPy's files") {
  const auto golden_folder = repository_folder() / "tests" / "golden";
  const auto matrix = read_npy<float>(golden_folder / "matrix.npy");
  CHECK(matrix.extents() == shape{1, 1, 2, 3});
  CHECK(matrix(0, 0, 1, 2) == 5);
  CHECK(read_npy<float>(golden_folder / "bytes.npy").extents() == shape{1, 1, 1, 4});
  CHECK(read_npy<int>(golden_folder / "bytes.npy")[3] == 255);
  CHECK(read_npy<double>(golden_folder / "scalar.npy")[0] == 0.1);
}

TEST_CASE("npy: what can't be believed is refused in one line") {
  temporary_folder folder;
  const auto path = folder.path() / "a.npy";
  const auto refused = [&](const std::string& text, const std::string& expected) {
    write_file_atomically(path, text);
    check_error([&] { read_npy<float>(path); }, path.string() + ": npy: " + expected);
  };
  const auto header = [](const char* descr, const char* order, const char* extents) {
    return to_text("{'descr': '", descr, "', 'fortran_order': ", order, ", 'shape': (", extents, "), }\n");
  };
  write_file_atomically(path, file_text(header("<f4", "False", "2, 1") + std::string(150, ' '), 8, 2));
  CHECK(read_npy<float>(path).size() == 2);
  refused("", "does not begin with NumPy's signature");
  refused("PNG", "does not begin with NumPy's signature");
  refused(file_text(header("<f4", "False", "2,"), 8, 9), "version 9 is unknown");
  refused(file_text(header("<f4", "False", "2,"), 8).substr(0, 30),
          "a header of 58 bytes does not fit the file's 30 bytes");
  refused(file_text("", 8), "the header has '' where {'descr':' is expected");
  refused(file_text("\n", 8), "the header has '' where {'descr':' is expected");
  refused(file_text("{'shape': (2,)}", 8), "the header has '{'shape':(2,)}' where {'descr':' is expected");
  refused(file_text(header("<f4", "True", "2,"), 8), "columns come first");
  refused(file_text(header(">f4", "False", "2,"), 8), "type '>f4' can't be read");
  refused(file_text(header("<f4", "False", "-2,"), 8), "the header has '-2,),}' where an extent is expected");
  refused(file_text(header("<f4", "False", "2;3"), 8), "the header has ';3),}' where ',' or ')' is expected");
  refused(file_text(header("<f4", "False", "99999999999999999999,"), 8), "the header has");
  refused(file_text(header("<f4", "False", "4611686018427387904, 4"), 0), "its extents overflow");
  refused(file_text(header("<f4", "False", "3,"), 8), "its shape asks for 12 bytes, 8 follow");
  refused(file_text(header("<f4", "False", "1,1,1,1,2"), 8), "5 extents, at most 4 fit");
}
