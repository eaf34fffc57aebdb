// SPDX-License-Identifier: Apache-2.0
/// \file
/// Receiving from a connected socket into memory of the library.
#pragma once

#include "backend/operation.hpp"

#include <cstddef>

namespace corolla {
inline namespace v0 {

/// Result: bytes received, 0 at the end of the stream; kBrought when they were handed to take().
class COROLLA_API ReceiveOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool never_blocks() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;
  bool brought(int result, char* block) noexcept final;
  int completed(int result) noexcept final;

 protected:
  explicit ReceiveOperation(int descriptor) noexcept : Operation(descriptor, Direction::kRead) {}
  ~ReceiveOperation() = default;

  struct Room {
    char* data;  ///< null: out of memory
    std::size_t size;
    /// A receive that gives less than there is room for left nothing behind. So it is with TCP; descriptors passed over a
    /// Unix socket cut one short.
    bool short_means_empty;
  };
  /// epoll: where to put what comes; asked right before the kernel is. It stays valid until finished().
  virtual Room room() noexcept = 0;
  /// What room() gave is not needed yet after all: nothing was there.
  virtual void room_unused() noexcept = 0;
  /// io_uring: `size` bytes stand in a block of receive_blocks.hpp, which is the operation's from now on.
  virtual void take(char* block, std::size_t size) noexcept = 0;
};

}  // namespace v0
}  // namespace corolla
