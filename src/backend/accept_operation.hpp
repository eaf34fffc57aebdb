// SPDX-License-Identifier: Apache-2.0
/// \file
/// Accepting a connection on a listening socket.
#pragma once

#include "backend/operation.hpp"

namespace corolla {
inline namespace v0 {

/// Result: the new socket's descriptor, as the backend needs it (see Backend::nonblocking_sockets). One accepted after
/// the operation was cancelled is closed.
class COROLLA_API AcceptOperation : public Operation {
 public:
  int attempt() noexcept final;
  void prepare(io_uring_sqe& entry) noexcept final;
  void lost(int result) noexcept final;

 protected:
  explicit AcceptOperation(int descriptor) noexcept : Operation(descriptor, Direction::kRead) {}
  ~AcceptOperation() = default;
};

}  // namespace v0
}  // namespace corolla
