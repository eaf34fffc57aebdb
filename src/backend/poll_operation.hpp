// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting until a descriptor is readable or writable, for those who do the reading and writing themselves.
#pragma once

#include "backend/operation.hpp"

namespace corolla {
inline namespace v0 {

/// Result: the poll(2) bits that are set; level triggered. -EPERM for a descriptor that epoll cannot wait for.
class COROLLA_API PollOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool only_polls() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;

 protected:
  PollOperation(int descriptor, Direction direction) noexcept : Operation(descriptor, direction) {}
  ~PollOperation() = default;
};

}  // namespace v0
}  // namespace corolla
