// SPDX-License-Identifier: Apache-2.0
/// \file
/// Copying a part of a file to a socket inside the kernel.
#pragma once

#include "backend/operation.hpp"

#include <cstdint>

namespace corolla {
inline namespace v0 {

/// Result: bytes sent, 0 at the end of the file; -EINVAL for a file the kernel cannot copy from. Raises no SIGPIPE.
/// io_uring has no such call: it waits until the socket is writable, and the call is made then.
class COROLLA_API SendfileOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool tries_first() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;
  int completed(int result) noexcept final;

  /// What the next call sends. Precondition: idle.
  void set_range(std::uint64_t offset, std::uint64_t count) noexcept {
    offset_ = offset;
    count_ = count;
  }

  /// The call alone, on a socket that does not block.
  static int send_now(int socket, int file, std::uint64_t offset, std::uint64_t count) noexcept;

 protected:
  SendfileOperation(int socket, int file) noexcept : Operation(socket, Direction::kWrite), file_(file) {}
  ~SendfileOperation() = default;

 private:
  int file_;
  std::uint64_t offset_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace v0
}  // namespace corolla
