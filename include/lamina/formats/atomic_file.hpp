// lamina::formats · SPDX-License-Identifier: Apache-2.0
// formats: bytes in files and what they mean. Whole files only: read within a limit, or replaced in one step, so that a
// reader never meets half a file. All POSIX calls of the library stay here.
#pragma once

#include <lamina/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace lamina {

using byte_span = std::span<const std::byte>;

inline byte_span bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// The whole of a regular file. Throws `file_error` when it is missing, no file, longer than `limit` bytes or
/// unreadable.
inline std::vector<std::byte> read_file(const std::filesystem::path& path, std::uintmax_t limit) {
  std::error_code problem;
  const auto status = std::filesystem::status(path, problem);
  if (status.type() == std::filesystem::file_type::not_found) throw file_error(path.string(), "no such file");
  if (problem) throw file_error(path.string(), problem.message());
  if (!std::filesystem::is_regular_file(status)) throw file_error(path.string(), "is not a regular file");
  const std::uintmax_t size = std::filesystem::file_size(path, problem);
  if (problem) throw file_error(path.string(), problem.message());
  if (size > limit) throw file_error(path.string(), to_text(size, " bytes exceed the limit of ", limit));
  std::ifstream in(path, std::ios::binary);
  if (!in) throw file_error(path.string(), "can't be opened: " + std::generic_category().message(errno));
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (in.gcount() != static_cast<std::streamsize>(size))
    throw file_error(path.string(), to_text("only ", in.gcount(), " of ", size, " bytes could be read"));
  return bytes;
}

namespace detail {

/// An open file descriptor. Every failure throws `file_error` with the system's reason.
class posix_file {
 public:
  posix_file(std::string path, int flags) : path_(std::move(path)), descriptor_(::open(path_.c_str(), flags, 0666)) {
    if (descriptor_ < 0) fail("open");
  }
  posix_file(const posix_file&) = delete;
  posix_file& operator=(const posix_file&) = delete;
  ~posix_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  void write(byte_span bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail("write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void sync() {
    if (::fsync(descriptor_) != 0) fail("fsync");
  }
  /// Some file systems report a full disk only here.
  void close() {
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0) fail("close");
  }

 private:
  [[noreturn]] void fail(const char* action) const {
    throw file_error(path_, to_text(action, " failed: ", std::generic_category().message(errno)));
  }

  std::string path_;
  int descriptor_;
};

}  // namespace detail

/// What a file that was written must survive: a power cut too, which takes a wait for the disk, or the end of the
/// program only, for what could be made again.
enum class durability { power_cut, program_end };

/// Replaces the file at `path` by the parts, one behind another, in one step: written to `path` + ".partial", flushed
/// to the disk if it must survive a power cut, renamed. Whatever fails, a full disk included, the old file stays as it
/// was and nothing half written is left. Throws `file_error` with the path and the system's reason.
inline void write_file_atomically(const std::filesystem::path& path, std::span<const byte_span> parts,
                                  durability survives = durability::power_cut) {
  std::filesystem::path partial = path;
  partial += ".partial";
  std::error_code problem;
  try {
    detail::posix_file file(partial.string(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    for (const byte_span part : parts) file.write(part);
    if (survives == durability::power_cut) file.sync();
    file.close();
    std::filesystem::rename(partial, path, problem);
    if (problem) throw file_error(path.string(), "rename failed: " + problem.message());
  } catch (...) {
    std::filesystem::remove(partial, problem);
    throw;
  }
  if (survives != durability::power_cut) return;
  // The new name survives a power cut once the folder is flushed too; the file itself is complete already, so a file
  // system that can't flush folders is no failure.
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  try {
    detail::posix_file(folder.string(), O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
  } catch (const file_error&) {
  }
}
inline void write_file_atomically(const std::filesystem::path& path, byte_span bytes,
                                  durability survives = durability::power_cut) {
  write_file_atomically(path, std::span(&bytes, 1), survives);
}
inline void write_file_atomically(const std::filesystem::path& path, std::string_view text,
                                  durability survives = durability::power_cut) {
  write_file_atomically(path, bytes_of(text), survives);
}

}  // namespace lamina
