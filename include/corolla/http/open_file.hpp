// SPDX-License-Identifier: Apache-2.0
/// \file
/// OpenFile: an open file and what the system said about it; FileBody: the parts of one that make a response's body.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/memory.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

/// Owns a descriptor. A value that moves; not thread safe.
class COROLLA_API OpenFile {
 public:
  enum class Kind : std::uint8_t { kNone, kRegular, kDirectory, kOther };

  OpenFile() noexcept = default;
  /// Takes the descriptor over and asks for its status. OSError; the descriptor is closed then.
  explicit OpenFile(int descriptor);
  /// Opens a file to read it. OSError. `path` is trusted: what clients send goes through StaticFiles.
  [[nodiscard]] static OpenFile open(const std::string& path);
  OpenFile(OpenFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        kind_(std::exchange(other.kind_, Kind::kNone)),
        size_(other.size_),
        mtime_ns_(other.mtime_ns_) {}
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile() { close(); }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// Bytes, when it was opened.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Nanoseconds since 1970 of its last modification, when it was opened.
  [[nodiscard]] std::int64_t mtime_ns() const noexcept { return mtime_ns_; }

 private:
  void close() noexcept;

  int descriptor_ = -1;
  Kind kind_ = Kind::kNone;
  std::uint64_t size_ = 0;
  std::int64_t mtime_ns_ = 0;
};

/// Bytes of a file, with text before them.
struct FilePart {
  std::string head;
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

/// A body that comes from a file: one run of its bytes, or several parts with text between them (multipart/byteranges).
struct FileBody : FromBlockCache {
  FileBody(OpenFile open_file, std::uint64_t first, std::uint64_t bytes) noexcept
      : file(std::move(open_file)), offset(first), count(bytes) {}
  /// What Content-Length says.
  [[nodiscard]] std::uint64_t size() const noexcept {
    if (parts.empty()) return count;
    std::uint64_t sum = tail.size();
    for (const FilePart& part : parts) sum += part.head.size() + part.count;
    return sum;
  }

  OpenFile file;
  std::uint64_t offset;
  std::uint64_t count;
  /// Unless empty these are sent, each with its head, and then the tail.
  std::vector<FilePart> parts;
  std::string tail;
};

}  // namespace corolla::inline v0::http
