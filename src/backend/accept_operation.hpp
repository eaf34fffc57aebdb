// SPDX-License-Identifier: Apache-2.0
/// \file
/// Accepting a connection on a listening socket.
#pragma once

#include "backend/operation.hpp"

namespace corolla {
inline namespace v0 {

/// Result: the new socket's descriptor, as the backend needs it (see Backend::nonblocking_sockets), or kBrought when they
/// were handed to take(). One accepted after the operation was cancelled is closed.
class COROLLA_API AcceptOperation : public Operation {
 public:
  int attempt() noexcept final;
  void prepare(io_uring_sqe& entry) noexcept final;
  bool brought(int result, char* block) noexcept final;
  int completed(int result) noexcept final;
  void lost(int result) noexcept final;

 protected:
  explicit AcceptOperation(int descriptor) noexcept : Operation(descriptor, Direction::kRead) {}
  ~AcceptOperation() = default;

  /// Keeps the descriptor of an accepted socket until finished().
  virtual void take(int accepted) noexcept = 0;
};

}  // namespace v0
}  // namespace corolla
