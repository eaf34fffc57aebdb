// SPDX-License-Identifier: Apache-2.0
/// \file
/// File and open_file: regular files without blocking the loop.
///
///     File file = co_await open_file("log.txt", "a");
///     co_await file.write("a line\n");
///     co_await file.fsync();
///
/// asyncio has none; the names are those of Python's io and os. With io_uring reading, writing and fsync are the kernel's
/// affair, otherwise and for the rest a thread of the default executor makes the call. Each job owns the memory it uses and
/// a share of the descriptor. So cancelling ends the waiting alone, at once: what was asked for happens all the same, or
/// does not happen if it had not begun. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace corolla {
inline namespace v0 {

class OwnedDescriptor;

/// What stat(2) says of a file.
struct FileStatus {
  std::uint64_t size = 0;
  std::uint32_t mode = 0;  ///< type and permissions, st_mode
  std::chrono::system_clock::time_point modified;
};

/// An open file; see the file's comment. Movable. Its functions throw OSError (ENOSPC, EIO …) and, once it is closed,
/// ValueError. One read() or write() at a time, since they share the position; any number of the others.
class COROLLA_API File {
 public:
  /// What read(-1) returns at most.
  static constexpr std::size_t kReadAllLimit = std::size_t{1} << 30;

  /// Takes `descriptor` over; for open_file.
  explicit File(int descriptor);
  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;
  /// Closes it when the last job has ended; an error of that stays unknown, see close().
  ~File() = default;

  /// Up to `n` bytes from the position on, none at the end of the file; n < 0: all that is left, at most kReadAllLimit
  /// (LimitOverrunError).
  [[nodiscard]] Coro<std::string> read(std::ptrdiff_t n = -1);
  /// All of `bytes` at the position, or behind the end for mode "a". On an error an unknown part was written.
  [[nodiscard]] Coro<void> write(std::string bytes);
  /// As read and write at `offset`; the position stays.
  [[nodiscard]] Coro<std::string> pread(std::size_t n, std::uint64_t offset);
  [[nodiscard]] Coro<void> pwrite(std::string bytes, std::uint64_t offset);
  /// Where the next read() or write() begins; mode "a" starts at 0 and writes behind the end all the same.
  [[nodiscard]] std::uint64_t tell() const noexcept { return position_; }
  void seek(std::uint64_t position) noexcept { position_ = position; }

  [[nodiscard]] Coro<FileStatus> stat();
  /// Makes it `size` bytes long.
  [[nodiscard]] Coro<void> truncate(std::uint64_t size);
  /// Waits until everything written is on the disk.
  [[nodiscard]] Coro<void> fsync();
  /// Closes it, and throws what closing failed with. Idempotent.
  [[nodiscard]] Coro<void> close();
  /// For ByteStream::sendfile and options; -1 when it is closed.
  [[nodiscard]] int descriptor() const noexcept;

 private:
  std::shared_ptr<OwnedDescriptor> file_;
  std::uint64_t position_ = 0;
};

/// Opens a file; `mode` is "r", "w" (empties it), "a" (appends) or "x" (must be new), with "+" to read and write. ValueError
/// for another mode; OSError. New files get 0666 less the umask. Children do not inherit it.
[[nodiscard]] COROLLA_API Coro<File> open_file(std::string path, std::string mode = "r");

}  // namespace v0
}  // namespace corolla
