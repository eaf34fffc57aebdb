// SPDX-License-Identifier: Apache-2.0
/// \file
/// A file of one JSON object a line that a crash neither shortens nor doubles.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// An append-only file whose valid length is kept elsewhere: in the store, in the transaction that acknowledges the
/// pages whose lines it holds (see Store::commit).
///
/// Lines are written before that transaction commits. A crash in between leaves lines that nobody counted: opening the
/// file again cuts them off, and their pages, still pending, are fetched again. So each line is there exactly once.
/// A pipe or a terminal cannot be cut: there, lines of pages in flight at a crash may come twice.
///
/// One thread at a time. Failures are OSError naming the path.
class COROLLA_API JsonlFile {
 public:
  /// Opens for appending after the first `committed` bytes and cuts off the rest. Nothing for `committed` means a file
  /// that no crawl has written yet: it is created, or must be empty. Throws ValueError when the file is shorter than
  /// `committed`, or has content that is somebody else's.
  JsonlFile(std::string path, std::optional<std::uint64_t> committed);
  JsonlFile(JsonlFile&& other) noexcept;
  JsonlFile& operator=(JsonlFile&& other) noexcept;
  JsonlFile(const JsonlFile&) = delete;
  JsonlFile& operator=(const JsonlFile&) = delete;
  ~JsonlFile();

  /// Writes whole lines. When it throws, what arrived is cut off again as far as possible.
  void write(std::string_view lines);
  /// Waits for the disk (fdatasync), so that a power cut does not take lines that the store remembers.
  void sync();
  /// Forgets what was written since the file had `size` bytes.
  void truncate(std::uint64_t size);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Whether it is a regular file, which can be cut.
  [[nodiscard]] bool is_resumable() const noexcept { return regular_; }

 private:
  std::string path_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
  bool regular_ = false;
};

}  // namespace corolla::inline v0::crawl
