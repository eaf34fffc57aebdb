// SPDX-License-Identifier: Apache-2.0
/// \file
/// Connecting a socket to an address.
#pragma once

#include "backend/operation.hpp"

#include <cstddef>

namespace corolla {
inline namespace v0 {

/// Result: 0.
class COROLLA_API ConnectOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool tries_first() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;

 protected:
  explicit ConnectOperation(int descriptor) noexcept : Operation(descriptor, Direction::kWrite) {}
  ~ConnectOperation() = default;

  /// A struct sockaddr that lives in the owner.
  struct Address {
    const void* data;
    std::size_t size;
  };
  [[nodiscard]] virtual Address address() const noexcept = 0;

 private:
  bool begun_ = false;
};

}  // namespace v0
}  // namespace corolla
