// SPDX-License-Identifier: Apache-2.0
/// \file
/// read(2) and write(2) on pipes, terminals and other descriptors that are no files of their own.
///
/// io_uring's own read and write would raise SIGPIPE, or keep a thread in the kernel for a terminal. So under both
/// backends the call is made here, without blocking, once the descriptor is ready.
#pragma once

#include "backend/nonblocking.hpp"
#include "backend/operation.hpp"

#include <cstddef>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// Reading into memory of the library. Result: bytes read, 0 at the end.
class COROLLA_API ReadOperation : public Operation {
 public:
  int attempt() noexcept final;
  void prepare(io_uring_sqe& entry) noexcept final;
  int completed(int result) noexcept final { return result < 0 ? result : attempt(); }

 protected:
  ReadOperation(int descriptor, Nonblocking& flag) noexcept : Operation(descriptor, Direction::kRead), flag_(flag) {}
  ~ReadOperation() = default;

  struct Room {
    char* data;  ///< null: out of memory
    std::size_t size;
  };
  /// Where to put what comes; it stays valid until finished().
  virtual Room room() noexcept = 0;
  /// What room() gave is not needed after all: nothing was there.
  virtual void room_unused() noexcept = 0;

 private:
  Nonblocking& flag_;
};

/// Writing memory of the library. Result: bytes written. Raises no SIGPIPE.
class COROLLA_API WriteOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool tries_first() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;
  int completed(int result) noexcept final { return result < 0 ? result : attempt(); }

  /// Writes many pieces with one call, now: bytes written, or -errno.
  int write_now(const std::string_view* pieces, std::size_t count) noexcept;

 protected:
  WriteOperation(int descriptor, Nonblocking& flag) noexcept : Operation(descriptor, Direction::kWrite), flag_(flag) {}
  ~WriteOperation() = default;

  [[nodiscard]] virtual std::string_view bytes() const noexcept = 0;

 private:
  Nonblocking& flag_;
};

/// Waits on the writing end until nobody is left to read. Result: the poll(2) bits that say so.
class COROLLA_API HangUpOperation : public Operation {
 public:
  int attempt() noexcept final;
  void prepare(io_uring_sqe& entry) noexcept final;

 protected:
  explicit HangUpOperation(int descriptor) noexcept : Operation(descriptor, Direction::kRead) {}
  ~HangUpOperation() = default;
};

}  // namespace v0
}  // namespace corolla
