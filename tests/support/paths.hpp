// SPDX-License-Identifier: Apache-2.0
// Where tests find the files they compare with, and where they may write.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <string>

namespace lamina::testing {

/// The repository, from where the tests' own sources lie; where the compiler was told a relative path, the folder
/// above the current one that holds golden files.
inline std::filesystem::path repository_folder() {
  const std::filesystem::path here = __FILE__;
  if (here.is_absolute()) return here.lexically_normal().parent_path().parent_path().parent_path();
  std::filesystem::path folder = std::filesystem::current_path();
  while (!std::filesystem::is_directory(folder / "tests" / "golden") && folder.has_relative_path())
    folder = folder.parent_path();
  return folder;
}

/// The folder of real images: LAMINA_SHARED_DATA in the environment, or ../shared/data beside the repository. Nothing
/// when it is absent; the test then says that it skips.
inline std::optional<std::filesystem::path> shared_data() {
  const char* named = std::getenv("LAMINA_SHARED_DATA");
  std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named) : repository_folder().parent_path() / "shared" / "data";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

/// A folder of its own under the system's temporary one, removed with all it holds at the end of the scope.
class temporary_folder {
 public:
  temporary_folder() {
    std::random_device device;
    do {
      path_ = std::filesystem::temp_directory_path() / ("lamina_test_" + std::to_string(device()));
    } while (!std::filesystem::create_directory(path_));
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lamina::testing
